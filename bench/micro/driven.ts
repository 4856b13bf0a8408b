/**
 * A core without sockets and store, whose Turns are carried out at once: for micro-benchmarks of what it decides.
 */
import { BrokerCore } from '../../src/core/broker.ts'
import type { Connection } from '../../src/core/connection/connection.ts'
import { defaultLimits } from '../../src/core/limits.ts'
import { newTurn, type Turn } from '../../src/core/turn.ts'
import type { ControlPacket } from '../../src/protocol/control-packet.ts'
import { connectPacket } from '../../test/support/driven-core.ts'

export interface Driven {
  readonly core: BrokerCore
  readonly turn: Turn
  nowMs: number
  give(connection: Connection, packet: ControlPacket): void
}

const origin = { remoteAddress: 'somewhere', listener: 'none', assignedClientIdentifier: 'none', tellsPublisher: true }

export function coreWith(isDurable = false): Driven {
  const core = new BrokerCore({
    limits: { ...defaultLimits, receiveMaximum: 65_535, sessionQueueMessagesMax: 1_000_000 },
    asksAuthentication: false,
    authenticationMethods: new Set(),
    asksAuthorization: false,
    responseTopicPrefix: null,
    whenQueueFull: 'refuse',
    isDurable,
  })
  const turn = newTurn()
  const driven: Driven = {
    core,
    turn,
    nowMs: 1_000_000,
    give(connection, packet) {
      core.receive(connection, packet, driven.nowMs, turn)
      carriedOut(driven)
    },
  }
  return driven
}

/** Everything has left and is durable. */
function carriedOut({ core, turn }: Driven): void {
  for (const outgoing of turn.onceDurable) if (outgoing.type === 'milestone') core.reachMilestone(outgoing.connection)
  turn.now.length = 0
  turn.onceDurable.length = 0
  turn.records.length = 0
  turn.events.length = 0
}

export interface DrivenClient {
  readonly connection: Connection
  subscribe(topicFilter: string, qos: 0 | 1 | 2): void
}

export function clientOf(driven: Driven, clientIdentifier: string, version: 4 | 5 = 5): DrivenClient {
  const connection = driven.core.open({}, origin, driven.nowMs)
  driven.give(connection, connectPacket(clientIdentifier, { version }))
  return {
    connection,
    subscribe(topicFilter, qos) {
      const plain = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
      const subscriptions = [{ ...plain, topicFilter, qos }]
      driven.give(connection, { type: 'subscribe', packetId: 1, subscriptions, properties: {} })
    },
  }
}
