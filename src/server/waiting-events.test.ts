/**
 * Events that wait for a loop: in order, none left out in silence, and an end that is told.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WaitingEvents, waitingEventsMax } from './waiting-events.ts'

function makeWaiting() {
  let left = 0
  const waiting = new WaitingEvents<number>(() => {
    left += 1
  })
  return { waiting, timesLeft: () => left }
}

async function taken(waiting: WaitingEvents<number>): Promise<(number | string)[]> {
  const all: (number | string)[] = []
  try {
    for await (const event of waiting) all.push(event)
    all.push('end')
  } catch (error) {
    all.push(String(error))
  }
  return all
}

test('events are taken in order, those that waited and those that are waited for', async () => {
  const { waiting } = makeWaiting()
  waiting.add(1)
  waiting.add(2)
  const four = [waiting.next(), waiting.next(), waiting.next(), waiting.next()]
  waiting.add(3)
  waiting.add(4)
  assert.deepEqual(
    (await Promise.all(four)).map(({ value }) => value),
    [1, 2, 3, 4],
  )
})

test('a loop takes what waits before it ends, and whoever waits already is told of the end', async () => {
  const { waiting, timesLeft } = makeWaiting()
  waiting.add(1)
  waiting.end()
  waiting.end()
  assert.equal(timesLeft(), 1)
  assert.deepEqual(await taken(waiting), [1, 'end'])
  assert.deepEqual(await waiting.next(), { done: true, value: undefined })
  const other = makeWaiting().waiting
  const both = [other.next(), other.next()]
  other.end()
  assert.deepEqual(
    (await Promise.all(both)).map(({ done }) => done),
    [true, true],
  )
})

test('an error is told once, behind what waits; an abort tells it at once', async () => {
  const failed = makeWaiting()
  failed.waiting.add(1)
  failed.waiting.fail(new Error('broken'))
  failed.waiting.fail(new Error('later'))
  assert.equal(failed.timesLeft(), 1)
  assert.deepEqual(await taken(failed.waiting), [1, 'Error: broken'])
  assert.equal((await failed.waiting.next()).done, true)
  const aborted = makeWaiting()
  aborted.waiting.add(1)
  aborted.waiting.abort(new Error('enough'))
  assert.deepEqual(await taken(aborted.waiting), ['Error: enough'])
  const ended = makeWaiting()
  ended.waiting.add(1)
  ended.waiting.end()
  ended.waiting.abort(new Error('enough'))
  assert.deepEqual(await taken(ended.waiting), [1, 'end'], 'it was over already')
  const waitedFor = makeWaiting().waiting
  const next = waitedFor.next()
  waitedFor.abort(new Error('enough'))
  await assert.rejects(next, /enough/)
})

test('one event more than may wait ends it, and the loop gets all that waited first', async () => {
  const { waiting, timesLeft } = makeWaiting()
  for (let number = 0; number < waitingEventsMax; number++) waiting.add(number)
  assert.equal(timesLeft(), 0)
  waiting.add(-1)
  assert.equal(timesLeft(), 1)
  const all = await taken(waiting)
  assert.equal(all.length, waitingEventsMax + 1)
  assert.match(String(all.at(-1)), /10000 events of the broker waited to be taken, and then one more came/)
})

test('a loop that is left ends it, and nothing waits any more', async () => {
  const { waiting, timesLeft } = makeWaiting()
  for (const number of [1, 2, 3]) waiting.add(number)
  for await (const event of waiting) {
    assert.equal(event, 1)
    break
  }
  assert.equal(timesLeft(), 1)
  waiting.add(4)
  assert.equal((await waiting.next()).done, true)
  const failed = makeWaiting().waiting
  failed.fail(new Error('broken'))
  await failed.return()
  assert.equal((await failed.next()).done, true)
})
