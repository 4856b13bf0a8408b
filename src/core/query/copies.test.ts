import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { publish } from '../../protocol/packets/publish.ts'
import { Message } from '../message.ts'
import { RecipientSet } from '../rest/recipient-set.ts'
import { Copy } from '../session/copy.ts'
import { Session } from '../session/session.ts'
import { copiesWaiting } from './copies.ts'

const recipient = { qos: 1, retain: 'cleared', subscriptionIdentifiers: null, sharedFilter: null } as const

/** What to do between two looks: add an entry to a set, take the oldest, take one before its turn, queue in memory. */
const doing = fc.oneof(
  fc.record({ type: fc.constant('add' as const), set: fc.integer({ min: 0, max: 4 }) }),
  fc.record({ type: fc.constant('shift' as const) }),
  fc.record({ type: fc.constant('take' as const), nth: fc.nat(30) }),
  fc.record({ type: fc.constant('queue' as const) }),
  fc.record({ type: fc.constant('unqueue' as const) }),
  fc.record({ type: fc.constant('giveWay' as const) }),
  fc.record({ type: fc.constant('look' as const), steps: fc.integer({ min: 1, max: 12 }) }),
)

test('what waits comes in order, once, and what stays is never missed, whatever happens meanwhile', () => {
  fc.assert(
    fc.property(fc.array(doing, { minLength: 20, maxLength: 120 }), (all) => {
      const session = new Session('', 's', 0)
      const { outbound } = session
      const members = Array.from({ length: 5 }, () => new RecipientSet().addMember(session, recipient))
      let seq = 0
      let inMemory = 10_000
      const waiting = new Set<number>()
      const add = (set: number): void => {
        const member = members[set]
        assert.ok(member !== undefined)
        seq += 1
        outbound.backlog.add(member, member.set.entries.push(seq, seq, 1, false), 1)
        waiting.add(seq)
      }
      const queue = (): void => {
        inMemory += 1
        const message = new Message(inMemory, publish({ topicName: 'a', payload: Buffer.alloc(0) }), 0)
        message.mayGiveWay = inMemory % 2 === 0
        outbound.enqueue(new Copy(message, inMemory, 0, 1, 1, 'cleared', null, null))
        waiting.add(inMemory)
      }
      for (let set = 0; set < 25; set++) add(set % 5)
      for (let count = 0; count < 5; count++) queue()
      const atFirst = new Set(waiting)
      const query = copiesWaiting(session)
      const seen: number[] = []
      const look = (steps: number): boolean => {
        for (let step = 0; step < steps; step++) {
          const { done, value } = query.next()
          if (done === true) return false
          if (value === null) continue
          assert.ok(waiting.has(value.messageSeq), `${value.messageSeq} waits no more`)
          seen.push(value.messageSeq)
        }
        return true
      }
      // The list of sets is made when it is first looked at.
      look(1)
      for (const each of all) {
        if (each.type === 'add') add(each.set)
        if (each.type === 'shift' && outbound.backlog.length > 0) {
          waiting.delete(outbound.backlog.firstOrder)
          outbound.backlog.shift()
        }
        if (each.type === 'take' && outbound.backlog.take(each.nth) !== null) waiting.delete(each.nth)
        if (each.type === 'queue') queue()
        if (each.type === 'unqueue') waiting.delete(outbound.queue?.shift()?.messageSeq ?? 0)
        if (each.type === 'giveWay') waiting.delete(outbound.queue?.takeFirstToGiveWay()?.messageSeq ?? 0)
        if (each.type === 'look') look(each.steps)
      }
      while (look(100)) {}
      const inLog = seen.filter((each) => each <= 10_000)
      assert.deepEqual(
        inLog,
        [...new Set(inLog)].sort((one, other) => one - other),
      )
      const missed = [...atFirst].filter((each) => waiting.has(each) && !seen.includes(each))
      assert.deepEqual(missed, [])
    }),
    { numRuns: 200 },
  )
})
