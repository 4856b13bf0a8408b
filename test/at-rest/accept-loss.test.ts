/**
 * `pabal start` where it would discard what is stored: it refuses, unless it is told that the loss is accepted.
 */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { runPabal } from '../cli/tools.ts'
import { logLines } from '../support/log-lines.ts'
import { filled, received, startOn, temporaryDirectory } from './filled.ts'

const directories = temporaryDirectory()
after(() => directories.remove())

const listen = ['--listen', 'tcp://127.0.0.1:0']

async function refusal(directory: string, ...flags: string[]): Promise<string> {
  const { stdout, stderr, code } = await runPabal(['start', ...listen, ...flags], { directory })
  assert.deepEqual([code, stdout], [1, ''])
  return stderr.replaceAll(directories.path, '.')
}

/** Starts, and stops as soon as it runs. */
async function starts(directory: string, ...flags: string[]): Promise<void> {
  const whenPrinted = { text: 'Stop with Ctrl-C.', action: (child: { kill(): boolean }) => child.kill() }
  const { stderr, code } = await runPabal(['start', ...listen, ...flags], { directory, whenPrinted })
  assert.equal(code, 0)
  for (const { level } of logLines(stderr)) assert.match(level, /^(?:info|warn)$/)
}

const memory = ['--durability', 'memory']

test('memory beside stored messages is refused in numbers, for a directory that is named and for the default', async () => {
  const directory = await filled(join(directories.make(), 'data'))
  const expected = `Pabal cannot start.

durability is memory, but ./data-1/data holds 4 messages (32 bytes) for 2 Sessions and 1 Retained Message.
A broker that keeps everything in memory would not deliver them, and Sessions would begin anew. Nothing was changed.
Start with --durability fsync, or with --accept-loss: the directory stays as it is, but nobody is served from it.
`
  assert.equal(await refusal(directories.path, ...memory, '--data', directory), expected)
  assert.equal(await refusal(dirname(directory), ...memory), expected)
  const config = join(directories.path, 'memory.yaml')
  writeFileSync(config, `durability: memory\ndata: ${directory}\n`)
  assert.equal(await refusal(directories.path, '--config', config), expected)
  await starts(directories.path, ...memory, '--data', directory, '--accept-loss')
  assert.deepEqual(await received(directory, 3), ['first', 'secon', 'third'])
})

test('memory beside nothing that anybody waits for starts', async () => {
  const directory = directories.make()
  const broker = await startOn(directory)
  using client = await broker.client(5, { clientIdentifier: 'empty', properties: { sessionExpiryInterval: 100 } })
  await broker.lose(client)
  await broker.broker.stop()
  await starts(directories.path, ...memory, '--data', directory)
  await starts(directories.path, ...memory, '--data', directories.make())
})

test('memory beside data that cannot be read is refused, with what is wrong with it', async () => {
  const directory = directories.make()
  mkdirSync(directory)
  writeFileSync(join(directory, 'pabal.db'), 'a text, and not a short one. '.repeat(200))
  const text = await refusal(directories.path, ...memory, '--data', directory)
  assert.match(text, /holds data of which nobody can tell what it is:\n.*pabal\.db is not a database\./)
})

test('a lowered sessionExpirySecondsMax that ends Sessions with messages at once is refused until it is accepted', async () => {
  const directory = await filled(directories.make())
  const lowered = ['--limit', 'sessionExpirySecondsMax=0', '--data', directory]
  assert.match(
    await refusal(directories.path, ...lowered),
    /sessionExpirySecondsMax is 0: that would end 2 stored Sessions at once, and with that discard 4 messages \(32 bytes\) waiting there/,
  )
  assert.deepEqual(await received(directory, 3), ['first', 'secon', 'third'])
  await starts(directories.path, ...lowered, '--accept-loss')
  assert.deepEqual(await received(directory, 3), [])
})
