/**
 * A channel with nothing at its other end: a test hands in what arrives and sees what was written.
 */
import { type ControlPacket, PacketDecoder, type ProtocolVersion } from '../../src/protocol/index.ts'
import type { Channel, ChannelHandler } from '../../src/transport/channel.ts'

export class RecordingChannel implements Channel {
  readonly transport = 'tcp'
  readonly remoteAddress = 'test'
  readonly bufferedBytes = 0
  /** What has been written, decoded. */
  readonly written: ControlPacket[] = []
  isClosed = false
  readonly #decoder: PacketDecoder
  #handler: ChannelHandler | null = null

  /** `reader` is who would read what is written. */
  constructor(reader: 'server' | 'client', protocolVersion: ProtocolVersion = 5) {
    const most = 1 << 28
    const sizes = { connectBytesMax: most, packetBytesMax: most, propertiesMax: 1000 }
    this.#decoder = new PacketDecoder({ role: reader, ...sizes, protocolVersion })
  }

  set handler(handler: ChannelHandler) {
    this.#handler = handler
  }

  /** These hexadecimal digits arrive. */
  receive(digits: string): void {
    const bytes = Buffer.from(digits.replaceAll(' ', ''), 'hex')
    this.#handler?.receiveBytes(bytes, 0, bytes.length)
  }

  write(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    this.#decoder.push(Buffer.from(bytes.subarray(start, end)))
    for (let packet = this.#decoder.next(); packet !== null; packet = this.#decoder.next()) this.written.push(packet)
    return true
  }

  probeAfter(): void {}

  pause(): void {}

  resume(): void {}

  end(): void {
    this.destroy()
  }

  destroy(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.#handler?.closed(null)
  }
}
