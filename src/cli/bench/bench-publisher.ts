/**
 * One publisher of `pabal bench`: sends what it owes, as far as its window, its subscribers and the operating system let it.
 *
 * Packet Identifiers go round from 1 to the window, so that what an acknowledgement belongs to is found in an array.
 */
import { ByteWriter } from '../../protocol/byte-writer.ts'
import type { ProtocolVersion, Qos } from '../../protocol/control-packet.ts'
import { publish } from '../../protocol/packets/publish.ts'
import { encodePublish } from '../../protocol/publish-encoder.ts'
import type { BenchClient } from './bench-client.ts'
import type { Latencies } from './latencies.ts'
import { stampNowMs, writeStamp } from './stamp.ts'

export interface PublisherSettings {
  readonly run: number
  readonly publisher: number
  readonly topicName: string
  readonly qos: Qos
  readonly retain: boolean
  readonly protocolVersion: ProtocolVersion
  readonly payload: Buffer
  /** Without one the payload is sent as it is. */
  readonly isStamped: boolean
  readonly window: number
  /** Messages sent that not every subscriber has had; 0: no bound. */
  readonly outstanding: number
  readonly subscribers: number
}

/** So much is written before others have their turn. */
const turnBytes = 64 * 1024
const nobodySubscribes = 0x10

export class BenchPublisher {
  readonly #settings: PublisherSettings
  readonly #latencies: Latencies
  readonly #packet: Buffer
  readonly #stampAt: number
  readonly #packetIdAt: number
  readonly #sentMs: Float64Array
  #client: BenchClient | null = null
  #window: number
  #slot = 0
  #inFlight = 0
  #isWaitingForTurn = false
  /** Messages it is to send. */
  owed = 0
  sent = 0
  acknowledged = 0
  refused = 0
  nobody = 0
  /** Copies of its messages that have arrived. */
  delivered = 0

  constructor(settings: PublisherSettings, latencies: Latencies) {
    const { topicName, payload, qos, retain, protocolVersion, window } = settings
    this.#settings = settings
    this.#latencies = latencies
    this.#window = window
    this.#sentMs = new Float64Array(window)
    const writer = new ByteWriter(payload.length + 256)
    const packet = publish({ topicName, payload, qos, retain, packetId: qos === 0 ? 0 : 1 })
    const plain = { topicAlias: 0, omitTopicName: false, subscriptionIdentifiers: null, messageExpiryInterval: -1 }
    encodePublish(writer, packet, protocolVersion, { qos, retain, dup: false, packetId: packet.packetId, ...plain })
    this.#packet = Buffer.from(writer.bytes.subarray(0, writer.position))
    this.#stampAt = this.#packet.length - payload.length
    // Before the payload, and in 5.0 the length of the properties, of which there are none.
    this.#packetIdAt = this.#stampAt - (protocolVersion === 5 ? 3 : 2)
  }

  /** What it sends goes through `client` from now on. */
  start(client: BenchClient): void {
    this.#client = client
    this.#window = Math.max(1, Math.min(this.#window, client.receiveMaximum))
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** Messages the broker has promised to deliver: at QoS 0 all, otherwise those it has acknowledged. */
  get promised(): number {
    return this.#settings.qos === 0 ? this.sent : this.acknowledged
  }

  /** Sends as much as it may. */
  pump(): void {
    const client = this.#client
    if (client === null || this.#isWaitingForTurn) return
    let left = turnBytes
    while (this.#maySend(client)) {
      if (left <= 0) {
        this.#isWaitingForTurn = true
        setImmediate(() => {
          this.#isWaitingForTurn = false
          this.pump()
        })
        return
      }
      left -= this.#packet.length
      this.#sendOne(client)
    }
  }

  settled(packetId: number, reasonCode: number): void {
    const slot = packetId - 1
    const sentMs = this.#sentMs[slot] ?? 0
    if (sentMs === 0) return
    this.#sentMs[slot] = 0
    this.#inFlight -= 1
    this.#latencies.add(stampNowMs() - sentMs)
    if (reasonCode >= 0x80) this.refused += 1
    else this.acknowledged += 1
    if (reasonCode === nobodySubscribes) this.nobody += 1
  }

  #maySend(client: BenchClient): boolean {
    if (this.owed <= 0 || !client.isOpen || client.isBlocked) return false
    const { outstanding, subscribers, qos } = this.#settings
    if (outstanding > 0 && this.sent - this.delivered / subscribers >= outstanding) return false
    return qos === 0 || (this.#inFlight < this.#window && this.#sentMs[this.#slot] === 0)
  }

  #sendOne(client: BenchClient): void {
    const { qos, run, publisher, isStamped } = this.#settings
    const writer = client.room(this.#packet.length)
    const start = writer.position
    writer.writeBytes(this.#packet)
    const sentMs = stampNowMs()
    if (isStamped) writeStamp(writer.bytes, start + this.#stampAt, { run, publisher, sequence: this.sent, sentMs })
    if (qos > 0) {
      writer.bytes.writeUInt16BE(this.#slot + 1, start + this.#packetIdAt)
      this.#sentMs[this.#slot] = sentMs
      this.#slot = this.#slot + 1 === this.#window ? 0 : this.#slot + 1
      this.#inFlight += 1
    }
    this.sent += 1
    this.owed -= 1
  }
}
