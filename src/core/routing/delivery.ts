/**
 * Hands copies of a message to Sessions. @hot
 */
import { packetBytesMost, type Qos } from '../../protocol/control-packet.ts'
import type { Connection } from '../connection/connection.ts'
import { writeRecord } from '../log.ts'
import type { Message } from '../message.ts'
import type { RetainRule, Seq } from '../record.ts'
import type { RecipientSet } from '../rest/recipient-set.ts'
import { Copy } from '../session/copy.ts'
import { isTooLarge } from '../session/outgoing-publish.ts'
import type { Session } from '../session/session.ts'
import type { CoreState } from '../state.ts'
import { OutgoingPublish, sendNow, type Turn } from '../turn.ts'
import { recordSets } from './audience.ts'

/** A copy without records: QoS 0, or for a Session that is not durable. The caller has made sure that there is room. */
export function deliverCopy(
  core: CoreState,
  session: Session,
  message: Message,
  qos: Qos,
  retain: RetainRule,
  subscriptionIdentifiers: readonly number[] | null,
  sharedFilter: string | null,
  nowMs: number,
  turn: Turn,
): void {
  core.beginCopy(session, message.seq)
  if (qos > 0) {
    const copy = new Copy(message, message.seq, 0, message.size, qos, retain, subscriptionIdentifiers, sharedFilter)
    session.outbound.deliver(copy, message, core, nowMs, turn)
    return
  }
  const connection = session.connection
  if (connection === null) core.endCopy('droppedOffline', session, message.seq, message)
  else if (connection.unsentBytes >= core.limits.unsentBytesMax) {
    core.endCopy('droppedSlow', session, message.seq, message)
  } else sendQos0(core, session, connection, message, retain, subscriptionIdentifiers, nowMs, turn)
}

/** Durable copies for all members of a set, whose record, at `order`, has been written. The caller has made sure of room. */
export function deliverToSet(
  core: CoreState,
  set: RecipientSet,
  message: Message,
  order: number,
  nowMs: number,
  turn: Turn,
): void {
  const { members } = set
  const { seq } = message
  core.beginCopies(members, seq)
  core.live.add(seq, members.length)
  if (order !== seq) core.live.add(order, members.length)
  let position = -1
  for (const member of members) {
    const { outbound } = member.session
    if (outbound.deliverDurable(member, message, order, core, nowMs, turn)) continue
    if (position < 0) {
      position = set.entries.push(order, seq, message.size, message.mayGiveWay)
      core.bodies.keep(message)
      core.bodies.makeRoom()
    }
    outbound.backlog.add(member, position, message.size)
  }
}

/** One more copy of a message that has its record, for each member of a set. */
export function deliverFurther(core: CoreState, set: RecipientSet, message: Message, nowMs: number, turn: Turn): void {
  const { seq, size } = message
  const [recipients = 0] = recordSets(core, [set], turn)
  const order = writeRecord(core, turn, { type: 'copied', message: seq, size, recipients })
  deliverToSet(core, set, message, order, nowMs, turn)
}

/** The same for a message that is in the store only. */
export function enqueueInSet(
  core: CoreState,
  set: RecipientSet,
  messageSeq: number,
  order: number,
  size: number,
  mayGiveWay: boolean,
  nowMs: number,
  turn: Turn,
): void {
  const { members } = set
  core.beginCopies(members, messageSeq)
  core.live.add(messageSeq, members.length)
  core.live.add(order, members.length)
  const position = set.entries.push(order, messageSeq, size, mayGiveWay)
  for (const member of members) {
    member.session.outbound.backlog.add(member, position, size)
    member.session.outbound.sendQueued(core, nowMs, turn)
  }
}

function sendQos0(
  core: CoreState,
  session: Session,
  connection: Connection,
  message: Message,
  retainRule: RetainRule,
  subscriptionIdentifiers: readonly number[] | null,
  nowMs: number,
  turn: Turn,
): void {
  let alias = 0
  let omitTopicName = false
  const aliases = connection.outboundAliases
  // An alias is set up by the packet that is sent first, so only packets that leave in this order may carry one.
  if (aliases !== null && connection.milestonesAhead === 0 && connection.maximumPacketSize === packetBytesMost) {
    alias = aliases.assign(message.topicName)
    if (alias < 0) {
      omitTopicName = true
      alias = -alias
    }
  }
  const retain = retainRule === 'as-published' ? message.publish.retain : retainRule === 'set'
  const seconds = message.secondsLeft(nowMs)
  const outgoing = new OutgoingPublish(
    connection,
    message,
    0,
    false,
    retain,
    0,
    alias,
    omitTopicName,
    subscriptionIdentifiers,
    seconds,
  )
  if (isTooLarge(outgoing, connection)) {
    core.endCopy('droppedTooLarge', session, message.seq, message)
    return
  }
  core.endCopy('sentQos0', session, message.seq, message)
  connection.unsentBytes += message.publish.payloadSize + 8
  sendNow(turn, connection, outgoing)
}

/** In place of `deliverCopy`, where the Session's queue has no room and nobody can be told. */
export function dropForFullQueue(
  core: CoreState,
  fate: 'droppedQueueFull' | 'deadLettered',
  session: Session,
  messageSeq: Seq,
  message: Message | null,
): void {
  core.beginCopy(session, messageSeq)
  core.endCopy(fate, session, messageSeq, message)
}
