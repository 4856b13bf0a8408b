/**
 * What the core decided in answer to one or more inputs: facts to make durable, and what may leave when.
 *
 * The law: nothing that rests on an undurable record leaves the process. `now` may leave at once, because a crash on the
 * next line would do no harm; `onceDurable` leaves, in order, after this turn's and every earlier turn's records are durable.
 * Closing a Network Connection is an entry in the same lists, so that it cannot overtake what was said before it.
 */
import type { ControlPacket, Qos } from '../protocol/control-packet.ts'
import type { Connection } from './connection/connection.ts'
import type { BrokerEvent } from './event.ts'
import type { Message } from './message.ts'
import type { Question } from './question.ts'
import type { CoreRecord } from './record.ts'
import type { BrokerRequest } from './session/requests.ts'

/** One copy of a message on its way to one client. Its fields are what the codec needs to know beyond the message. */
export class OutgoingPublish {
  readonly type = 'publish' as const
  readonly connection: Connection
  readonly message: Message
  readonly qos: Qos
  readonly dup: boolean
  readonly retain: boolean
  /** 0 at QoS 0. */
  readonly packetId: number
  /** 0 for none. */
  readonly topicAlias: number
  /** The client already knows what the Topic Alias stands for. */
  readonly omitTopicName: boolean
  readonly subscriptionIdentifiers: readonly number[] | null
  /** Seconds; -1 for none. */
  readonly messageExpiryInterval: number

  constructor(
    connection: Connection,
    message: Message,
    qos: Qos,
    dup: boolean,
    retain: boolean,
    packetId: number,
    topicAlias: number,
    omitTopicName: boolean,
    subscriptionIdentifiers: readonly number[] | null,
    messageExpiryInterval: number,
  ) {
    this.connection = connection
    this.message = message
    this.qos = qos
    this.dup = dup
    this.retain = retain
    this.packetId = packetId
    this.topicAlias = topicAlias
    this.omitTopicName = omitTopicName
    this.subscriptionIdentifiers = subscriptionIdentifiers
    this.messageExpiryInterval = messageExpiryInterval
  }
}

/** An acknowledgement without properties: nearly all of them. */
export class OutgoingAcknowledgement {
  readonly type = 'acknowledgement' as const
  readonly connection: Connection
  readonly packetType: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp'
  readonly packetId: number
  readonly reasonCode: number

  constructor(
    connection: Connection,
    packetType: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp',
    packetId: number,
    reasonCode: number,
  ) {
    this.connection = connection
    this.packetType = packetType
    this.packetId = packetId
    this.reasonCode = reasonCode
  }
}

/** Any other packet, and acknowledgements with properties. */
export interface OutgoingPacket {
  readonly type: 'packet'
  readonly connection: Connection
  readonly packet: Exclude<ControlPacket, { type: 'publish' }>
}

/** Close the Network Connection once what was sent before has been written. */
export interface OutgoingClose {
  readonly type: 'close'
  readonly connection: Connection
}

/** The answer to a message published by code: resolves its promise. */
export interface OutgoingAnswer {
  readonly type: 'answer'
  /** What `publishLocally` was given. */
  readonly token: number
  readonly reasonCode: number
  /** Subscriptions the message went to; a shared group counts once. */
  readonly matched: number
  /** Copies of it that wait. */
  readonly queued: number
  /** What a client would be told beyond the Reason Code; null where that says it. */
  readonly fate: string | null
  /** Why it was refused; null if it was not. */
  readonly text: string | null
}

/** No packet: what stood before it has left, so what the connection held back for that goes out here. */
export interface OutgoingMilestone {
  readonly type: 'milestone'
  readonly connection: Connection
}

export type Outgoing =
  | OutgoingPublish
  | OutgoingAcknowledgement
  | OutgoingPacket
  | OutgoingClose
  | OutgoingMilestone
  | OutgoingAnswer
/** What goes to one connection. */
export type OutgoingToConnection = Exclude<Outgoing, OutgoingAnswer>

/** Messages that wait in the connection's Session and are to be read from the store. */
export interface Load {
  readonly connection: Connection
  /** Places of their records. */
  readonly seqs: readonly number[]
}

export interface Turn {
  /** One atomic batch, in order. */
  records: CoreRecord[]
  now: Outgoing[]
  onceDurable: Outgoing[]
  /** What must be read from the store. */
  loads: Load[]
  /** What the host must be asked; the connection concerned waits for `answered`. */
  questions: Question[]
  /** What clients ask of the broker itself; each is answered with `answerRequest`. */
  requests: BrokerRequest[]
  /** What the host may want to know; never needed for correctness. */
  events: BrokerEvent[]
}

export function newTurn(): Turn {
  return { records: [], now: [], onceDurable: [], loads: [], questions: [], requests: [], events: [] }
}

/** Sends what would do no harm before a crash, but not before a milestone is reached that it must not overtake. */
export function sendNow(turn: Turn, connection: Connection, outgoing: OutgoingToConnection): void {
  if (connection.milestonesAhead === 0) {
    turn.now.push(outgoing)
    return
  }
  connection.heldBack ??= []
  connection.heldBack.push(outgoing)
  if (outgoing.type !== 'publish') return
  outgoing.message.ownBriefly()
  connection.heldBackBytes += outgoing.message.size
}

/** The same for what must wait for the records of this turn, behind what was sent before and before what follows. */
export function sendOnceDurable(turn: Turn, connection: Connection, outgoing: OutgoingToConnection): void {
  connection.milestonesAhead += 1
  sendNow(turn, connection, outgoing)
  turn.onceDurable.push({ type: 'milestone', connection })
}
