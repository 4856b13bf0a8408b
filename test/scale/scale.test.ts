/**
 * What `npm run prove` shows in full, as far as it is quick. Bytes are bounded as they are promised, times ten times wider:
 * other work may go on beside a test.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measureOverview } from './looking.ts'
import { measureDrain, measureFanOut, measureLoadingRetained, measureLoadingSessions } from './scenarios.ts'

const megabyte = 1e6

test('10,000 messages for 1,000 Sessions that are away cost under 20 MB of disk and 60 MB of memory', async () => {
  const { disk, memory } = await measureFanOut(1000, 10_000)
  assert.ok(disk < 20 * megabyte, `${disk} bytes on the disk`)
  assert.ok(memory < 60 * megabyte, `${memory} bytes in memory`)
})

test('10,000 Sessions with five Subscriptions each load in under 3 s, after a stop and after a crash', async () => {
  const { afterStop, afterCrash } = await measureLoadingSessions(10_000)
  assert.ok(afterStop.seconds < 3, `${afterStop.seconds} s after a stop`)
  assert.ok(afterCrash.seconds < 3, `${afterCrash.seconds} s after a crash`)
})

test('20,000 Retained Messages load in under 2 s, after a stop and after a crash', async () => {
  const { afterStop, afterCrash } = await measureLoadingRetained(20_000)
  assert.ok(afterStop.seconds < 2, `${afterStop.seconds} s after a stop`)
  assert.ok(afterCrash.seconds < 2, `${afterCrash.seconds} s after a crash`)
})

test('100,000 messages for a Session that was away arrive in order, and memory stays flat', async () => {
  const { growth } = await measureDrain(100_000)
  assert.ok(growth < 10 * megabyte, `grew by ${growth} bytes`)
})

test('more is read at a time than may stay in memory, and still all arrives', async () => {
  await measureDrain(2000, { payloadSize: 8192, queueMemoryBytesMax: 1 << 20, receiveMaximum: 10_000 })
})

test('with 1,000 clients the overview and a page of them are there in under a second', async () => {
  const { overviewSeconds, clientsSeconds } = await measureOverview(1000)
  assert.ok(overviewSeconds < 1, `the overview: ${overviewSeconds} s`)
  assert.ok(clientsSeconds < 1, `the page: ${clientsSeconds} s`)
})
