/**
 * Known attacks on brokers, each against a process of its own, at a fraction of their strength: memory stays within its limit and a fifth,
 * and others are served afterwards. `npm run prove attacks` does the same at full strength.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attackBroker, peakBytesMax } from './attack.ts'
import { attacks } from './attacks.ts'

const strength = 0.1

for (const attack of attacks) {
  test(`[${attack.source}] ${attack.what}: memory is bounded, and others are served`, {
    timeout: 120_000,
  }, async (t) => {
    const { peakBytes, growthBytes, ended } = await attackBroker(attack, strength)
    t.diagnostic(`${(growthBytes / 1e6).toFixed(0)} MB more at the worst moment; ${ended}`)
    assert.ok(peakBytes < peakBytesMax, `${(peakBytes / 1e6).toFixed(0)} MB at the worst moment`)
  })
}
