import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SubscribedEvent } from '../core/event.ts'
import { ClientHistory } from './client-history.ts'

function subscribed(clientIdentifier: string, topicFilter: string): SubscribedEvent {
  return { type: 'subscribed', clientIdentifier, account: '', remoteAddress: '', topicFilter, qos: 1, by: 'client' }
}

function filtersOf(history: ClientHistory, clientIdentifier: string): string[] {
  return history.of(clientIdentifier).map(({ event }) => ('topicFilter' in event ? event.topicFilter : event.type))
}

test('what happened to a client is told newest first', () => {
  const history = new ClientHistory(() => 100)
  history.note(subscribed('one', 'a'), 1)
  history.note(subscribed('two', 'b'), 2)
  history.note(subscribed('one', 'c'), 3)
  assert.deepEqual(filtersOf(history, 'one'), ['c', 'a'])
  assert.deepEqual(
    history.of('one').map(({ atMs }) => atMs),
    [3, 1],
  )
  assert.deepEqual(history.of('nobody'), [])
})

test('a client that is busy pushes out its own oldest events, not those of others', () => {
  const history = new ClientHistory(() => 1000)
  history.note(subscribed('quiet', 'a'), 0)
  for (let count = 1; count <= 5000; count++) history.note(subscribed('busy', `${count}`), count)
  assert.equal(history.of('busy').length, 100)
  assert.deepEqual([filtersOf(history, 'busy')[0], filtersOf(history, 'busy')[99]], ['5000', '4901'])
  assert.equal(history.forgottenOf('busy'), 4900)
  assert.deepEqual(filtersOf(history, 'quiet'), ['a'])
})

test('above the bound the client makes room that nothing happened to for longest', () => {
  const history = new ClientHistory(() => 8)
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) history.note(subscribed(name, name), 0)
  history.note(subscribed('a', 'again'), 1)
  assert.deepEqual([filtersOf(history, 'a'), filtersOf(history, 'b')], [['again', 'a'], []])
  history.note(subscribed('h', 'h'), 2)
  assert.deepEqual(filtersOf(history, 'c'), [])
  assert.deepEqual(filtersOf(history, 'd'), ['d'])
})

test('long names count for more, and one that is longer than all there may be is not kept', () => {
  const history = new ClientHistory(() => 80)
  for (const name of ['a', 'b', 'c']) history.note(subscribed(name, name.repeat(30 * 1024)), 0)
  assert.deepEqual([history.of('a').length, history.of('b').length, history.of('c').length], [0, 1, 1])
  history.note(subscribed('d', 'd'.repeat(80 * 1024)), 1)
  assert.deepEqual([history.of('d').length, history.of('c').length], [0, 0])
})

test('whoever is refused, under whatever names, does not push out what happened to those who were let in', () => {
  const history = new ClientHistory(() => 80)
  history.note(subscribed('one', 'a'), 0)
  const refused = { type: 'refused', remoteAddress: '', reasonCode: 0x87, reason: 'no' } as const
  for (let count = 0; count < 1000; count++) history.note({ ...refused, clientIdentifier: `${count}` }, count)
  history.note({ ...refused, clientIdentifier: 'one' }, 2000)
  history.note(subscribed('one', 'b'), 3000)
  assert.deepEqual(filtersOf(history, 'one'), ['b', 'refused', 'a'])
  assert.deepEqual([history.of('989').length, history.of('991').length], [0, 1])
  history.note({ ...refused, clientIdentifier: null }, 4000)
})

test('nor do tools that come for a moment and have the broker make up a Client Identifier', () => {
  const history = new ClientHistory(() => 80)
  history.note(subscribed('one', 'a'), 0)
  const name = (count: number) => `pabal-${`${count}`.padStart(36, '0')}`
  for (let count = 0; count < 1000; count++) history.note(subscribed(name(count), 'b'), count)
  assert.deepEqual(
    [filtersOf(history, 'one'), filtersOf(history, name(999)), filtersOf(history, name(0))],
    [['a'], ['b'], []],
  )
})

test('a bound of 0 keeps nothing, and a lower one holds from the next event on', () => {
  let eventsMax = 0
  const history = new ClientHistory(() => eventsMax)
  history.note(subscribed('one', 'a'), 0)
  assert.deepEqual(history.of('one'), [])
  eventsMax = 100
  for (let count = 0; count < 50; count++) history.note(subscribed('one', `${count}`), count)
  eventsMax = 8
  history.note(subscribed('one', 'last'), 99)
  assert.deepEqual(filtersOf(history, 'one'), ['last', '49', '48', '47', '46', '45', '44'])
})
