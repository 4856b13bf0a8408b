/**
 * Sender side of QoS 1 and 2: messages on their way to one client. MQTT 5.0 sections 4.3, 4.4 and 4.9. @hot
 *
 * At most Receive Maximum messages are unacknowledged [MQTT-3.3.4-9]; the rest wait in order: in the Backlog if the Session
 * is durable, else in a queue in memory. Messages are sent again only after a new Network Connection, with DUP, under the
 * same Packet Identifier, in their first order [MQTT-4.4.0-1]. A message that waits may be in the store only: then it is
 * asked for, and nothing overtakes it.
 */
import { ReasonCode } from '../../protocol/reason-code.ts'
import type { Connection } from '../connection/connection.ts'
import { writeRecord, writeSessionRecord } from '../log.ts'
import type { Message } from '../message.ts'
import { Backlog } from '../rest/backlog.ts'
import type { Member } from '../rest/recipient-set.ts'
import type { CopyFate } from '../routing/fate.ts'
import type { CoreState, WhenQueueFull } from '../state.ts'
import { OutgoingAcknowledgement, sendNow, sendOnceDurable, type Turn } from '../turn.ts'
import { type Copy, copyFor, nextCopy, withMessage } from './copy.ts'
import { InFlight } from './in-flight.ts'
import { burstBytesMax, loadBytesMax, loadMax, messagesToLoad } from './loading.ts'
import { MessageQueue } from './message-queue.ts'
import { passOn } from './other-member.ts'
import { isTooLarge, outgoingPublish } from './outgoing-publish.ts'
import { isRevoked } from './revoked.ts'
import type { Session } from './session.ts'
import { wrongAcknowledgement } from './wrong-acknowledgement.ts'

export class Outbound {
  readonly #session: Session
  /** Null until there is one. */
  #inFlight: InFlight | null = null
  #backlog: Backlog | null = null
  #queue: MessageQueue | null = null
  #isLoading = false
  /** What is sent belongs in front of the CONNACK's milestone, so that QoS 1 and 2 keep one order. */
  #isResuming = false
  /** What waits at QoS 1 up to this order may have reached the client before a restart cut it off. */
  sentThrough = 0

  constructor(session: Session) {
    this.#session = session
  }

  get inFlightMessages(): number {
    return this.#inFlight === null ? 0 : this.#inFlight.size
  }

