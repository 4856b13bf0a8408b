import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DrivenCore } from '../../../test/support/driven-core.ts'
import { publish } from '../../protocol/packets/publish.ts'
import type { Limits } from '../limits.ts'
import { Message } from '../message.ts'
import type { FateEntry } from './fate-entry.ts'
import { FateLog } from './fate-log.ts'

const payload = Buffer.from('x')
const passing = { properties: { sessionExpiryInterval: 0 } }

function started(limits: Partial<Limits> = {}) {
  const driven = new DrivenCore(limits)
  const publisher = driven.connect('p', passing)
  const log = driven.state.fateLog
  const publish = (topicName: string, count = 1) => {
    for (let number = 0; number < count; number++) driven.publish(publisher, { topicName, payload })
  }
  const entries = () => {
    const found: FateEntry[] = []
    for (let id = log.firstId; id <= log.lastId; id++) {
      const entry = log.get(id)
      if (entry !== undefined) found.push(entry)
    }
    return found
  }
  return { driven, publisher, log, publish, entries }
}

test('an entry says what the message was, whose, under which rule, and what became of it and of its copies', () => {
  const { driven, publisher, entries } = started()
  const reader = driven.connect('r')
  driven.subscribe(reader, 'a')
  driven.publish(publisher, { topicName: 'a', payload, qos: 1, packetId: 1, retain: true })
  driven.nowMs += 30
  driven.acknowledge(reader, 'puback', 1)
  assert.deepEqual(entries(), [
    {
      id: 1,
      atMs: 1_000_000,
      topicName: 'a',
      publisher: { account: '', clientIdentifier: 'p' },
      qos: 1,
      size: 2,
      retain: true,
      fate: 'routed',
      rule: '#',
      matched: 1,
      reason: null,
      leftOut: 0,
      copies: [{ account: '', clientIdentifier: 'r', fate: 'acknowledged', afterMs: 30 }],
      furtherCopies: 0,
      storedAfterMs: null,
    },
  ])
})

test('copies of a Retained Message that somebody gets later are told of, too', () => {
  const { driven, publisher, entries } = started()
  driven.publish(publisher, { topicName: 'a', payload, retain: true })
  driven.nowMs += 40
  driven.subscribe(driven.connect('r'), 'a')
  const [entry] = entries()
  assert.equal(entry?.fate, 'retainedOnly')
  assert.deepEqual(entry?.copies, [{ account: '', clientIdentifier: 'r', fate: 'sentQos0', afterMs: 40 }])
})

/** What was measured, by a clock that starts anywhere and that only the test moves. */
function measured(limits: Partial<Limits> = {}) {
  const clock = { nowMs: 77 }
  const took: [tookMs: number, copies: number][] = []
  const readMs = () => clock.nowMs
  const deliveryTimes = { readMs, acknowledged: (tookMs: number, copies: number) => void took.push([tookMs, copies]) }
  const driven = new DrivenCore(limits, { deliveryTimes })
  const publisher = driven.connect('p', passing)
  const publish = (qos: 0 | 1 | 2) => driven.publish(publisher, { topicName: 'a', payload, qos, packetId: qos })
  return { driven, publish, clock, took }
}

test('it is measured how long after its message a copy is acknowledged, by PUBACK or by PUBCOMP', () => {
  const { driven, publish, clock, took } = measured()
  const reader = driven.connect('r')
  driven.subscribe(reader, 'a')
  publish(1)
  clock.nowMs += 0.25
  driven.acknowledge(reader, 'puback', 1)
  publish(2)
  clock.nowMs += 3
  driven.acknowledge(reader, 'pubrec', 2)
  assert.equal(took.length, 1)
  clock.nowMs += 4
  driven.acknowledge(reader, 'pubcomp', 2)
  assert.deepEqual(took, [
    [0.25, 1],
    [7, 1],
  ])
})

test('an entry says how long after its message the record was durable, if there is one', () => {
  const { driven, publish, clock } = measured()
  const stored = () => [1, 2, 3].map((id) => driven.state.fateLog.get(id)?.storedAfterMs)
  driven.subscribe(driven.connect('r'), 'a')
  publish(1)
  publish(0)
  const first = driven.state.lastSeq
  publish(1)
  clock.nowMs += 1.26
  driven.core.durable(first)
  assert.deepEqual(stored(), [1.3, null, null])
  clock.nowMs += 1
  driven.core.durable(driven.state.lastSeq)
  assert.deepEqual(stored(), [1.3, null, 2.3])
})

test('what a client was away for counts, what it refused or got at QoS 0 does not', () => {
  const { driven, publish, clock, took } = measured()
  const away = driven.connect('away')
  driven.subscribe(away, 'a')
  driven.breakOff(away)
  publish(1)
  publish(1)
  clock.nowMs += 5000
  const back = driven.connect('away')
  publish(0)
  driven.acknowledge(back, 'puback', 1, 0x80)
  driven.acknowledge(back, 'puback', 2)
  assert.deepEqual(took, [[5000, 1]])
})

