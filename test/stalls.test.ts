/**
 * Nothing holds the broker's event loop: the scenarios of `npm run bench -- stalls` at a fiftieth of their size, by CPU time and with ten
 * times wider a bound, because the machine that runs tests has other things to do.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const stalls = fileURLToPath(new URL('../bench/stalls.mjs', import.meta.url))
const run = promisify(execFile)

test('mosquitto 2.0.12, 2.0.21, FlashMQ 1.9, event-loop watchdog: the event loop is not held by floods, queries, crowds or backlogs', {
  timeout: 120_000,
}, async () => {
  const { stdout } = await run(process.execPath, [stalls, '--source', '--scale', '0.02', '--held-ms', '200'])
  assert.match(
    stdout,
    /^who +who: totals and a page +loop +[\d.]+ ms \(p99 +[\d.]+\), alone +[\d.]+ ms, held +[\d.]+ ms/m,
  )
  assert.match(stdout, /\nnothing held the event loop\n$/)
})

test('a loop that is held is found out, with the bound and what was found', { timeout: 60_000 }, async () => {
  const held = run(process.execPath, [stalls, 'subscribe', '--source', '--scale', '0.02', '--held-ms', '0.001'])
  await assert.rejects(held, { code: 1, stdout: /^subscribe +SUBSCRIBE +loop .* held .*MISSED$/m })
})

for (const [given, where] of [
  [[], 'on a core of its own'],
  [['--all-cores'], 'on all of them'],
] as const) {
  test(`the broker is ${where}, whatever core the generator keeps to: npm run bench -- stalls ${given.join('')}`, {
    skip: availableParallelism() === 1,
    timeout: 60_000,
  }, async () => {
    const few = ['subscribe', '--source', '--scale', '0.02', '--held-ms', '200']
    const { stdout } = await run(process.execPath, [stalls, ...few, ...given])
    const [, broker = '', generator = ''] = /^broker on core (\S+), generator on core (\d+)$/m.exec(stdout) ?? []
    const cores = broker.split(',')
    assert.equal(cores.length, given.length === 0 ? 1 : availableParallelism())
    assert.equal(cores.includes(generator), given.length > 0)
  })
}
