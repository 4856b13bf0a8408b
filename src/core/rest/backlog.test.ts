import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { publish } from '../../protocol/packets/publish.ts'
import { Message } from '../message.ts'
import { Session } from '../session/session.ts'
import type { Backlog } from './backlog.ts'
import { MessageBodies } from './message-bodies.ts'
import { type Member, RecipientSet } from './recipient-set.ts'

const recipient = { qos: 1, retain: 'cleared', subscriptionIdentifiers: null, sharedFilter: null } as const

/** A Session's backlog with its member of each of `count` sets, which others share. */
function backlogIn(count: number): { backlog: Backlog; members: Member[]; other: Member[] } {
  const session = new Session('', 's', 0)
  const sets = Array.from({ length: count }, () => new RecipientSet())
  const members = sets.map((set) => set.addMember(session, recipient))
  const other = sets.map((set) => set.addMember(new Session('', 'o', 0), recipient))
  return { backlog: session.outbound.backlog, members, other }
}

function pushTo(backlog: Backlog, member: Member, order: number, size = 1): void {
  backlog.add(member, member.set.entries.push(order, order, size, false), size)
}

function takeAll(backlog: Backlog): number[] {
  return [...backlog.drain()].map(({ order }) => order)
}

test('what waits in several sets comes in the order it came', () => {
  const { backlog, members } = backlogIn(3)
  const [a, b, c] = members
  assert.ok(a !== undefined && b !== undefined && c !== undefined)
  for (const [member, order] of [
    [a, 1],
    [b, 2],
    [a, 3],
    [c, 4],
    [b, 5],
    [c, 6],
    [a, 7],
  ] as const) {
    pushTo(backlog, member, order, 10)
  }
  assert.deepEqual([backlog.length, backlog.bytes, backlog.firstOrder], [7, 70, 1])
  assert.deepEqual(takeAll(backlog), [1, 2, 3, 4, 5, 6, 7])
  assert.deepEqual([backlog.length, backlog.bytes, backlog.first], [0, 0, null])
})

test('a set forgets an entry when nobody waits for it any more', () => {
  const { backlog, members, other } = backlogIn(1)
  const [mine] = members
  const [theirs] = other
  assert.ok(mine !== undefined && theirs !== undefined)
  pushTo(backlog, mine, 1)
  theirs.session.outbound.backlog.add(theirs, 0, 1)
  backlog.shift()
  assert.equal(mine.set.entries.count, 1)
  theirs.session.outbound.backlog.shift()
  assert.deepEqual([mine.set.entries.count, mine.set.waiting], [0, 0])
})

test('an entry that is taken before its turn is passed over when its turn comes', () => {
  const { backlog, members } = backlogIn(2)
  const [a, b] = members
  assert.ok(a !== undefined && b !== undefined)
  for (const order of [1, 3, 5]) pushTo(backlog, a, order)
  for (const order of [6, 7]) pushTo(backlog, b, order)
  assert.equal(backlog.take(5)?.message, 5)
  assert.equal(backlog.take(5), null)
  assert.equal(backlog.take(99), null)
  assert.equal(backlog.take(1)?.message, 1)
  assert.deepEqual([backlog.length, backlog.firstOrder, [...backlog.taken]], [3, 3, [5]])
  assert.deepEqual(takeAll(backlog), [3, 6, 7])
  assert.deepEqual([...backlog.taken], [])
})

test('a look ahead keeps to its bounds but names at least the next message', () => {
  const { backlog, members } = backlogIn(1)
  const [member] = members
  assert.ok(member !== undefined)
  const bodies = new MessageBodies(1024)
  for (const order of [1, 2, 3, 4]) pushTo(backlog, member, order, 100)
  assert.deepEqual(backlog.peek(3, 1000, bodies), [1, 2, 3])
  assert.deepEqual(backlog.peek(9, 250, bodies), [1, 2])
  assert.deepEqual(backlog.peek(9, 10, bodies), [1])
})

test('what is asked for from the store is neither what is in memory, and perhaps nowhere else yet, nor what was taken', () => {
  const { backlog, members } = backlogIn(1)
  const [member] = members
  assert.ok(member !== undefined)
  const bodies = new MessageBodies(1024)
  for (const order of [1, 2, 3, 4, 5]) pushTo(backlog, member, order, 10)
  bodies.keep(new Message(5, publish({ topicName: 'a' }), 0))
  backlog.take(3)
  assert.deepEqual(backlog.peek(10, 1000, bodies), [1, 2, 4])
  assert.deepEqual(backlog.peek(2, 1000, bodies), [1, 2])
  assert.deepEqual(backlog.peek(10, 5, bodies), [1])
})

test('whatever is added and taken, it is a queue in order', () => {
  const step = fc.oneof(
    fc.record({ type: fc.constant('push' as const), set: fc.integer({ min: 0, max: 4 }) }),
    fc.record({ type: fc.constant('shift' as const), set: fc.constant(0) }),
    fc.record({ type: fc.constant('take' as const), set: fc.integer({ min: 0, max: 20 }) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { backlog, members } = backlogIn(5)
      const model: number[] = []
      let order = 0
      for (const { type, set } of steps) {
        const member = members[set]
        if (type === 'push' && member !== undefined) {
          order += 1
          pushTo(backlog, member, order)
          model.push(order)
        } else if (type === 'shift') {
          backlog.shift()
          model.shift()
        } else if (type === 'take') {
          const [taken] = model.splice(set, 1)
          assert.equal(backlog.take(taken ?? -1)?.message, taken)
        }
        assert.deepEqual([backlog.length, backlog.firstOrder], [model.length, model[0] ?? Number.POSITIVE_INFINITY])
        assert.deepEqual(
          backlog.waiting().map((each) => each.order),
          model,
        )
      }
      assert.deepEqual(takeAll(backlog), model)
    }),
  )
})
