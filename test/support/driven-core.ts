/**
 * The core on its own, for unit tests: each input gives the Turn it led to, and a clock that only the test moves.
 */
import { BrokerCore } from '../../src/core/broker.ts'
import type { Connection } from '../../src/core/connection/connection.ts'
import { defaultLimits, type Limits } from '../../src/core/limits.ts'
import type { Session } from '../../src/core/session/session.ts'
import type { CoreOptions, CoreState } from '../../src/core/state.ts'
import { newTurn, type Outgoing, type Turn } from '../../src/core/turn.ts'
import type {
  Acknowledgement,
  ConnectProperties,
  ControlPacket,
  SubscriptionRequest,
  WillMessage,
} from '../../src/protocol/control-packet.ts'
import { type PublishFields, publish } from '../../src/protocol/packets/publish.ts'

import { expectLedger } from './ledger.ts'

const origin = {
  remoteAddress: 'somewhere',
  listener: 'a test',
  assignedClientIdentifier: 'assigned',
  tellsPublisher: true,
}

export interface DrivenConnect {
  version?: 4 | 5
  cleanStart?: boolean
  keepAliveSeconds?: number
  will?: Partial<WillMessage>
  properties?: ConnectProperties
}

export class DrivenCore {
  readonly core: BrokerCore
  nowMs = 1_000_000
  /** What a Turn wants to send leaves before the next input; a test may hold it back. */
  leaves = true

  constructor(limits: Partial<Limits> = {}, options: Partial<CoreOptions> = {}) {
    this.core = new BrokerCore({
      limits: { ...defaultLimits, ...limits },
      asksAuthentication: false,
      authenticationMethods: new Set(),
      asksAuthorization: false,
      responseTopicPrefix: null,
      whenQueueFull: 'refuse',
      isDurable: false,
      ...options,
    })
  }

  get state(): CoreState {
    return this.core.state
  }

  input(give: (core: BrokerCore, nowMs: number, turn: Turn) => void): Turn {
    const turn = newTurn()
    give(this.core, this.nowMs, turn)
    expectLedger(this.core.state)
    if (this.leaves) this.allLeft(turn)
    return turn
  }

  /** Everything in the Turn has left; what was held back for a milestone stands in its place. */
  allLeft(turn: Turn): void {
    turn.onceDurable = turn.onceDurable.flatMap((outgoing): readonly Outgoing[] =>
      outgoing.type === 'milestone' ? this.core.reachMilestone(outgoing.connection) : [outgoing],
    )
  }

  /** A client of 5.0 whose Session stays for 1000 seconds, unless `fields` say otherwise. */
  connect(clientIdentifier: string, fields: DrivenConnect = {}): Connection {
    const connection = this.core.open({}, origin, this.nowMs)
    this.receive(connection, connectPacket(clientIdentifier, fields))
    return connection
  }

  receive(connection: Connection, packet: ControlPacket): Turn {
    return this.input((core, nowMs, turn) => core.receive(connection, packet, nowMs, turn))
  }

  publish(connection: Connection, fields: PublishFields): Turn {
    return this.receive(connection, publish(fields))
  }

  acknowledge(connection: Connection, type: Acknowledgement['type'], packetId: number, reasonCode = 0): Turn {
    return this.receive(connection, { type, packetId, reasonCode, properties: {} })
  }

  subscribe(connection: Connection, topicFilter: string, options: Partial<SubscriptionRequest> = {}): Turn {
    const plain = { qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
    const subscriptions = [{ ...plain, topicFilter, ...options }]
    return this.receive(connection, { type: 'subscribe', packetId: 1, subscriptions, properties: {} })
  }

  /** Subscribes to what the broker itself says, as a client that may. */
  observe(connection: Connection, topicFilter: string): Turn {
    const [question] = this.subscribe(connection, topicFilter).questions
    if (question === undefined) throw new Error(`nobody asks who may see ${topicFilter}`)
    return this.input((core, nowMs, turn) =>
      core.answered(question, { type: 'authorized', allowed: [true] }, nowMs, turn),
    )
  }

  breakOff(connection: Connection): Turn {
    return this.input((core, nowMs, turn) => core.closed(connection, 'it broke', nowMs, turn))
  }

  disconnect(connection: Connection, reasonCode = 0): Turn {
    return this.receive(connection, { type: 'disconnect', reasonCode, properties: {} })
  }

  advance(seconds: number): Turn {
    this.nowMs += seconds * 1000
    return this.input((core, nowMs, turn) => core.advance(nowMs, turn))
  }

  session(clientIdentifier: string): Session {
    const session = this.state.sessions.get('', clientIdentifier)
    if (session === undefined) throw new Error(`there is no Session of ${clientIdentifier}`)
    return session
  }
}

export function connectPacket(clientIdentifier: string, fields: DrivenConnect): ControlPacket {
  const { version = 5, cleanStart = false, keepAliveSeconds = 0, will, properties } = fields
  const plainWill = { topicName: 'will', payload: Buffer.from('gone'), qos: 0, retain: false, properties: {} } as const
  return {
    type: 'connect',
    protocolVersion: version,
    cleanStart,
    keepAliveSeconds,
    clientIdentifier,
    will: will === undefined ? null : { ...plainWill, ...will },
    userName: null,
    password: null,
    properties: version === 4 ? {} : { sessionExpiryInterval: 1000, ...properties },
  }
}

/** What goes to a connection, in a few words each, in the order in which it leaves. */
export function sent(turn: Turn, connection: Connection): string[] {
  return [...turn.now, ...turn.onceDurable].flatMap((outgoing) => {
    return outgoing.type !== 'answer' && outgoing.connection === connection ? [inWords(outgoing)] : []
  })
}

/** The same for what may leave at once. */
export function sentNow(turn: Turn, connection: Connection): string[] {
  return sent({ ...turn, onceDurable: [] }, connection)
}

function inWords(outgoing: Exclude<Outgoing, { type: 'answer' }>): string {
  switch (outgoing.type) {
    case 'publish': {
      const { message, qos, packetId, dup } = outgoing
      const identifier = qos === 0 ? '' : ` ${packetId}`
      return `publish ${message.topicName} ${message.publish.payload} qos ${qos}${identifier}${dup ? ' dup' : ''}`
    }
    case 'acknowledgement':
      return `${outgoing.packetType} ${outgoing.packetId} ${outgoing.reasonCode}`
    case 'packet': {
      const { packet } = outgoing
      if ('packetId' in packet && 'reasonCode' in packet)
        return `${packet.type} ${packet.packetId} ${packet.reasonCode}`
      return 'reasonCode' in packet ? `${packet.type} ${packet.reasonCode}` : packet.type
    }
    case 'close':
    case 'milestone':
      return outgoing.type
  }
}
