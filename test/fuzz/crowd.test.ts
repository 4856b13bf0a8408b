/**
 * `npm run prove fuzz` gives them ten minutes.
 *
 * PABAL_CROWD_SECONDS changes the time, PABAL_SEED the seed: what happens depends on the time things take as well.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCrowd } from './crowd-broker.ts'

const seconds = Number(process.env.PABAL_CROWD_SECONDS ?? 30)
const seed = Number(process.env.PABAL_SEED ?? 20_261_125)

test(`NanoMQ CVE-2026-22040, CVE-2025-59946, EMQX CVE-2026-8741: 50 clients share 5 Client Identifiers for ${seconds} s: the ledger adds up after every Turn, QoS 2 comes once, nothing is left`, async () => {
  const { published, received, turns, aliveBytes } = await runCrowd(seed, seconds * 1000)
  assert.ok(published > 100 * seconds && received > 100 * seconds && turns > 100 * seconds, `${published}, ${received}`)
  const [first = 0, second = 0] = aliveBytes
  assert.ok(second < first * 1.05, `seed ${seed}: ${first} bytes alive became ${second}`)
})
