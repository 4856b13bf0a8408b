/**
 * Breaks the broker in each named way, in a process of its own, and sees the tests of the broken statements fail: and not
 * because the machine is slow.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Mutation } from './chapter.ts'
import { idsOf, readChapters } from './chapters.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const mutate = fileURLToPath(new URL('mutate.ts', import.meta.url))

for (const { name, mutations } of await readChapters()) {
  // Four at a time: most of a run is waiting for what a broken broker does not say.
  describe(`${name}:`, { concurrency: 4 }, () => {
    test('its tests pass in the same time if nothing is broken', async () => {
      const [first] = mutations
      if (first === undefined) return
      const breaks = mutations.flatMap((mutation) => mutation.breaks)
      assert.deepEqual(await runBroken(name, { ...first, to: first.from, breaks }), new Set())
    })
    for (const mutation of mutations) {
      test(`it is noticed if ${mutation.name}`, async () => {
        const failed = await runBroken(name, mutation)
        const unnoticed = mutation.breaks.filter((id) => !failed.has(id))
        assert.deepEqual(unnoticed, [], 'statements whose tests still pass')
      })
    }
  })
}

/** The ids of the tests that fail in a broken broker. */
async function runBroken(chapter: string, mutation: Mutation): Promise<Set<string>> {
  const pattern = mutation.breaks.map((id) => `\\[${id.replaceAll('.', '\\.')}\\]`).join('|')
  const file = fileURLToPath(new URL(`${chapter}.test.ts`, import.meta.url))
  const args = ['--import', mutate, '--test-reporter=tap', `--test-name-pattern=${pattern}`, file]
  const env = {
    PATH: process.env.PATH,
    PABAL_MUTATED_FILE: mutation.file,
    PABAL_MUTATED_FROM: mutation.from,
    PABAL_MUTATED_TO: mutation.to,
    TEST_WITHIN_MS: '1500',
  }
  const { exitCode, output, errors } = await run(args, env)
  assert.notEqual(exitCode, 70, errors)
  const failed = [...output.matchAll(/^not ok \d+ - (.*)$/gm)].flatMap((match) => idsOf(match[1] ?? ''))
  assert.ok(failed.length > 0 || output.includes('\n# fail 0'), `the run broke off: ${errors}`)
  return new Set(failed)
}

interface Run {
  exitCode: number
  output: string
  errors: string
}

function run(args: string[], env: NodeJS.ProcessEnv): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root, env, timeout: 60_000 }, (error, output, errors) => {
      resolve({ exitCode: typeof error?.code === 'number' ? error.code : 0, output, errors })
    })
  })
}
