/**
 * Sender side of QoS 1 and 2: messages on their way to one client. MQTT 5.0 sections 4.3, 4.4 and 4.9. @hot
 *
 * At most Receive Maximum messages are unacknowledged [MQTT-3.3.4-9]; the rest wait in order. Messages are sent again only
 * after a new Network Connection, with DUP, under the same Packet Identifier, in their first order [MQTT-4.4.0-1]: as many as
 * its Receive Maximum allows, the others before anything that waits.
 */
import assert from 'node:assert/strict'
import { ProtocolViolation } from '../../protocol/protocol-violation.ts'
import { publishSize } from '../../protocol/publish-encoder.ts'
import { ReasonCode, reasonCodeName } from '../../protocol/reason-code.ts'
import type { Connection } from '../connection/connection.ts'
import type { CopyFate } from '../routing/fate.ts'
import type { CoreState } from '../state.ts'
import { OutgoingAcknowledgement, OutgoingPublish, sendNow, type Turn } from '../turn.ts'
import type { Copy } from './copy.ts'
import { MessageQueue } from './message-queue.ts'
import { PacketIds } from './packet-ids.ts'
import type { Session } from './session.ts'

export class Outbound {
  readonly #session: Session
  /** In the order of first sending, after PUBREC in the order of those; null until there is one. */
  #inFlight: Map<number, Copy> | null = null
  /** How many of them are to be sent again, and where the next one is looked for. */
  #toResendCount = 0
  #toResend: Iterator<Copy> | null = null
  #queue: MessageQueue | null = null
  #packetIds: PacketIds | null = null
  /** What is sent belongs in front of the CONNACK's milestone, so that QoS 1 and 2 keep one order. */
  #isResuming = false

  constructor(session: Session) {
    this.#session = session
  }

  get inFlightMessages(): number {
    return this.#inFlight === null ? 0 : this.#inFlight.size
  }

  get queuedMessages(): number {
    return this.#queue === null ? 0 : this.#queue.length
  }

  get queuedBytes(): number {
    return this.#queue === null ? 0 : this.#queue.bytes
  }

  /** Messages that may be sent before an acknowledgement is needed; 0 while the client is away. */
  get freeWindow(): number {
    const connection = this.#session.connection
    if (connection === null) return 0
    return Math.max(0, connection.sendMaximum - this.inFlightMessages)
  }

  /** Whether one more message of `bytes` can be taken, sent or queued. */
  hasRoom(bytes: number, core: CoreState): boolean {
    const queue = this.#queue
    if (queue === null || (queue.length === 0 && this.freeWindow > 0)) return true
    return queue.length < core.limits.sessionQueueMessagesMax && queue.bytes + bytes <= core.limits.sessionQueueBytesMax
  }

  /** Sends a copy, or queues it if the window is full, the client is away or does not read. The message is kept. */
  deliver(copy: Copy, core: CoreState, nowMs: number, turn: Turn): void {
    const connection = this.#session.connection
    const mayFollow = this.#toResendCount === 0 && this.queuedMessages === 0
    if (connection !== null && mayFollow && this.#maySend(connection, core)) {
      copy.message.ownBriefly()
      this.#send(copy, connection, core, nowMs, turn)
    } else this.enqueue(copy)
  }

  enqueue(copy: Copy): void {
    copy.message.own()
    this.#queue ??= new MessageQueue()
    this.#queue.push(copy)
  }

  /** Sends what the window allows. */
  sendQueued(core: CoreState, nowMs: number, turn: Turn): void {
    const connection = this.#session.connection
    if (connection === null) return
    if (this.#toResendCount > 0 && this.#maySend(connection, core)) this.#sendMoreAgain(connection, core, nowMs, turn)
    const queue = this.#queue
    if (queue === null) return
    while (queue.length > 0 && this.#maySend(connection, core)) {
      const copy = queue.shift()
      if (copy === undefined) return
      if (copy.message.isExpired(nowMs)) this.#settle(copy, 'expired', core)
      else this.#send(copy, connection, core, nowMs, turn)
    }
  }

  #maySend(connection: Connection, core: CoreState): boolean {
    const unacknowledged = this.inFlightMessages - this.#toResendCount
    return unacknowledged < connection.sendMaximum && connection.unsentBytes < core.limits.unsentBytesMax
  }

