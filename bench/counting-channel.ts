/**
 * The other end of a channel that has no socket: counts what comes.
 */
import type { Channel, ChannelHandler } from '../src/transport/channel.ts'

export class CountingChannel implements Channel {
  readonly transport = 'tcp'
  readonly remoteAddress = 'nowhere'
  readonly bufferedBytes = 0
  bytesWritten = 0
  handler: ChannelHandler = { receiveBytes() {}, drained() {}, closed() {} }

  write(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    this.bytesWritten += end - start
    return true
  }

  receive(bytes: Buffer): void {
    this.handler.receiveBytes(bytes, 0, bytes.length)
  }

  probeAfter(): void {}
  pause(): void {}
  resume(): void {}
  end(): void {}
  destroy(): void {}
}
