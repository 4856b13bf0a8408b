/**
 * What the core decides for one PUBLISH, from the packet to the Turn, and the lists a Session keeps.
 */
import assert from 'node:assert/strict'
import { Message } from '../../src/core/message.ts'
import { CopiesByPacketId } from '../../src/core/session/copies-by-packet-id.ts'
import { Copy } from '../../src/core/session/copy.ts'
import { InFlight } from '../../src/core/session/in-flight.ts'
import { MessageQueue } from '../../src/core/session/message-queue.ts'
import { UnderWay } from '../../src/core/session/under-way.ts'
import type { Qos } from '../../src/protocol/control-packet.ts'
import { publish } from '../../src/protocol/packets/publish.ts'
import { clientOf, coreWith } from './driven.ts'
import type { MicroBenchmark } from './micro.ts'

const many = 200
const payload = Buffer.alloc(64, 120)

function copyWith(packetId: number): Copy {
  const copy = new Copy(null, 0, 0, 64, 1, 'cleared', null, null)
  copy.packetId = packetId
  return copy
}

function lists(): MicroBenchmark[] {
  const copies = Array.from({ length: many }, (_, i) => copyWith(i + 1))
  const byPacketId = new CopiesByPacketId()
  const inFlight = new InFlight(new UnderWay())
  const queue = new MessageQueue(new UnderWay())
  return [
    {
      name: 'a copy by its Packet Identifier: in, found, out',
      covers: ['core/session/copies-by-packet-id.ts'],
      operations: many,
      round() {
        for (const copy of copies) byPacketId.add(copy)
        for (const copy of copies) if (byPacketId.get(copy.packetId) !== undefined) byPacketId.delete(copy)
      },
    },
    {
      name: 'a copy in flight: in, on the wire, out',
      covers: ['core/session/in-flight.ts'],
      operations: many,
      round() {
        for (const copy of copies) {
          inFlight.add(copy)
          inFlight.putOnWire(copy)
        }
        for (const copy of copies) inFlight.remove(copy)
        assert.equal(inFlight.size, 0)
      },
    },
    {
      name: 'a copy through the queue in memory',
      covers: ['core/session/message-queue.ts'],
      operations: many,
      round() {
        for (const copy of copies) queue.push(copy)
        while (queue.length > 0) queue.shift()
      },
    },
  ]
}

const admission = [
  'core/session/inbound.ts',
  'core/session/publish-answer.ts',
  'core/routing/router.ts',
  'core/routing/audience.ts',
  'core/routing/delivery.ts',
]

/** One publisher, `subscribers` with the same filter, who acknowledge everything. */
function decisions(name: string, qos: Qos, subscribers: number, isDurable: boolean): MicroBenchmark {
  const driven = coreWith(isDurable)
  const publisher = clientOf(driven, 'publisher', 4)
  const others = Array.from({ length: subscribers }, (_, i) => clientOf(driven, `subscriber-${i}`, isDurable ? 5 : 4))
  for (const other of others) other.subscribe('a/+', qos)
  const messages = Math.max(1, Math.round(many / subscribers))
  let packetId = 0
  const next: number[] = others.map(() => 0)
  const acknowledge = (type: 'puback' | 'pubrec' | 'pubcomp') => {
    for (const [i, other] of others.entries()) {
      const first = next[i] ?? 0
      for (let k = 1; k <= messages; k++) {
        driven.give(other.connection, { type, packetId: ((first + k - 1) % 65_535) + 1, reasonCode: 0, properties: {} })
      }
    }
  }
  return {
    name,
    covers: qos === 0 ? admission : [...admission, 'core/session/outbound.ts', 'core/session/in-flight.ts'],
    operations: messages * subscribers,
    round() {
      driven.nowMs += 1
      for (let i = 0; i < messages; i++) {
        packetId = (packetId % 65_535) + 1
        const fields = { topicName: 'a/b', payload, qos, packetId: qos === 0 ? 0 : packetId }
        driven.give(publisher.connection, publish(fields))
        if (qos !== 2) continue
        driven.give(publisher.connection, { type: 'pubrel', packetId, reasonCode: 0, properties: {} })
      }
      if (qos === 0) return
      if (qos === 1) acknowledge('puback')
      else {
        acknowledge('pubrec')
        acknowledge('pubcomp')
      }
      for (const i of others.keys()) next[i] = (next[i] ?? 0) + messages
      assert.equal(driven.core.state.underWay.inFlight, 0)
    },
  }
}

function messageMaking(): MicroBenchmark {
  const packet = publish({ topicName: 'a/b', payload, qos: 1, packetId: 1 })
  return {
    name: 'a Message of a PUBLISH',
    covers: ['core/routing/router.ts'],
    operations: many,
    round() {
      for (let i = 0; i < many; i++) assert.equal(new Message(i, packet, i).seq, i)
    },
  }
}

export const sessionBenchmarks: readonly MicroBenchmark[] = [
  ...lists(),
  messageMaking(),
  decisions('decide a copy at QoS 0, one subscriber', 0, 1, false),
  decisions('decide a copy at QoS 0, 1,000 subscribers', 0, 1000, false),
  decisions('decide a copy at QoS 1 with PUBACK, one subscriber', 1, 1, false),
  decisions('decide a copy at QoS 1 with PUBACK, 100 subscribers', 1, 100, false),
  decisions('decide a copy at QoS 2 with its handshake, one subscriber', 2, 1, false),
]
