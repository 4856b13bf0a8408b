/**
 * What waits, and what of it is written.
 */
import assert from 'node:assert/strict'
import type { Backlog } from '../../src/core/rest/backlog.ts'
import { EntryList } from '../../src/core/rest/entry-list.ts'
import { LiveRecords } from '../../src/core/rest/live-records.ts'
import { type Member, RecipientSet } from '../../src/core/rest/recipient-set.ts'
import { Session } from '../../src/core/session/session.ts'
import { ByteWriter } from '../../src/protocol/byte-writer.ts'
import { publish } from '../../src/protocol/packets/publish.ts'
import { readPublish, writePublish } from '../../src/store/publish-codec.ts'
import { RestReader } from '../../src/store/rest-bytes.ts'
import type { MicroBenchmark } from './micro.ts'

const many = 1000
const recipient = { qos: 1, retain: 'cleared', subscriptionIdentifiers: null, sharedFilter: null } as const

function entries(): MicroBenchmark {
  const list = new EntryList()
  let order = 0
  return {
    name: 'an entry of a recipient set: in, read, forgotten',
    covers: ['core/rest/entry-list.ts'],
    operations: many,
    round() {
      const first = list.end
      for (let i = 0; i < many; i++) list.push(++order, order, 64, false)
      for (let at = first; at < list.end; at++) assert.ok(list.orderAt(at) > 0)
      list.forgetBefore(list.end)
    },
  }
}

/** Messages of `sets` recipient sets in turn. */
function backlogs(sets: number): MicroBenchmark {
  const session = new Session('', 's', 0)
  const { backlog }: { backlog: Backlog } = session.outbound
  const members: Member[] = Array.from({ length: sets }, () => new RecipientSet().addMember(session, recipient))
  let order = 0
  return {
    name: `an entry through a Session's backlog, ${sets} recipient set${sets === 1 ? '' : 's'}`,
    covers: ['core/rest/backlog.ts', 'core/rest/entry-list.ts'],
    operations: many,
    round() {
      for (let i = 0; i < many; i++) {
        const member = members[i % sets]
        assert.ok(member !== undefined)
        order += 1
        backlog.add(member, member.set.entries.push(order, order, 64, false), 64)
      }
      while (backlog.length > 0) backlog.shift()
    },
  }
}

function liveRecords(): MicroBenchmark {
  const live = new LiveRecords()
  let seq = 0
  return {
    name: 'a record that is needed twice, until it is not',
    covers: ['core/rest/live-records.ts'],
    operations: many,
    round() {
      const first = seq + 1
      for (let i = 0; i < many; i++) live.add(++seq, 2)
      for (let at = first; at <= seq; at++) {
        live.release(at)
        live.release(at)
      }
      assert.equal(live.count, 0)
    },
  }
}

function records(): MicroBenchmark[] {
  const packet = publish({
    topicName: 'site/17/device/4711/temperature',
    payload: Buffer.alloc(64, 120),
    qos: 1,
    packetId: 1,
  })
  const writer = new ByteWriter(many * 256)
  writePublish(writer, packet)
  const bytes = Buffer.from(writer.bytes.subarray(0, writer.position))
  const covers = ['store/publish-codec.ts']
  return [
    {
      name: 'write a message into its record',
      covers,
      operations: many,
      round() {
        writer.position = 0
        for (let i = 0; i < many; i++) writePublish(writer, packet)
      },
    },
    {
      name: 'read a message from its record',
      covers,
      operations: many,
      round() {
        for (let i = 0; i < many; i++) {
          assert.equal(readPublish(new RestReader(bytes), 1, false).payloadSize, 64)
        }
      },
    },
  ]
}

export const atRestBenchmarks: readonly MicroBenchmark[] = [
  entries(),
  backlogs(1),
  backlogs(100),
  liveRecords(),
  ...records(),
]
