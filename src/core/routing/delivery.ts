/**
 * Hands one copy of a message to one Session. @hot
 */
import type { Qos } from '../../protocol/control-packet.ts'
import type { Connection } from '../connection/connection.ts'
import type { Message } from '../message.ts'
import type { Recipient } from '../record.ts'
import { Copy } from '../session/copy.ts'
import { isTooLarge } from '../session/outbound.ts'
import type { Session } from '../session/session.ts'
import type { CoreState } from '../state.ts'
import { OutgoingPublish, sendNow, type Turn } from '../turn.ts'
import type { SharedGroup } from './shared-group.ts'

/** The caller has made sure that the Session's queue has room, and has written the record if one is needed. */
export function deliverCopy(
  core: CoreState,
  session: Session,
  message: Message,
  qos: Qos,
  retain: boolean,
  subscriptionIdentifiers: readonly number[] | null,
  group: SharedGroup | null,
  nowMs: number,
  turn: Turn,
): void {
  core.tally.created += 1
  if (qos > 0) {
    session.outbound.deliver(new Copy(message, qos, retain, subscriptionIdentifiers, group), core, nowMs, turn)
    return
  }
  const connection = session.connection
  if (connection === null) core.tally.copies.droppedOffline += 1
  else if (connection.unsentBytes >= core.limits.unsentBytesMax) core.tally.copies.droppedSlow += 1
  else sendQos0(core, connection, message, retain, subscriptionIdentifiers, nowMs, turn)
}

function sendQos0(
  core: CoreState,
  connection: Connection,
  message: Message,
  retain: boolean,
  subscriptionIdentifiers: readonly number[] | null,
  nowMs: number,
  turn: Turn,
): void {
  let alias = 0
  let omitTopicName = false
  const aliases = connection.outboundAliases
  // An alias is set up by the packet that is sent first, so only packets that leave in this order may carry one.
  if (
    aliases !== null &&
    connection.milestonesAhead === 0 &&
    connection.maximumPacketSize === Number.POSITIVE_INFINITY
  ) {
    alias = aliases.assign(message.topicName)
    if (alias < 0) {
      omitTopicName = true
      alias = -alias
    }
  }
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
    core.tally.copies.droppedTooLarge += 1
    return
  }
  core.tally.copies.sentQos0 += 1
  connection.unsentBytes += message.publish.payloadSize + 8
  sendNow(turn, connection, outgoing)
}

/** In place of `deliverCopy`, where the Session's queue has no room and nobody can be told. */
export function dropForFullQueue(core: CoreState): void {
  core.tally.created += 1
  core.tally.copies.droppedQueueFull += 1
}

/** How a record names one durable copy. */
export function recipient(
  session: Session,
  qos: Qos,
  retain: boolean,
  subscriptionIdentifiers: readonly number[] | null,
  sharedFilter: string | null,
): Recipient {
  return { session: session.key, qos, retain, subscriptionIdentifiers, sharedFilter }
}
