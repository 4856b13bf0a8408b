/**
 * One write or sync of the process fails, the first or a later one: nothing acknowledged is lost, none is repeated at QoS 2,
 * and the broker stops unless the disk was only full. `npm run prove` does it for each of the first forty.
 */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { killBrokers } from './broker-process.ts'
import { stopAtInterval, surviveFailure, whyNoFailingCalls, withFailingCalls } from './failing-calls.ts'

const skip = whyNoFailingCalls() ?? false
afterEach(killBrokers)

for (const [what, call, errno, outcome] of [
  ['a write that fails with an input/output error', 'write', 5, 'stopped'],
  ['a sync that fails', 'sync', 5, 'stopped'],
  ['a write that finds no space, once', 'write', 28, 'went on'],
] as const) {
  test(`${what}: the broker ${outcome}, and nothing acknowledged is lost`, { skip }, async () => {
    await withFailingCalls(async (library) => {
      for (const at of [2, 20]) assert.equal(await surviveFailure(library, { call, at, errno }), outcome, `call ${at}`)
    })
  })
}

test('a sync that fails at durability interval stops the broker too', { skip }, async () => {
  await withFailingCalls(stopAtInterval)
})
