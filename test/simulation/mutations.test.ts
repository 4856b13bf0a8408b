/**
 * Breaks the core in each of the named ways, in a process of its own, and sees the simulation fail.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { durableMutations } from './durable-mutations.ts'
import { mutations } from './mutations.ts'

const mutate = fileURLToPath(new URL('../conformance/mutate.ts', import.meta.url))
const simulation = fileURLToPath(new URL('simulation.test.ts', import.meta.url))

const all = [
  ...mutations.map((mutation) => ({ ...mutation, broker: 'memory' })),
  ...durableMutations.map((mutation) => ({ ...mutation, broker: 'durable' })),
]

for (const { name, file, from, to, broker } of all) {
  test(`the simulation notices if ${name}`, async () => {
    const env = {
      PATH: process.env.PATH,
      PABAL_RUNS: '400',
      PABAL_BROKER: broker,
      PABAL_MUTATED_FILE: `src/core/${file}`,
      PABAL_MUTATED_FROM: from,
      PABAL_MUTATED_TO: to,
    }
    const { code, output } = await new Promise<{ code: unknown; output: string }>((resolve) => {
      const args = ['--import', mutate, '--test-reporter=tap', simulation]
      execFile(process.execPath, args, { env, timeout: 60_000 }, (error, out, errors) => {
        resolve({ code: error?.code ?? 0, output: `${out}${errors}` })
      })
    })
    assert.equal(code, 1, output.slice(0, 2000))
    assert.match(output, /PABAL_SEED=\d+ PABAL_BROKER=\w+ repeats this/)
  })
}