  get queuedMessages(): number {
    return (this.#queue === null ? 0 : this.#queue.length) + (this.#backlog === null ? 0 : this.#backlog.length)
  }

  get queuedBytes(): number {
    return (this.#queue === null ? 0 : this.#queue.bytes) + (this.#backlog === null ? 0 : this.#backlog.bytes)
  }

  /** What has waited longest. */
  get firstWaiting(): Member | Copy | null {
    return this.#backlog?.first ?? this.#queue?.first ?? null
  }

  /** Messages that may be sent before an acknowledgement is needed; 0 while the client is away. */
  get freeWindow(): number {
    const connection = this.#session.connection
    return connection === null ? 0 : Math.max(0, connection.sendMaximum - this.#inFlightOnWire())
  }

  /** What waits of a durable Session. */
  get backlog(): Backlog {
    this.#backlog ??= new Backlog(this.#session.useOutbound())
    return this.#backlog
  }

  /** Whether one more message of `bytes` can be taken, sent or queued. */
  hasRoom(bytes: number, core: CoreState, whenQueueFull: WhenQueueFull): boolean {
    const messages = this.queuedMessages
    if (messages === 0 && (this.#session.connection === null || this.freeWindow > 0)) return true
    const { messagesMax, bytesMax } = core.queueBounds(this.#session.survives, whenQueueFull)
    return messages < messagesMax && this.queuedBytes + bytes <= bytesMax
  }

  /** Sends a copy, or queues it in memory if the window is full, the client is away or does not read. */
  deliver(copy: Copy, message: Message, core: CoreState, nowMs: number, turn: Turn): void {
    const connection = this.#mayFollow(core)
    if (connection !== null) {
      message.ownBriefly()
      this.#send(copy, message, connection, core, nowMs, turn)
      return
    }
    message.own()
    this.enqueue(copy)
  }

  /** Sends a durable copy if that can be done at once; if not, the caller adds an entry to the backlog. */
  deliverDurable(member: Member, message: Message, order: number, core: CoreState, nowMs: number, turn: Turn): boolean {
    const connection = this.#mayFollow(core)
    if (connection === null) return false
    message.ownBriefly()
    this.#send(copyFor(member, message, message.seq, order, message.size), message, connection, core, nowMs, turn)
    return true
  }

  /** The connection, if the next copy may go out on it now. */
  #mayFollow(core: CoreState): Connection | null {
    const connection = this.#session.connection
    if (connection === null || this.queuedMessages > 0 || this.#resends()) return null
    return this.#maySend(connection, core) ? connection : null
  }

  #inFlightOnWire(): number {
    return this.#inFlight === null ? 0 : this.#inFlight.onWire
  }

  #resends(): boolean {
    return this.#inFlight !== null && this.#inFlight.nextToResend !== null
  }

  #maySend(connection: Connection, core: CoreState): boolean {
    return this.#inFlightOnWire() < connection.sendMaximum && connection.unsentBytes < core.limits.unsentBytesMax
  }

  /** The same for what waits. */
  #maySendQueued(connection: Connection, core: CoreState): boolean {
    return connection.unsentBytes < burstBytesMax && this.#maySend(connection, core)
  }

  /** Something could be sent once what was sent before has left. */
  get hasWaiting(): boolean {
    return this.#resends() || this.queuedMessages > 0
  }

  /** Sends what the window allows: first what was sent before, then the backlog, then what is queued in memory. */
  sendQueued(core: CoreState, nowMs: number, turn: Turn): void {
    const connection = this.#session.connection
    if (connection === null || this.#isLoading) return
    if (this.#inFlight !== null && !this.#resendMore(this.#inFlight, connection, core, nowMs, turn)) return
    if (this.#backlog !== null && !this.#sendBacklog(this.#backlog, connection, core, nowMs, turn)) return
    const queue = this.#queue
    if (queue === null) return
    while (queue.length > 0 && this.#maySendQueued(connection, core)) {
      const { first } = queue
      if (first === undefined) return
      const message = first.message ?? core.bodies.get(first.messageSeq)
      if (message === undefined) {
        this.#load([first.messageSeq], connection, turn)
        return
      }
      queue.shift()
      const copy = first.message === null ? withMessage(first, message) : first
      if (message.isExpired(nowMs)) this.#settle(copy, 'expired', core)
      else if (isRevoked(this.#session, message, core)) passOn(core, this.#session, copy, nowMs, turn)
      else this.#send(copy, message, connection, core, nowMs, turn)
    }
  }

  /** Queues a copy in memory whose message is in the store. */
  enqueue(copy: Copy): void {
    this.#queue ??= new MessageQueue(this.#session.useOutbound())
    this.#queue.push(copy)
  }

  /** False while something of it is left. */
  #sendBacklog(backlog: Backlog, connection: Connection, core: CoreState, nowMs: number, turn: Turn): boolean {
    for (let member = backlog.first; member !== null; member = backlog.first) {
      if (!this.#maySendQueued(connection, core)) return false
      const message = core.bodies.get(member.set.entries.messageAt(member.position))
      if (message === undefined) {
        this.#load(messagesToLoad(backlog, this.freeWindow, core.bodies), connection, turn)
        return false
      }
      const copy = nextCopy(member, message)
      backlog.shift()
      if (message.isExpired(nowMs)) this.#settle(copy, 'expired', core)
      else if (isRevoked(this.#session, message, core)) passOn(core, this.#session, copy, nowMs, turn)
      else this.#send(copy, message, connection, core, nowMs, turn)
    }
    return true
  }

  #load(seqs: number[], connection: Connection, turn: Turn): void {
    this.#isLoading = true
    turn.loads.push({ connection, seqs })
  }

  /** The messages asked for are in memory. */
  loaded(core: CoreState, nowMs: number, turn: Turn): void {
    this.#isLoading = false
    this.sendQueued(core, nowMs, turn)
  }

  #send(copy: Copy, message: Message, connection: Connection, core: CoreState, nowMs: number, turn: Turn): void {
    this.#inFlight ??= new InFlight(this.#session.useOutbound())
    copy.message = message
    copy.packetId = this.#inFlight.nextPacketId(message.sharedPacketId)
    message.wentOutAs(copy.packetId)
    const dup = copy.qos === 1 && copy.order > 0 && copy.order <= this.sentThrough
    const outgoing = outgoingPublish(copy, message, dup, connection, nowMs)
    if (isTooLarge(outgoing, connection)) {
      copy.packetId = 0
      this.#settle(copy, 'droppedTooLarge', core)
      return
    }
    this.#inFlight.add(copy)
    connection.unsentBytes += copy.size
    const isRecorded = this.#isRecorded(copy)
    // It has left the backlog: from now on only a snapshot of the Session says that there is a copy to come back to.
    if (isRecorded) core.noteChanged(this.#session)
    if (copy.qos === 1 && !this.#isResuming) {
      if (core.drains.isUndurable(copy.order)) sendOnceDurable(turn, connection, outgoing)
      else sendNow(turn, connection, outgoing)
      return
    }
    if (copy.qos === 2 && isRecorded) {
      const { packetId, order } = copy
      writeRecord(core, turn, { type: 'assigned', session: this.#session.number, order, packetId })
    }
    turn.onceDurable.push(outgoing)
  }

  /** A new Network Connection has taken the Session up: what is unacknowledged goes first, then what waits. */
  resume(connection: Connection, core: CoreState, nowMs: number, turn: Turn): void {
    this.#isLoading = false
    if (this.#inFlight !== null) {
      const received = this.#inFlight.beginResending()
      this.#resend(this.#inFlight, connection, core, nowMs, turn)
      for (const { packetId } of received) {
        turn.onceDurable.push(new OutgoingAcknowledgement(connection, 'pubrel', packetId, ReasonCode.Success))
      }
    }
    this.#isResuming = true
    this.sendQueued(core, nowMs, turn)
    this.#isResuming = false
  }

  /** What the window did not allow at first. A milestone keeps it in order, because QoS 2 waits to be durable. */
  #resendMore(inFlight: InFlight, connection: Connection, core: CoreState, nowMs: number, turn: Turn): boolean {
    if (inFlight.nextToResend === null) return true
    if (!this.#maySendQueued(connection, core)) return false
    connection.milestonesAhead += 1
    const isDone = this.#resend(inFlight, connection, core, nowMs, turn)
    turn.onceDurable.push({ type: 'milestone', connection })
    return isDone
  }

  /** False while something of it is left. */
  #resend(inFlight: InFlight, connection: Connection, core: CoreState, nowMs: number, turn: Turn): boolean {
    for (let copy = inFlight.nextToResend; copy !== null; copy = inFlight.nextToResend) {
      if (!this.#maySendQueued(connection, core)) return false
      copy.message ??= core.bodies.get(copy.messageSeq) ?? null
      if (copy.message === null) {
        this.#load(inFlight.missingToResend(loadMax, loadBytesMax), connection, turn)
        return false
      }
      inFlight.resent()
      const mayNot = isRevoked(this.#session, copy.message, core)
      const outgoing = outgoingPublish(copy, copy.message, true, connection, nowMs)
      if (mayNot || isTooLarge(outgoing, connection)) {
        this.#finish(copy, mayNot ? 'accessRevoked' : 'droppedTooLarge', core)
        continue
      }
      inFlight.putOnWire(copy)
      connection.unsentBytes += copy.size
      turn.onceDurable.push(outgoing)
    }
    return true
  }

  /** PUBACK. An unknown Packet Identifier is what a repeated acknowledgement looks like, and ignored. */
  receivePuback(packetId: number, reasonCode: number, core: CoreState, nowMs: number, turn: Turn): void {
    const copy = this.#inFlight?.get(packetId)
    if (copy === undefined) return
    if (copy.qos !== 1) throw wrongAcknowledgement('PUBACK', packetId, copy.qos)
    this.#finish(copy, reasonCode >= 0x80 ? 'refusedByClient' : 'acknowledged', core)
    this.#session.lastAcknowledgedMs = nowMs
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
      this.#finish(copy, 'refusedByClient', core)
      this.#session.lastAcknowledgedMs = nowMs
      this.sendQueued(core, nowMs, turn)
      return
    }
    if (!copy.isReceived) {
      this.#inFlight?.setReceived(copy)
      if (this.#isRecorded(copy)) {
        writeSessionRecord(core, turn, this.#session, { type: 'received', session: this.#session.number, packetId })
      }
    }
    turn.onceDurable.push(new OutgoingAcknowledgement(connection, 'pubrel', packetId, ReasonCode.Success))
  }

  receivePubcomp(packetId: number, core: CoreState, nowMs: number, turn: Turn): void {
    const copy = this.#inFlight?.get(packetId)
    if (copy === undefined) return
    if (copy.qos !== 2 || !copy.isReceived) throw wrongAcknowledgement('PUBCOMP', packetId, copy.qos)
    this.#finish(copy, 'acknowledged', core)
    this.#session.lastAcknowledgedMs = nowMs
    this.sendQueued(core, nowMs, turn)
  }

  /** Makes room by giving up the oldest copy that waits and may give way; false if there is none. */
  dropOldest(core: CoreState): boolean {
    const copy = this.#backlog?.takeFirstToGiveWay(core.bodies) ?? this.#queue?.takeFirstToGiveWay() ?? null
    if (copy !== null) this.#settle(copy, 'droppedQueueFull', core)
    return copy !== null
  }

  /** After a restart: a copy that was sent before it. */
  restoreInFlight(copy: Copy, packetId: number, isReceived: boolean): void {
    this.#inFlight ??= new InFlight(this.#session.useOutbound())
    this.#inFlight.restore(copy, packetId, isReceived)
  }

  /** After a restart: a copy with this order is over, in flight or waiting. */
  restoreSettled(order: number, core: CoreState): void {
    for (const copy of this.#inFlight ?? []) {
      if (copy.order !== order) continue
      this.forgetInFlight(copy, core)
      return
    }
    const taken = this.#backlog?.take(order) ?? null
    if (taken === null) return
    core.endCopy('acknowledged', this.#session, taken.message, null)
    core.release(order, taken.message)
  }

  /** After a restart: a copy in flight is over, if it is not already. */
  forgetInFlight(copy: Copy, core: CoreState): void {
    if (this.#inFlight?.get(copy.packetId) !== copy) return
    this.#inFlight.remove(copy)
    core.endCopy('acknowledged', this.#session, copy.messageSeq, copy.message)
    core.release(copy.order, copy.messageSeq)
  }

  /** After a restart: PUBREC had come for the copy under this Packet Identifier. */
  restoreReceived(packetId: number): void {
    const copy = this.#inFlight?.get(packetId)
    if (copy !== undefined) this.#inFlight?.setReceived(copy)
  }

  /**
   * Empties itself because the Session has ended. Yields the copies that another member of their shared group may get:
   * all that were not sent, and QoS 1 that was not acknowledged [MQTT-4.8.2-5]. The caller decides the fate of each.
   */
  takeAll(core: CoreState): { copy: Copy; mayMove: boolean }[] {
    const all: { copy: Copy; mayMove: boolean }[] = []
    for (const copy of this.#inFlight ?? []) all.push({ copy, mayMove: copy.sharedFilter !== null && copy.qos === 1 })
    for (const { member, order, message, size } of this.#backlog?.drain() ?? []) {
      const body = core.bodies.get(message) ?? null
      all.push({ copy: copyFor(member, body, message, order, size), mayMove: member.sharedFilter !== null })
    }
    for (const copy of this.#queue ?? []) all.push({ copy, mayMove: copy.sharedFilter !== null })
    this.#session.underWay.leave(this.inFlightMessages, this.#queue?.length ?? 0)
    this.#inFlight = null
    this.#backlog = null
    this.#queue = null
    return all
  }

  /** To look at only, in the order of first sending; null if nothing ever was in flight. */
  get inFlight(): InFlight | null {
    return this.#inFlight
  }

  /** What waits in memory, behind the backlog; null if nothing ever did. */
  get queue(): MessageQueue | null {
    return this.#queue
  }

  /** What becomes of the copy must be known after a restart. */
  #isRecorded(copy: Copy): boolean {
    return copy.order > 0 && this.#session.survives
  }

  #finish(copy: Copy, fate: CopyFate, core: CoreState): void {
    this.#inFlight?.remove(copy)
    this.#settle(copy, fate, core)
  }

  #settle(copy: Copy, fate: CopyFate, core: CoreState): void {
    core.endCopy(fate, this.#session, copy.messageSeq, copy.message)
    if (copy.order > 0) core.settle(this.#session, copy)
  }
}
