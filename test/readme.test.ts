/**
 * The commands of the README do what it shows, in both languages.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { BrokerProcess } from './crash/broker-process.ts'
import { temporaryDirectory } from './support/temporary-directory.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const data = temporaryDirectory()

/** What a shell shows in the README: each command with what it prints. */
function transcript(file: string): { command: string; output: string }[] {
  const block = /```console\n([\s\S]*?)```/.exec(readFileSync(join(root, file), 'utf8'))?.[1] ?? ''
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n')
      return { command: part.slice(0, end), output: part.slice(end + 1) }
    })
}

/** Times pass; columns are as wide as what stands in them. */
function steady(text: string): string {
  return text
    .replace(/\d+ (?:s|min|h|d)\b/g, 'TIME')
    .replace(/ +/g, ' ')
    .replace(/ +$/gm, '')
}

test('who listens, and what became of the message nobody received: the README is right', async () => {
  const steps = transcript('README.md')
  assert.ok(steps.length >= 8)
  // Not to wait for a disk that tests of power cuts and kills keep busy: what is shown is the same.
  const flags = ['--config', join(root, 'examples/orders.yaml'), '--data', data, '--durability', 'interval']
  const broker = new BrokerProcess(flags)
  try {
    const port = await broker.ready()
    for (const { command, output } of steps) {
      const there = command.replace(/^bin\/pabal (\w+)/, `bin/pabal $1 -p ${port}`)
      const { stdout } = spawnSync('sh', ['-c', `{ ${there}; } 2>&1`], { cwd: root, encoding: 'utf8' })
      // With all that was said: a message of its own would stand in the place of the difference.
      const said = `${command}\n--- printed:\n${stdout}--- expected:\n${output}--- the broker:\n${broker.output}`
      assert.ok(steady(stdout) === steady(output), said)
    }
  } finally {
    await broker.end('SIGTERM')
  }
})

test('the Korean README shows the same', () => {
  assert.deepEqual(transcript('README.ko.md'), transcript('README.md'))
})
