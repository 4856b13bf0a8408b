/**
 * Every message something is owed for, by seq, and how much may be owed.
 */
import type { Connection } from '../connection/connection.ts'
import type { Limits } from '../limits.ts'
import type { Seq } from '../record.ts'
import type { MessageFate } from '../routing/fate.ts'
import type { Session } from '../session/session.ts'
import type { HeldAcknowledgement, Obligation } from './obligation.ts'

/** How what was owed has been given, since the broker was made. */
export interface OwedCounts {
  receipts: number
  /** Acknowledgements that a subscriber's acknowledgement let go. */
  acknowledgedOnDelivery: number
  /** Those that were given because the time was over, with every copy still on its way or queued. */
  acknowledgedQueued: number
  /** Those of messages that no subscriber will ever acknowledge. */
  acknowledgedFailed: number
}

export class OwedMessages {
  readonly #open = new Map<Seq, Obligation>()
  /** Each message asks, and the Map is further away than this. */
  #size = 0
  readonly #limits: Limits
  readonly #isDurable: boolean
  /** About which there is something to decide before the input ends. */
  readonly touched = new Set<Obligation>()
  /** Those whose snapshot is not what they are; stays empty where there are no snapshots. */
  readonly changed = new Set<Obligation>()
  readonly counts: OwedCounts = {
    receipts: 0,
    acknowledgedOnDelivery: 0,
    acknowledgedQueued: 0,
    acknowledgedFailed: 0,
  }

  constructor(limits: Limits, isDurable: boolean) {
    this.#limits = limits
    this.#isDurable = isDurable
  }

  get size(): number {
    return this.#size
  }

  has(message: Seq): boolean {
    return this.#open.has(message)
  }

  get(message: Seq): Obligation | undefined {
    return this.#open.get(message)
  }

  all(): IterableIterator<Obligation> {
    return this.#open.values()
  }

  /** Its snapshot must be renewed. */
  noteChanged(obligation: Obligation): void {
    if (this.#isDurable && obligation.isRecorded) this.changed.add(obligation)
  }

  /** A held message has found a listener, whose copy has begun; or it will not have one any more. */
  endHold(message: Seq, fate: MessageFate): void {
    const obligation = this.#open.get(message)
    if (obligation === undefined) return
    obligation.isHeld = false
    obligation.fate = fate
    if (fate === 'routed') obligation.matched = 1
    this.touched.add(obligation)
    this.noteChanged(obligation)
  }

  /** The limit because of which nothing more may be owed, to this Session or in all; null if something may. */
  fault(requester: Session | null): 'owedMessagesMax' | 'owedMessagesPerSessionMax' | null {
    const { owedMessagesMax, owedMessagesPerSessionMax } = this.#limits
    if ((requester?.owedMessages ?? 0) >= owedMessagesPerSessionMax) return 'owedMessagesPerSessionMax'
    return this.#open.size >= owedMessagesMax ? 'owedMessagesMax' : null
  }

  /** Whether one more acknowledgement may wait on a connection: at most half of the window does. */
  mayHold(connection: Connection): boolean {
    return connection.heldAcknowledgements < Math.floor(this.#limits.receiveMaximum / 2)
  }

  add(obligation: Obligation): void {
    this.#open.set(obligation.message, obligation)
    this.#size = this.#open.size
    if (obligation.requester !== null) obligation.requester.owedMessages += 1
  }

  remove(obligation: Obligation): void {
    if (this.#open.get(obligation.message) !== obligation) return
    this.#open.delete(obligation.message)
    this.#size = this.#open.size
    if (obligation.requester !== null) obligation.requester.owedMessages -= 1
  }

  /** An acknowledgement waits: for the Session, and on the connection if it has sent its PUBLISH on it. */
  hold(obligation: Obligation, session: Session, acknowledgement: HeldAcknowledgement): void {
    this.releaseIdentifier(session, acknowledgement.packetId)
    obligation.acknowledgement = acknowledgement
    if (acknowledgement.connection !== null) acknowledgement.connection.heldAcknowledgements += 1
    session.heldAcknowledgements ??= new Map()
    session.heldAcknowledgements.set(acknowledgement.packetId, obligation)
  }

  /** It waits no more: it has been given, or nobody is there to give it to. */
  release(obligation: Obligation): void {
    const { acknowledgement, requester } = obligation
    if (acknowledgement === null) return
    obligation.acknowledgement = null
    if (acknowledgement.connection !== null) acknowledgement.connection.heldAcknowledgements -= 1
    if (requester?.heldAcknowledgements?.get(acknowledgement.packetId) === obligation) {
      requester.heldAcknowledgements.delete(acknowledgement.packetId)
    }
    this.touched.add(obligation)
  }

  /** The client has done with the Packet Identifier. */
  releaseIdentifier(session: Session, packetId: number): void {
    const obligation = session.heldAcknowledgements?.get(packetId)
    if (obligation !== undefined) this.release(obligation)
  }

  /** The Session has ended: nobody will ever ask for its acknowledgements. */
  releaseAll(session: Session): void {
    for (const obligation of session.heldAcknowledgements?.values() ?? []) this.release(obligation)
    session.heldAcknowledgements = null
  }
}
