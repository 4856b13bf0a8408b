/**
 * The messages sent to one client whose exchange is not over, by Packet Identifier. MQTT 5.0 sections 4.3, 4.4 and 4.9. @hot
 *
 * In the order of first sending; those that PUBREC has come for behind the others, in the order of the PUBRECs
 * [MQTT-4.6.0-4]. What is on the wire of this Network Connection counts against Receive Maximum [MQTT-3.3.4-9].
 */
import { CopiesByPacketId } from './copies-by-packet-id.ts'
import type { Copy } from './copy.ts'
import { PacketIds } from './packet-ids.ts'
import type { UnderWay } from './under-way.ts'

const none: readonly Copy[] = Object.freeze([])

export class InFlight {
  readonly #copies = new CopiesByPacketId()
  readonly #packetIds = new PacketIds()
  #onWire = 0
  readonly #underWay: UnderWay
  /** Copies whose message is to be sent again on this Network Connection, oldest first, and how many of them are done with. */
  #toResend: readonly Copy[] = none
  #resent = 0

  constructor(underWay: UnderWay) {
    this.#underWay = underWay
  }

  get size(): number {
    return this.#copies.size
  }

  /** Those that take a place of the Receive Maximum. */
  get onWire(): number {
    return this.#onWire
  }

  get(packetId: number): Copy | undefined {
    return this.#copies.get(packetId)
  }

  [Symbol.iterator](): Iterator<Copy> {
    return this.#copies[Symbol.iterator]()
  }

  /** A Packet Identifier that is not in use [MQTT-2.2.1-4]: the preferred one, if there is one and it will do. */
  nextPacketId(preferred: number): number {
    return this.#packetIds.next(this.#copies, preferred)
  }

  /** It goes out for the first time. */
  add(copy: Copy): void {
    this.#copies.add(copy)
    this.#underWay.inFlight += 1
    this.putOnWire(copy)
  }

  putOnWire(copy: Copy): void {
    copy.isOnWire = true
    this.#onWire += 1
  }

  /** PUBREC has come. */
  setReceived(copy: Copy): void {
    copy.isReceived = true
    if (!copy.isOnWire) this.putOnWire(copy)
    if (this.#copies.delete(copy)) this.#copies.add(copy)
  }

  /** Its exchange is over. */
  remove(copy: Copy): void {
    if (this.#copies.delete(copy)) this.#underWay.inFlight -= 1
    if (copy.isOnWire) this.#onWire -= 1
    copy.isOnWire = false
  }

  /** It was sent before a restart. */
  restore(copy: Copy, packetId: number, isReceived: boolean): void {
    copy.packetId = packetId
    copy.isReceived = isReceived
    this.#packetIds.restore(packetId)
    const known = this.#copies.get(packetId)
    if (known !== undefined) this.remove(known)
    this.#copies.add(copy)
    this.#underWay.inFlight += 1
  }

  /**
   * A new Network Connection: all is to be sent again. Returns those of which only PUBREL is; the client still has their
   * messages in its hands.
   */
  beginResending(): Copy[] {
    const received: Copy[] = []
    const toResend: Copy[] = []
    for (const copy of this.#copies) {
      copy.isOnWire = copy.isReceived
      if (copy.isReceived) received.push(copy)
      else toResend.push(copy)
    }
    this.#toResend = toResend
    this.#resent = 0
    this.#onWire = received.length
    return received
  }

  /** The next copy that is to be sent again, null if there is none. Stays the same until `resent` is called. */
  get nextToResend(): Copy | null {
    if (this.#toResend === none) return null
    for (; this.#resent < this.#toResend.length; this.#resent++) {
      const copy = this.#toResend[this.#resent]
      // Meanwhile it may have been acknowledged, for example by what the client sent before it got anything.
      if (copy !== undefined && !copy.isReceived && this.#copies.get(copy.packetId) === copy) return copy
    }
    this.#toResend = none
    return null
  }

  /** The next copy has been sent again. */
  resent(): void {
    this.#resent += 1
  }

  /** Seqs of the messages that are still to be sent again and not in memory, within the bounds but at least one. */
  missingToResend(count: number, bytesMax: number): number[] {
    const missing: number[] = []
    let bytes = 0
    for (let at = this.#resent; at < this.#toResend.length && missing.length < count; at++) {
      const copy = this.#toResend[at]
      // The record of one that was acknowledged since may be gone.
      if (copy === undefined || copy.message !== null || copy.isReceived) continue
      if (this.#copies.get(copy.packetId) !== copy) continue
      bytes += copy.size
      if (missing.length > 0 && bytes > bytesMax) break
      missing.push(copy.messageSeq)
    }
    return missing
  }
}
