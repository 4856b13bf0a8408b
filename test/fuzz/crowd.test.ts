/**
 * `npm run prove fuzz` gives them ten minutes.
 *
 * PABAL_CROWD_SECONDS changes the time, PABAL_SEED the seed: what happens depends on the time things take as well.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCrowd } from './crowd-broker.ts'

/**
 * What the broker keeps although nobody is there grows no further than this, however long it runs: 1,024 recipient sets with the Sessions
 * in them, 8,192 packets that many clients get, and 32 slabs of 32 KiB with their bytes.
 */
const cachesBytesMax = 4 * 1024 * 1024

const seconds = Number(process.env.PABAL_CROWD_SECONDS ?? 30)
const seed = Number(process.env.PABAL_SEED ?? 20_261_125)

test(`NanoMQ CVE-2026-22040, CVE-2025-59946, EMQX CVE-2026-8741: 50 clients share 5 Client Identifiers for ${seconds} s: the ledger adds up after every Turn, QoS 2 comes once, nothing is left`, async () => {
  const { published, received, turns, aliveBytes } = await runCrowd(seed, seconds * 1000)
  assert.ok(published > 100 * seconds && received > 100 * seconds && turns > 100 * seconds, `${published}, ${received}`)
  const [first = 0, second = 0] = aliveBytes
  assert.ok(second < first + cachesBytesMax, `seed ${seed}: ${first} bytes alive became ${second}`)
})
