/**
 * PUBLISH as it stands in the bytes it was decoded from: MQTT 5.0 section 3.3. @hot
 *
 * Holds offsets into `bytes` instead of copies, so that a message can be passed on without being taken apart. Whoever
 * keeps a Publish beyond the event-loop turn in which it was decoded calls `own()` first: `bytes` is the socket's chunk.
 */
import type { PublishProperties, Qos } from '../control-packet.ts'

const noProperties: PublishProperties = Object.freeze({})
const empty = Buffer.alloc(0)

export interface PublishFields {
  topicName: string
  payload?: Uint8Array
  qos?: Qos
  retain?: boolean
  dup?: boolean
  packetId?: number
  properties?: PublishProperties
}

export class Publish {
  readonly type = 'publish' as const
  dup = false
  qos: Qos = 0
  retain = false
  /** Empty where the sender used a Topic Alias alone; the receiver of the packet fills it in. */
  topicName = ''
  /** 0 at QoS 0. */
  packetId = 0
  properties: PublishProperties = noProperties
  /** What the offsets below point into. */
  bytes: Buffer = empty
  /** Offset of the fixed header's first byte, or -1 if this packet was not decoded from the wire. */
  packetStart = -1
  /** Offset of the Topic Name's first byte after its length, or -1 if the Topic Name is not in `bytes`. */
  topicNameStart = -1
  topicNameEnd = -1
  /** The properties without their length, where they may be copied as they are; else -1. */
  propertiesStart = -1
  propertiesEnd = -1
  payloadStart = 0
  /** Offset behind the last byte of the packet, which is also the end of the payload. */
  packetEnd = 0
  /** The version whose layout `bytes` has; 0 if not decoded from the wire. */
  wireVersion = 0

  /** The Application Message: a view into `bytes`, made on demand. */
  get payload(): Buffer {
    return this.bytes.subarray(this.payloadStart, this.packetEnd)
  }

  /** Bytes in the payload. */
  get payloadSize(): number {
    return this.packetEnd - this.payloadStart
  }

  /** Copies this packet's bytes out of the chunk they came in, so that the chunk can be freed. Does nothing the second time. */
  own(): void {
    const start = this.packetStart >= 0 ? this.packetStart : this.payloadStart
    const size = this.packetEnd - start
    // A view of what is nearly the whole chunk keeps little alive; copying it would only cost.
    if (this.bytes.buffer.byteLength <= 2 * size + 512) return
    const copy = Buffer.allocUnsafe(size)
    this.bytes.copy(copy, 0, start, this.packetEnd)
    this.bytes = copy
    if (this.packetStart >= 0) this.packetStart = 0
    if (this.topicNameStart >= 0) {
      this.topicNameStart -= start
      this.topicNameEnd -= start
    }
    if (this.propertiesStart >= 0) {
      this.propertiesStart -= start
      this.propertiesEnd -= start
    }
    this.payloadStart -= start
    this.packetEnd = size
  }
}

/** A PUBLISH made here rather than decoded. `payload` is kept, not copied. */
export function publish(fields: PublishFields): Publish {
  const packet = new Publish()
  packet.topicName = fields.topicName
  packet.qos = fields.qos ?? 0
  packet.retain = fields.retain ?? false
  packet.dup = fields.dup ?? false
  packet.packetId = fields.packetId ?? 0
  packet.properties = fields.properties ?? noProperties
  const payload = fields.payload ?? empty
  packet.bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  packet.packetEnd = packet.bytes.length
  return packet
}
