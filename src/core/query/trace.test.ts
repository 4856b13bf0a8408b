import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenCore } from '../../../test/support/driven-core.ts'
import { trace, traceTotals } from './trace.ts'

const all = { filter: '#', after: 0, client: null, fates: null } as const
const payload = Buffer.from('x')

function started(fateLogMessagesMax: number) {
  const driven = new DrivenCore({ fateLogMessagesMax })
  const publisher = driven.connect('p')
  const publish = (...topicNames: string[]) => {
    for (const topicName of topicNames) driven.publish(publisher, { topicName, payload })
  }
  const find = (filter: string, after: number) =>
    [...trace(driven.state, { ...all, filter, after })].flatMap((entry) => (entry === null ? [] : [entry.id]))
  return { driven, publish, find }
}

test('a trace has the entries of a Topic Filter behind an id, oldest first', () => {
  const { driven, publish, find } = started(10)
  assert.deepEqual([find('#', 0), traceTotals(driven.state)], [[], { firstId: 1, lastId: 0, leftOut: 0 }])
  publish('a/1', 'b', 'a/2', 'a/3')
  assert.deepEqual([find('a/+', 0), find('a/+', 1), find('#', 4), find('#', 400)], [[1, 3, 4], [3, 4], [], []])
})

test('entries that are pushed out while it is pulled are passed over', () => {
  const { driven, publish } = started(3)
  publish('a', 'b', 'c')
  const rows = trace(driven.state, all)
  assert.equal(rows.next().value?.topicName, 'a')
  publish('d', 'e')
  assert.deepEqual(
    [...rows].flatMap((entry) => (entry === null ? [] : [entry.topicName])),
    ['c'],
  )
})

test('a trace may be of one client, as publisher or as subscriber, and of some fates', () => {
  const { driven, publish } = started(10)
  const reader = driven.connect('r')
  driven.subscribe(reader, 'a/#', { qos: 0 })
  publish('a/1', 'b')
  driven.publish(reader, { topicName: 'c', payload })
  const find = (wish: { client?: string; fates?: ReadonlySet<string> }) =>
    [...trace(driven.state, { ...all, ...wish })].flatMap((entry) => (entry === null ? [] : [entry.topicName]))
  assert.deepEqual(find({ client: 'p' }), ['a/1', 'b'])
  assert.deepEqual(find({ client: 'r' }), ['a/1', 'c'])
  assert.deepEqual(find({ client: 'nobody' }), [])
  assert.deepEqual(find({ fates: new Set(['unmatched']) }), ['b', 'c'])
  assert.deepEqual(find({ fates: new Set(['sentQos0']), client: 'p' }), ['a/1'])
})
