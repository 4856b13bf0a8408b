/**
 * Messages on their way to the server: MQTT 5.0 sections 4.3 and 4.9, the sender's side.
 *
 * At most `limit` QoS 1 and 2 messages are unacknowledged [MQTT-3.3.4-9]; the rest wait in order. A message leaves with the
 * Reason Code that ended it.
 */
import type { Acknowledgement, PublishProperties, Qos, ReasonProperties } from '../../protocol/control-packet.ts'

export interface OutgoingMessage {
  readonly topicName: string
  readonly payload: Uint8Array
  readonly qos: Qos
  readonly retain: boolean
  readonly properties: PublishProperties
}

export interface PublishOutcome {
  /** A number for people: the Packet Identifier at QoS 1 and 2, counted along with them at QoS 0. */
  readonly messageId: number
  readonly reasonCode: number
  /** Of the acknowledgement that had the Reason Code. */
  readonly properties: ReasonProperties
}

/** One message at QoS 1 or 2. */
export interface WindowEntry {
  readonly message: OutgoingMessage
  readonly packetId: number
  /** PUBREC has come: PUBREL is what to send again. */
  isReceived: boolean
  /** The PUBREC's, which tells more than the PUBCOMP's: whether anybody subscribed. */
  receivedCode: number
  receivedProperties: ReasonProperties
  wasSent: boolean
  readonly finish: (outcome: PublishOutcome) => void
  readonly fail: (error: Error) => void
}

export class MessageWindow {
  limit = 65_535
  readonly #sent = new Map<number, WindowEntry>()
  readonly #waiting: WindowEntry[] = []

  has(packetId: number): boolean {
    return this.#sent.has(packetId) || this.#waiting.some((entry) => entry.packetId === packetId)
  }

  get(packetId: number): WindowEntry | undefined {
    return this.#sent.get(packetId)
  }

  get size(): number {
    return this.#sent.size + this.#waiting.length
  }

  add(entry: WindowEntry): void {
    this.#waiting.push(entry)
  }

  /** The next message that may be sent now, which thereby counts as sent. */
  takeNext(): WindowEntry | null {
    if (this.#sent.size >= this.limit) return null
    const entry = this.#waiting.shift()
    if (entry === undefined) return null
    this.#sent.set(entry.packetId, entry)
    return entry
  }

  /** PUBREC has come. Should PUBREL have to be sent again, it keeps the order of the PUBRECs [MQTT-4.6.0-4]. */
  markReceived(entry: WindowEntry, { reasonCode, properties }: Acknowledgement): void {
    this.#sent.delete(entry.packetId)
    this.#sent.set(entry.packetId, entry)
    entry.isReceived = true
    entry.receivedCode = reasonCode
    entry.receivedProperties = properties
  }

  /** Ends a message with what the server said of it. */
  settle(entry: WindowEntry, acknowledgement: Acknowledgement): void {
    this.#sent.delete(entry.packetId)
    const { packetId, receivedCode, receivedProperties } = entry
    const { type, reasonCode, properties } = acknowledgement
    const isPlainCompletion = type === 'pubcomp' && reasonCode === 0
    entry.finish(
      isPlainCompletion
        ? { messageId: packetId, reasonCode: receivedCode, properties: receivedProperties }
        : { messageId: packetId, reasonCode, properties },
    )
  }

  /**
   * What must be sent again, in order, once the connection is back [MQTT-4.4.0-1]. Without a Session a received one is done;
   * what goes beyond `limit`, which may be lower than before, waits in front of the rest.
   */
  entriesToResend(sessionPresent: boolean): WindowEntry[] {
    for (const entry of [...this.#sent.values()]) {
      if (sessionPresent || !entry.isReceived) continue
      this.#sent.delete(entry.packetId)
      entry.finish({
        messageId: entry.packetId,
        reasonCode: entry.receivedCode,
        properties: entry.receivedProperties,
      })
    }
    const entries = [...this.#sent.values()]
    const again = entries.filter((entry) => !entry.isReceived)
    const tooMany = again.slice(Math.max(0, this.limit - (entries.length - again.length)))
    for (const entry of tooMany) this.#sent.delete(entry.packetId)
    this.#waiting.unshift(...tooMany)
    return [...this.#sent.values()]
  }

  /** Gives every message up. */
  fail(error: Error): void {
    const entries = [...this.#sent.values(), ...this.#waiting]
    this.#sent.clear()
    this.#waiting.length = 0
    for (const entry of entries) entry.fail(error)
  }
}
