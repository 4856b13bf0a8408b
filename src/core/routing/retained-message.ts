/**
 * A Retained Message at rest: what a Message and its PUBLISH say, in one object. MQTT 5.0 section 3.3.1.3.
 *
 * There may be a million of them, and each object is memory and time in every large garbage collection. Whoever sends one asks
 * for a Message.
 */
import type { PublishProperties, Qos } from '../../protocol/control-packet.ts'
import { Publish } from '../../protocol/packets/publish.ts'
import type { Identity } from '../access/access-policy.ts'
import { Message } from '../message.ts'
import type { OfTopicName } from './topic-name-tree.ts'

export class RetainedMessage implements OfTopicName {
  readonly topicName: string
  readonly seq: number
  readonly receivedMs: number
  readonly #publisher: Identity | null
  epoch = 0
  // Of the PUBLISH: its bytes, where what is in them, and its flags and version in one number.
  readonly #properties: PublishProperties
  readonly #bytes: Buffer
  readonly #packetStart: number
  readonly #topicNameStart: number
  readonly #topicNameEnd: number
  readonly #propertiesStart: number
  readonly #propertiesEnd: number
  readonly #payloadStart: number
  readonly #packetEnd: number
  readonly #bits: number

  /** Keeps the bytes of `message`, which have a place of their own from now on. */
  constructor(message: Message) {
    message.own()
    const { publish } = message
    this.topicName = publish.topicName
    this.seq = message.seq
    this.receivedMs = message.receivedMs
    this.#publisher = message.publisher
    this.#properties = publish.properties
    this.#bytes = publish.bytes
    this.#packetStart = publish.packetStart
    this.#topicNameStart = publish.topicNameStart
    this.#topicNameEnd = publish.topicNameEnd
    this.#propertiesStart = publish.propertiesStart
    this.#propertiesEnd = publish.propertiesEnd
    this.#payloadStart = publish.payloadStart
    this.#packetEnd = publish.packetEnd
    this.#bits = publish.qos | (publish.dup ? 4 : 0) | (publish.retain ? 8 : 0) | (publish.wireVersion << 4)
  }

  get qos(): Qos {
    return qosOf(this.#bits)
  }

  /** Bytes of Topic Name and payload, as `Message` counts them. */
  get size(): number {
    return this.topicName.length + this.#packetEnd - this.#payloadStart
  }

  /** Infinity without a Message Expiry Interval. */
  get expiresMs(): number {
    const { messageExpiryInterval } = this.#properties
    return messageExpiryInterval === undefined
      ? Number.POSITIVE_INFINITY
      : this.receivedMs + messageExpiryInterval * 1000
  }

  isExpired(nowMs: number): boolean {
    return this.expiresMs <= nowMs
  }

  /** To be sent: a new one each time, which shares the bytes. Its Packet Identifier is gone. */
  toMessage(): Message {
    const publish = new Publish()
    const bits = this.#bits
    publish.qos = this.qos
    publish.dup = (bits & 4) !== 0
    publish.retain = (bits & 8) !== 0
    publish.wireVersion = bits >> 4
    publish.topicName = this.topicName
    publish.properties = this.#properties
    publish.bytes = this.#bytes
    publish.packetStart = this.#packetStart
    publish.topicNameStart = this.#topicNameStart
    publish.topicNameEnd = this.#topicNameEnd
    publish.propertiesStart = this.#propertiesStart
    publish.propertiesEnd = this.#propertiesEnd
    publish.payloadStart = this.#payloadStart
    publish.packetEnd = this.#packetEnd
    publish.settle()
    const message = new Message(this.seq, publish, this.receivedMs)
    message.publisher = this.#publisher
    return message
  }
}

function qosOf(bits: number): Qos {
  const qos = bits & 3
  return qos === 0 ? 0 : qos === 1 ? 1 : 2
}