test('of many copies of one message the first 20 are measured, and one in 16 for the others', () => {
  const { driven, publish, clock, took } = measured()
  const readers = Array.from({ length: 60 }, (_, number) => driven.connect(`r${number}`, passing))
  for (const reader of readers) driven.subscribe(reader, 'a')
  publish(1)
  clock.nowMs += 1
  for (const reader of readers) driven.acknowledge(reader, 'puback', 1)
  assert.deepEqual(took.slice(19), [
    [1, 1],
    [1, 16],
    [1, 16],
  ])
})

test('messages that are not in the log are not measured', () => {
  const { driven, publish, took } = measured({ fateLogMessagesMax: 0 })
  const reader = driven.connect('r')
  driven.subscribe(reader, 'a')
  publish(1)
  driven.acknowledge(reader, 'puback', 1)
  assert.deepEqual(took, [])
})

test('of a refused message the log says why', () => {
  const { driven, publisher, entries } = started({ retainedMessagesMax: 0 })
  driven.publish(publisher, { topicName: 'a', payload, qos: 1, packetId: 1, retain: true })
  assert.deepEqual(
    entries().map(({ fate, reason }) => [fate, reason]),
    [['refused', 'the broker keeps no more than 0 Retained Messages (limits.retainedMessagesMax)']],
  )
})

test('only the newest messages are remembered', () => {
  const { publish, entries, log } = started({ fateLogMessagesMax: 3 })
  for (const topicName of ['a', 'b', 'c', 'd', 'e']) publish(topicName)
  assert.deepEqual(
    entries().map(({ id, topicName }) => [id, topicName]),
    [
      [3, 'c'],
      [4, 'd'],
      [5, 'e'],
    ],
  )
  assert.deepEqual([log.get(2), log.get(6)], [undefined, undefined])
})

test('a log of no messages remembers nothing', () => {
  const { publish, entries, log } = started({ fateLogMessagesMax: 0 })
  publish('a', 2)
  assert.deepEqual([entries(), log.leftOut], [[], 2])
})

test('the fate of a copy finds its message when only the record tells which it was', () => {
  const { driven, publisher, entries } = started()
  const away = driven.connect('away')
  driven.subscribe(away, 'a')
  driven.breakOff(away)
  driven.publish(publisher, { topicName: 'a', payload, qos: 1, packetId: 1 })
  driven.nowMs += 1_000_000
  driven.advance(1)
  assert.deepEqual(entries()[0]?.copies, [
    { account: '', clientIdentifier: 'away', fate: 'sessionEnded', afterMs: 1_001_000 },
  ])
})

test('of many copies the first 20 are told of and the others counted', () => {
  const { driven, publish, entries } = started()
  for (let number = 0; number < 23; number++) driven.subscribe(driven.connect(`r${number}`, passing), 'a')
  publish('a')
  const [entry] = entries()
  assert.deepEqual([entry?.copies.length, entry?.furtherCopies, entry?.matched], [20, 3, 23])
})

test('above the rate messages are left out, and the entry behind the gap says how many', () => {
  const { driven, publish, entries, log } = started({ fateLogPerSecondMax: 10 })
  publish('a', 25)
  driven.nowMs += 1000
  publish('b')
  const all = entries()
  assert.deepEqual([all.length, all[9]?.leftOut, all[10]?.topicName, all[10]?.leftOut], [11, 0, 'b', 15])
  assert.equal(log.leftOut, 15)
})

test('a second that follows a busy one is sampled at regular steps, not only its beginning', () => {
  const { driven, publish, entries } = started({ fateLogPerSecondMax: 10 })
  publish('busy', 100)
  driven.nowMs += 1000
  for (let number = 0; number < 100; number++) publish(String(number))
  const numbers = entries()
    .slice(10)
    .map(({ topicName }) => Number(topicName))
  assert.equal(numbers.length, 10)
  for (const [position, number] of numbers.entries()) assert.equal(number - (numbers[0] ?? 0), position * 10)
  driven.nowMs += 10_000
  publish('quiet', 3)
  assert.equal(entries().filter(({ topicName }) => topicName === 'quiet').length, 3)
})

test('a flood of messages with a listener does not crowd out those without', () => {
  const { driven, publish, entries } = started({ fateLogPerSecondMax: 5 })
  driven.subscribe(driven.connect('r', passing), 'read')
  publish('read', 50)
  publish('unread', 5)
  assert.equal(entries().filter(({ topicName }) => topicName === 'unread').length, 5)
})

