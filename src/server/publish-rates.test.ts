/**
 * Token buckets: what is let through, how long is waited, and when somebody has been held back for too long.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { defaultLimits, type Limits } from '../core/limits.ts'
import { ClientRate, PublishRates, publishRatesOf } from './publish-rates.ts'

function ratesOf(limits: Partial<Limits>): PublishRates {
  return new PublishRates({ ...defaultLimits, ...limits })
}

test('where no rate is limited there is nothing to count', () => {
  assert.equal(publishRatesOf(defaultLimits), null)
  for (const name of ['publishMessagesPerSecondMax', 'accountBytesPerSecondMax'] as const) {
    assert.ok(publishRatesOf({ ...defaultLimits, [name]: 1 }) instanceof PublishRates)
  }
})

test('as many messages as a second may have come at once; one more is waited for', () => {
  const rate = new ClientRate(ratesOf({ publishMessagesPerSecondMax: 10 }), 'a', 0)
  for (let count = 0; count < 10; count++) assert.equal(rate.take(100, 0).waitMs, 0)
  const verdict = rate.take(100, 0)
  assert.deepEqual(verdict, { waitMs: 100, reached: 'publishMessagesPerSecondMax', end: null })
  assert.equal(rate.take(100, 100).waitMs, 100)
})

test('a large packet is waited for as long as its bytes take', () => {
  const rate = new ClientRate(ratesOf({ publishBytesPerSecondMax: 1000 }), 'a', 0)
  const { waitMs, reached } = rate.take(3000, 0)
  assert.deepEqual([waitMs, reached], [2000, 'publishBytesPerSecondMax'])
})

test('all connections of an account share what it has, others do not', () => {
  const rates = ratesOf({ accountMessagesPerSecondMax: 2 })
  const [one, two] = [new ClientRate(rates, 'a', 0), new ClientRate(rates, 'a', 0)]
  const other = new ClientRate(rates, 'b', 0)
  assert.deepEqual([one.take(1, 0).waitMs, two.take(1, 0).waitMs, one.take(1, 0).waitMs], [0, 0, 500])
  assert.equal(other.take(1, 0).waitMs, 0)
})

test('whoever is held back again and again for too long is ended, whoever has been calm for a second is not', () => {
  const rates = ratesOf({ publishMessagesPerSecondMax: 1, overRateSecondsMax: 5 })
  const rate = new ClientRate(rates, 'a', 0)
  let nowMs = 0
  const ends = []
  for (let count = 0; count < 10; count++) {
    const { waitMs, end } = rate.take(1, nowMs)
    ends.push(end === null ? null : [nowMs, end.reasonCode, end.text])
    if (end !== null) break
    nowMs += waitMs
  }
  const text =
    'the client has published more than 1 messages a second for 5 seconds (limits.publishMessagesPerSecondMax)'
  assert.deepEqual(ends.at(-1), [5000, 0x96, text])
  const calm = new ClientRate(rates, 'b', 0)
  for (nowMs = 0; nowMs < 60_000; nowMs += 4000) {
    calm.take(1, nowMs)
    assert.equal(calm.take(1, nowMs).end, null)
  }
})

test('the connections of an account that is too fast are ended with 0x97', () => {
  const rate = new ClientRate(ratesOf({ accountMessagesPerSecondMax: 1, overRateSecondsMax: 1 }), 'a', 0)
  rate.take(1, 0)
  rate.take(1, 0)
  rate.take(1, 1000)
  assert.deepEqual(rate.take(1, 1500).end?.reasonCode, 0x97)
})

test('whatever comes when, no more is let through than the rate and the first second', () => {
  const arrivals = fc.array(
    fc.record({ bytes: fc.integer({ min: 2, max: 5000 }), pauseMs: fc.integer({ min: 0, max: 50 }) }),
  )
  const check = (packets: readonly { bytes: number; pauseMs: number }[]): void => {
    const rate = new ClientRate(ratesOf({ publishBytesPerSecondMax: 10_000, overRateSecondsMax: 86_400 }), 'a', 0)
    let nowMs = 0
    let bytes = 0
    for (const packet of packets) {
      nowMs += packet.pauseMs + rate.take(packet.bytes, nowMs).waitMs
      bytes += packet.bytes
      assert.ok(bytes <= 10_000 + nowMs * 10 + 1)
    }
  }
  fc.assert(fc.property(arrivals, check))
})

test('of accounts that are calm nothing is kept', () => {
  const rates = ratesOf({ accountMessagesPerSecondMax: 1 })
  const busy = rates.bucketOf('busy', 0)
  busy.take(1, 0)
  for (let number = 0; number < 9_999; number++) rates.bucketOf(`${number}`, 0)
  const first = rates.bucketOf('0', 0)
  rates.bucketOf('one more', 10)
  assert.notEqual(rates.bucketOf('0', 20), first)
  assert.equal(rates.bucketOf('busy', 20), busy)
})
