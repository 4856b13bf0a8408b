import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Traffic } from '../core/sys/traffic.ts'
import { Rates } from './rates.ts'

test('before there are two looks at the counters, nothing is known', () => {
  const rates = new Rates()
  assert.equal(rates.answer.minuteSeconds, 0)
  rates.sample(new Traffic(), 0)
  assert.deepEqual([rates.answer.second.publishReceived, rates.answer.minuteSeconds], [0, 0])
})

test('rates are those of the last second and of the last minute, whatever time really passed', () => {
  const rates = new Rates()
  const traffic = new Traffic()
  for (let second = 0; second <= 100; second++) {
    rates.sample(traffic, second * 1000)
    traffic.publishReceived += second
    traffic.bytesSent += 10
  }
  const { second, minute, minuteSeconds } = rates.answer
  assert.deepEqual([second.publishReceived, second.bytesSent, minuteSeconds], [99, 10, 60])
  // From second 40 to 100: the mean of 40 to 99.
  assert.deepEqual([minute.publishReceived, minute.bytesSent], [69.5, 10])
  rates.sample(traffic, 104_000)
  assert.deepEqual([rates.answer.second.publishReceived, rates.answer.second.bytesSent], [25, 2.5])
  // Nothing is asked twice for one time.
  rates.sample(traffic, 104_000)
  assert.equal(rates.answer.second.bytesSent, 0)
})
