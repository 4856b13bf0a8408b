/**
 * PUBLISH as it stands in the bytes it was decoded from: MQTT 5.0 section 3.3. @hot
 *
 * Holds offsets into `bytes` instead of copies, so that a message can be passed on without being taken apart. Whoever
 * keeps a Publish beyond the event-loop turn in which it was decoded calls `own()` first, or `ownBriefly()`: `bytes` is the
 * socket's chunk.
 */
import type { PublishProperties, Qos } from '../control-packet.ts'

const noProperties: PublishProperties = Object.freeze({})
const empty: Buffer = Buffer.alloc(0)

/** Where packets in flight lie side by side. Small, because one of them that stays long keeps the whole slab. */
const slabSize = 16_384
let slab = Buffer.allocUnsafeSlow(slabSize)
let slabUsed = 0
/** The part of a chunk that was copied there last, and how far it has moved. */
const copied = { chunk: empty, start: 0, end: 0, by: 0 }
/**
 * Where small packets that stay lie side by side: memory of its own costs each of them some 400 bytes, and time in every garbage
 * collection. Smaller still: one that stays longer than the others keeps no more than twice as much as that.
 */
const keptSlabSize = 1024
const keptBytesMax = 128
let keptSlab = Buffer.allocUnsafeSlow(keptSlabSize)
let keptSlabUsed = 0

/** What `publish` makes a PUBLISH of; what is left out is QoS 0, no payload, no flag, no property. */
export interface PublishFields {
  topicName: string
  payload?: Uint8Array
  qos?: Qos
  retain?: boolean
  dup?: boolean
  packetId?: number
  properties?: PublishProperties
}

/** A PUBLISH: MQTT 5.0 section 3.3. One that was decoded points into the chunk it came in. */
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
  #place: 'chunk' | 'slab' | 'own' = 'chunk'

  /** The Application Message: a view into `bytes`, made on demand. */
  get payload(): Buffer {
    return this.bytes.subarray(this.payloadStart, this.packetEnd)
  }

  /** Bytes in the payload. */
  get payloadSize(): number {
    return this.packetEnd - this.payloadStart
  }

  /** Its bytes are where they may stay: neither `own` nor `ownBriefly` has anything to do. */
  settle(): void {
    this.#place = 'own'
  }

  /**
   * Copies this packet's bytes to a place of their own, so that the chunk they came in can be freed. Does nothing the
   * second time.
   */
  own(): void {
    if (this.#place === 'own') return
    this.#place = 'own'
    const start = this.#start()
    const size = this.packetEnd - start
    // A view of what is nearly the whole chunk keeps little alive; copying it would only cost.
    if (this.bytes.buffer.byteLength <= 2 * size + 512) return
    if (size > keptBytesMax) {
      const bytes = Buffer.allocUnsafeSlow(size)
      this.bytes.copy(bytes, 0, start, this.packetEnd)
      this.#moveTo(bytes, -start)
      return
    }
    if (keptSlabUsed + size > keptSlabSize) {
      keptSlab = Buffer.allocUnsafeSlow(keptSlabSize)
      keptSlabUsed = 0
    }
    this.bytes.copy(keptSlab, keptSlabUsed, start, this.packetEnd)
    this.#moveTo(keptSlab, keptSlabUsed - start)
    keptSlabUsed += size
  }

  /**
   * The same for a packet that is needed for a short while only, and likely so are those behind it: as much of the chunk as there is
   * room for is copied at once to a slab, which is freed when all in it are done with. Does nothing after either of the two.
   */
  ownBriefly(): void {
    if (this.#place !== 'chunk') return
    const { bytes, packetEnd } = this
    const { byteLength } = bytes.buffer
    // It keeps no more alive than a slab would.
    if (byteLength <= slabSize) return
    const start = this.#start()
    const size = packetEnd - start
    if (byteLength <= 2 * size + 512) return
    if (size > slabSize / 8) {
      this.own()
      return
    }
    if (bytes !== copied.chunk || start < copied.start || packetEnd > copied.end) copyToSlab(bytes, start, size)
    this.#moveTo(slab, copied.by)
    this.#place = 'slab'
  }

  #start(): number {
    return this.packetStart >= 0 ? this.packetStart : this.payloadStart
  }

  /** The same bytes are in `bytes`, moved by `by`. */
  #moveTo(bytes: Buffer, by: number): void {
    this.bytes = bytes
    if (this.packetStart >= 0) this.packetStart += by
    if (this.topicNameStart >= 0) {
      this.topicNameStart += by
      this.topicNameEnd += by
    }
    if (this.propertiesStart >= 0) {
      this.propertiesStart += by
      this.propertiesEnd += by
    }
    this.payloadStart += by
    this.packetEnd += by
  }
}

/** At least `size` bytes from `start` on. */
function copyToSlab(chunk: Buffer, start: number, size: number): void {
  if (slabUsed + size > slabSize) {
    slab = Buffer.allocUnsafeSlow(slabSize)
    slabUsed = 0
  }
  const end = Math.min(chunk.length, start + slabSize - slabUsed)
  chunk.copy(slab, slabUsed, start, end)
  copied.chunk = chunk
  copied.start = start
  copied.end = end
  copied.by = slabUsed - start
  slabUsed += end - start
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