  #send(copy: Copy, connection: Connection, core: CoreState, nowMs: number, turn: Turn): void {
    this.#inFlight ??= new Map()
    this.#packetIds ??= new PacketIds()
    copy.packetId = this.#packetIds.next(this.#inFlight)
    const outgoing = outgoingPublish(copy, false, connection, nowMs)
    if (isTooLarge(outgoing, connection)) {
      copy.packetId = 0
      this.#settle(copy, 'droppedTooLarge', core)
      return
    }
    this.#inFlight.set(copy.packetId, copy)
    connection.unsentBytes += copy.message.size
    if (copy.qos === 1 && !this.#isResuming) {
      sendNow(turn, connection, outgoing)
      return
    }
    if (copy.qos === 2 && this.#session.survives) {
      const { key } = this.#session
      turn.records.push({ type: 'assigned', session: key, messageId: copy.message.id, packetId: copy.packetId })
    }
    turn.onceDurable.push(outgoing)
  }

  /** A new Network Connection has taken the Session up: what is unacknowledged goes first, then what waits. */
  resume(connection: Connection, core: CoreState, nowMs: number, turn: Turn): void {
    const inFlight = this.#inFlight
    if (inFlight !== null) {
      this.#toResendCount = 0
      this.#toResend = inFlight.values()
      for (const copy of inFlight.values()) {
        copy.isToResend = !copy.isReceived
        if (copy.isToResend) this.#toResendCount += 1
      }
      for (const copy of inFlight.values()) {
        if (copy.isReceived) {
          turn.onceDurable.push(new OutgoingAcknowledgement(connection, 'pubrel', copy.packetId, ReasonCode.Success))
        } else if (this.#maySend(connection, core)) this.#sendNextAgain(connection, core, nowMs, turn)
      }
    }
    this.#isResuming = true
    this.sendQueued(core, nowMs, turn)
    this.#isResuming = false
  }

  /** What the window did not allow at first. A milestone keeps it in order, because QoS 2 waits to be durable. */
  #sendMoreAgain(connection: Connection, core: CoreState, nowMs: number, turn: Turn): void {
    connection.milestonesAhead += 1
    while (this.#toResendCount > 0 && this.#maySend(connection, core)) {
      this.#sendNextAgain(connection, core, nowMs, turn)
    }
    turn.onceDurable.push({ type: 'milestone', connection })
  }

  #sendNextAgain(connection: Connection, core: CoreState, nowMs: number, turn: Turn): void {
    let copy = this.#toResend?.next().value
    while (copy?.isToResend === false) copy = this.#toResend?.next().value
    assert(copy !== undefined, 'what is to be sent again lies ahead in the order of first sending')
    const outgoing = outgoingPublish(copy, true, connection, nowMs)
    if (isTooLarge(outgoing, connection)) {
      this.#finish(copy, 'droppedTooLarge', core)
      return
    }
    this.#needsNoResend(copy)
    connection.unsentBytes += copy.message.size
    turn.onceDurable.push(outgoing)
  }

  #needsNoResend(copy: Copy): void {
    if (!copy.isToResend) return
    copy.isToResend = false
    this.#toResendCount -= 1
  }

  /** PUBACK. An unknown Packet Identifier is what a repeated acknowledgement looks like, and ignored. */
  receivePuback(packetId: number, core: CoreState, nowMs: number, turn: Turn): void {
    const copy = this.#inFlight?.get(packetId)
    if (copy === undefined) return
    if (copy.qos !== 1) throw wrongAcknowledgement('PUBACK', packetId, copy.qos)
    this.#finish(copy, 'acknowledged', core)
    this.sendQueued(core, nowMs, turn)
  }

  /** PUBREC: answered with PUBREL once that is written down; an error ends the message [MQTT-4.3.3-4]. */
  receivePubrec(packetId: number, reasonCode: number, core: CoreState, nowMs: number, turn: Turn): void {
    const connection = this.#session.connection
    if (connection === null) return
    const copy = this.#inFlight?.get(packetId)
    if (copy === undefined) {
      if (reasonCode >= 0x80) return
      turn.onceDurable.push(
        new OutgoingAcknowledgement(connection, 'pubrel', packetId, ReasonCode.PacketIdentifierNotFound),
      )
      return
    }
    if (copy.qos !== 2) throw wrongAcknowledgement('PUBREC', packetId, copy.qos)
    if (reasonCode >= 0x80 && !copy.isReceived) {
      this.#finish(copy, 'acknowledged', core)
      this.sendQueued(core, nowMs, turn)
      return
    }
    if (!copy.isReceived) this.#noteReceived(copy, turn)
    turn.onceDurable.push(new OutgoingAcknowledgement(connection, 'pubrel', packetId, ReasonCode.Success))
  }

  #noteReceived(copy: Copy, turn: Turn): void {
    const { packetId } = copy
    copy.isReceived = true
    this.#needsNoResend(copy)
    // To the end: should PUBREL have to be sent again, it keeps the order of the PUBRECs [MQTT-4.6.0-4].
    this.#inFlight?.delete(packetId)
    this.#inFlight?.set(packetId, copy)
    if (this.#session.survives) turn.records.push({ type: 'received', session: this.#session.key, packetId })
  }

  receivePubcomp(packetId: number, core: CoreState, nowMs: number, turn: Turn): void {
    const copy = this.#inFlight?.get(packetId)
    if (copy === undefined) return
    if (copy.qos !== 2 || !copy.isReceived) throw wrongAcknowledgement('PUBCOMP', packetId, copy.qos)
    this.#finish(copy, 'acknowledged', core)
    this.sendQueued(core, nowMs, turn)
  }

  /**
   * Empties itself because the Session has ended. Yields the copies that another member of their shared group may get:
   * all that were not sent, and QoS 1 that was not acknowledged [MQTT-4.8.2-5]. The caller decides the fate of each.
   */
  takeAll(): { copy: Copy; mayMove: boolean }[] {
    const all: { copy: Copy; mayMove: boolean }[] = []
    for (const copy of this.#inFlight?.values() ?? [])
      all.push({ copy, mayMove: copy.group !== null && copy.qos === 1 })
    for (const copy of this.#queue ?? []) all.push({ copy, mayMove: copy.group !== null })
    this.#inFlight = null
    this.#toResendCount = 0
    this.#queue = null
    return all
  }

  /** Every copy in flight and waiting, oldest first. */
  *copies(): Generator<Copy> {
    if (this.#inFlight !== null) yield* this.#inFlight.values()
    if (this.#queue !== null) yield* this.#queue
  }

  #finish(copy: Copy, fate: CopyFate, core: CoreState): void {
    this.#inFlight?.delete(copy.packetId)
    this.#needsNoResend(copy)
    this.#settle(copy, fate, core)
  }

  #settle(copy: Copy, fate: CopyFate, core: CoreState): void {
    core.tally.copies[fate] += 1
    if (this.#session.survives) core.settle(this.#session, copy.message.id)
  }
}

function outgoingPublish(copy: Copy, dup: boolean, connection: Connection, nowMs: number): OutgoingPublish {
  const { message, packetId, subscriptionIdentifiers } = copy
  const seconds = message.secondsLeft(nowMs)
  return new OutgoingPublish(
    connection,
    message,
    copy.qos,
    dup,
    copy.retain,
    packetId,
    0,
    false,
    subscriptionIdentifiers,
    seconds,
  )
}

/** A client that set a Maximum Packet Size gets nothing larger; it counts as delivered [MQTT-3.1.2-24] [MQTT-3.1.2-25]. */
export function isTooLarge(outgoing: OutgoingPublish, connection: Connection): boolean {
  if (connection.maximumPacketSize === Number.POSITIVE_INFINITY) return false
  return publishSize(outgoing.message.publish, connection.protocolVersion, outgoing) > connection.maximumPacketSize
}

function wrongAcknowledgement(name: string, packetId: number, qos: number): ProtocolViolation {
  const code = ReasonCode.ProtocolError
  const text = `${name} for Packet Identifier ${packetId} does not fit: it is a QoS ${qos} message (${reasonCodeName(code)})`
  return new ProtocolViolation(code, 'MQTT-4.3.3-4', text)
}