test('a message that has left the log takes its copies with it', () => {
  const { driven, publisher, publish, entries } = started({ fateLogMessagesMax: 1 })
  const reader = driven.connect('r')
  driven.subscribe(reader, 'a')
  driven.publish(publisher, { topicName: 'a', payload, qos: 1, packetId: 1 })
  publish('b')
  driven.acknowledge(reader, 'puback', 1)
  assert.deepEqual(
    entries().map(({ topicName, copies }) => [topicName, copies]),
    [['b', []]],
  )
})

test('Topic Names that begin with $ are not in the log', () => {
  const { publish, entries } = started()
  publish('$own/a')
  publish('$SYS/a')
  assert.deepEqual(entries(), [])
})

test('whatever comes, every message is let through or left out, no more than the rate, and a quiet second is all there', () => {
  const burst = fc.record({ count: fc.integer({ min: 0, max: 300 }), thenMs: fc.integer({ min: 0, max: 2500 }) })
  fc.assert(
    fc.property(fc.array(burst, { maxLength: 20 }), (bursts) => {
      const log = new FateLog(1000, 10)
      let nowMs = 1_795_000_000_000
      let all = 0
      let through = 0
      const times: number[] = []
      for (const { count, thenMs } of bursts) {
        for (let message = 0; message < count; message++) {
          all += 1
          if (!log.takes('routed', nowMs)) continue
          through += 1
          times.push(nowMs)
        }
        assert.equal(through + log.leftOut, all)
        nowMs += thenMs
      }
      // A window of a second may touch two of the sampler's.
      for (const time of times) assert.ok(times.filter((each) => each >= time && each < time + 1000).length <= 20)
      assert.ok(log.takes('routed', nowMs + 5000), 'after a pause the next one is let through')
    }),
  )
})

test('a place in the log that is taken again says nothing of the message it told of before', () => {
  const { driven, publisher, log, publish } = started({ fateLogMessagesMax: 1 })
  const readers = ['r', 's'].map((name) => driven.connect(name))
  for (const reader of readers) driven.subscribe(reader, 'a')
  driven.publish(publisher, { topicName: 'a', payload, qos: 1, packetId: 1, retain: true })
  driven.core.durable(driven.state.lastSeq)
  for (const reader of readers) driven.acknowledge(reader, 'puback', 1)
  const before = log.get(1)
  assert.deepEqual([before?.copies.length, before?.storedAfterMs], [2, 0])
  driven.subscribe(readers[0] ?? assert.fail(), 'c')
  publish('b')
  publish('c')
  assert.equal(log.get(3)?.copies.length, 1)
  publish('b')
  const { id: _, atMs: __, ...rest } = log.get(4) ?? assert.fail()
  assert.deepEqual(rest, {
    topicName: 'b',
    publisher: { account: '', clientIdentifier: 'p' },
    qos: 0,
    size: 2,
    retain: false,
    fate: 'unmatched',
    rule: '#',
    matched: 0,
    reason: null,
    leftOut: 0,
    copies: [],
    furtherCopies: 0,
    storedAfterMs: null,
  })
  assert.equal(before?.copies.length, 2, 'what was told before stays as it was')
})

test('a message whose place another has taken is still measured, and its copy not told of in the wrong place', () => {
  const { driven, publish, took } = measured({ fateLogMessagesMax: 1 })
  const reader = driven.connect('r')
  driven.subscribe(reader, 'a')
  publish(1)
  publish(0)
  driven.core.durable(driven.state.lastSeq)
  driven.nowMs += 12_000
  driven.acknowledge(reader, 'puback', 1)
  assert.deepEqual(took, [[12_000, 1]])
  const entry = driven.state.fateLog.get(2)
  assert.deepEqual([entry?.copies.map(({ fate }) => fate), entry?.storedAfterMs], [['sentQos0'], null])
})

test('a log that is full makes no new objects for the messages that come', () => {
  const log = new FateLog(100, 1_000_000)
  const message = new Message(0, publish({ topicName: 'a', payload }), 1_000_000)
  const to = { account: 'a', clientIdentifier: 'c' }
  const publisher = to
  const noted = {
    topicName: 'a',
    qos: 0,
    retain: false,
    size: 2,
    seq: 0,
    message,
    publish: null,
    publisher,
    matched: 1,
    reason: null,
  } as const
  const note = (count: number) => {
    for (let number = 0; number < count; number++) {
      log.note('routed', '#', noted, 1_000_000)
      log.endCopy('sentQos0', to, 0, message, 1_000_000)
    }
  }
  note(20_000)
  const before = process.memoryUsage().heapUsed
  const count = 10_000
  note(count)
  // Whatever else the process makes meanwhile is in it; a collection would make it less.
  const each = (process.memoryUsage().heapUsed - before) / count
  assert.ok(each < 100, `${each.toFixed(0)} bytes a message`)
})
