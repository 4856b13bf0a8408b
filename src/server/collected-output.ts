/**
 * What one connection is to be sent at the next flush, in order, copied as little as possible. @hot
 *
 * In this order: views of bytes that stand elsewhere, what was written here, and a run: packets that lie next to each other
 * elsewhere and go out as they are, or but for their Packet Identifiers. What is added behind a run turns it into one of the two
 * others.
 */
import { ByteWriter } from '../protocol/byte-writer.ts'
import type { Channel } from '../transport/channel.ts'

/** From this size on a view costs less than a copy. */
const viewBytesMin = 16_384
/** What was written in front of a view is copied out up to this size, so that the writer can be used again. */
const smallBytes = 1024
/** A writer that has grown larger is let go. */
const keptBytesMax = 256 * 1024
const firstBytes = 4096
/** What waits for a client that does not read is kept in parts of this size: one that doubled would be there twice while it is copied. */
const partBytes = 1024 * 1024
/** From so much on it is worth a part of its own, once there is less room in it than this. */
const fullBytesMin = 256 * 1024

/** Whether so much of `bytes` is better referred to than copied: large, and not a small part of what would be kept alive. */
export function isWorthAView(bytes: Buffer, size: number): boolean {
  return size >= viewBytesMin && bytes.buffer.byteLength <= 2 * size + 512
}

export class CollectedOutput {
  #writer = new ByteWriter(firstBytes)
  #run: Buffer | null = null
  #runStart = 0
  #runEnd = 0
  /** Packet Identifiers to be put into the run when it is copied, each behind the place in `#run` where it belongs. */
  readonly #packetIds: number[] = []
  #views: Buffer[] | null = null
  #viewsBytes = 0

  get size(): number {
    return this.#viewsBytes + this.#writer.position + (this.#run === null ? 0 : this.#runEnd - this.#runStart)
  }

  /** Bytes it takes while it is empty. */
  get capacity(): number {
    return this.#writer.bytes.length
  }

  /** Where the next packet is written: behind everything collected so far. */
  writer(): ByteWriter {
    if (this.#run !== null) this.endRun()
    return this.#writer
  }

  /** Packets that stand in `bytes` already, and will until this has been sent. */
  addRun(bytes: Buffer, start: number, end: number): void {
    if (this.#run === bytes && this.#runEnd === start) {
      this.#runEnd = end
      return
    }
    if (this.#run !== null) this.endRun()
    this.#run = bytes
    this.#runStart = start
    this.#runEnd = end
  }

  /** The same for a packet that goes out under another Packet Identifier, which belongs at `packetIdAt`. */
  addRenumbered(bytes: Buffer, start: number, end: number, packetIdAt: number, packetId: number): void {
    this.addRun(bytes, start, end)
    this.#packetIds.push(packetIdAt, packetId)
  }

  /** The same for a part of a packet that is worth a view. */
  addView(bytes: Buffer, start: number, end: number): void {
    if (this.#run !== null) this.endRun()
    this.#views ??= []
    if (this.#writer.position > 0) this.#viewOfWritten(this.#views)
    this.#views.push(bytes.subarray(start, end))
    this.#viewsBytes += end - start
  }

  /** What it was in is no longer needed, or it is worth to be kept: while it waits it must not keep whole chunks alive. */
  endRun(): void {
    const run = this.#run
    if (run === null) return
    this.#run = null
    const size = this.#runEnd - this.#runStart
    const isAsItIs = this.#packetIds.length === 0
    if (isAsItIs && isWorthAView(run, size)) {
      this.addView(run, this.#runStart, this.#runEnd)
      return
    }
    this.#writer.ensure(size)
    const by = this.#writer.position - this.#runStart
    this.#writer.copyFrom(run, this.#runStart, this.#runEnd)
    if (!isAsItIs) this.#putPacketIds(by)
  }

  /** The run has been copied, and moved by `by`. */
  #putPacketIds(by: number): void {
    const packetIds = this.#packetIds
    for (let index = 0; index < packetIds.length; index += 2) {
      this.#writer.putUint16((packetIds[index] ?? 0) + by, packetIds[index + 1] ?? 0)
    }
    packetIds.length = 0
  }

  /** It cannot be sent now: what has grown large is let be, and the rest is written elsewhere. */
  wait(): void {
    if (this.#run !== null) this.endRun()
    const { position, bytes } = this.#writer
    if (position < fullBytesMin || position < bytes.length - fullBytesMin) return
    this.#views ??= []
    this.#viewOfWritten(this.#views)
    this.#writer = new ByteWriter(partBytes)
  }

  #viewOfWritten(views: Buffer[]): void {
    const { bytes, position } = this.#writer
    const written = bytes.subarray(0, position)
    this.#viewsBytes += position
    if (position <= smallBytes) {
      views.push(Buffer.from(written))
      this.#writer.position = 0
      return
    }
    views.push(written)
    this.#writer = new ByteWriter(firstBytes)
  }

  /** Sends everything and is empty. True if the channel takes more. */
  writeTo(channel: Channel): boolean {
    if (this.#writer.position > 0 || this.#packetIds.length > 0) this.endRun()
    let takesMore = true
    if (this.#views !== null) {
      for (const view of this.#views) takesMore = channel.write(view)
      this.#views = null
      this.#viewsBytes = 0
    }
    if (this.#writer.position > 0) takesMore = this.#writeWritten(channel)
    if (this.#run !== null) {
      takesMore = channel.write(this.#run, this.#runStart, this.#runEnd)
      this.#run = null
    }
    return takesMore
  }

  #writeWritten(channel: Channel): boolean {
    const writer = this.#writer
    const takesMore = channel.write(writer.bytes, 0, writer.position)
    // Bytes the channel still refers to are its own from now on.
    if (channel.bufferedBytes > 0 || writer.bytes.length > keptBytesMax) this.#writer = new ByteWriter(firstBytes)
    else writer.position = 0
    return takesMore
  }
}
