import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenCore } from '../../../test/support/driven-core.ts'
import { trace, traceTotals } from './trace.ts'

const payload = Buffer.from('x')

function started(fateLogMessagesMax: number) {
  const driven = new DrivenCore({ fateLogMessagesMax })
  const publisher = driven.connect('p')
  const publish = (...topicNames: string[]) => {
    for (const topicName of topicNames) driven.publish(publisher, { topicName, payload })
  }
  const find = (filter: string, after: number) =>
    [...trace(driven.state, filter, after)].flatMap((entry) => (entry === null ? [] : [entry.id]))
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
  const rows = trace(driven.state, '#', 0)
  assert.equal(rows.next().value?.topicName, 'a')
  publish('d', 'e')
  assert.deepEqual(
    [...rows].flatMap((entry) => (entry === null ? [] : [entry.topicName])),
    ['c'],
  )
})
