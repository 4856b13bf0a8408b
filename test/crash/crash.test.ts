/**
 * The kill -9 loop, short: `npm run crash` does it 200 times.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describe, runCrashTest } from './crash-run.ts'

const seed = Math.floor(Math.random() * 1_000_000)

test('killed 20 times, the broker loses, repeats and disorders nothing that it acknowledged', async (context) => {
  context.diagnostic(`npm run crash -- --kills 20 --seed ${seed}`)
  const report = (line: string) => context.diagnostic(line)
  const options = { seed, kills: 20, durability: 'fsync', lifeMsMax: 1200, keeps: false, report } as const
  const { failures, statistics } = await runCrashTest(options)
  report(describe(statistics))
  assert.deepEqual(failures, [], `seed ${seed}`)
  assert.equal(statistics.kills >= 20, true)
  assert.ok(statistics.acknowledged > 10_000 && statistics.redelivered > 0 && statistics.wills > 0)
})

test('killed 5 times at durability interval, the broker loses, repeats and disorders nothing either', async () => {
  const options = { seed, kills: 5, durability: 'interval', lifeMsMax: 1200, keeps: false, report: () => {} } as const
  const { failures } = await runCrashTest(options)
  assert.deepEqual(failures, [], `seed ${seed}`)
})

test('the checker finds what a broker without a disk loses', { timeout: 120_000 }, async () => {
  const finds = [/Session Present 0/, /are lost or late/, /retained on/]
  const options = { seed, kills: 1, durability: 'memory', lifeMsMax: 1200, keeps: false, report: () => {} } as const
  const { failures } = await runCrashTest({ ...options, finds })
  for (const wanted of finds) {
    assert.ok(
      failures.some((failure) => wanted.test(failure)),
      `${wanted} in ${failures.join('\n')}`,
    )
  }
})
