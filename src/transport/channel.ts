/**
 * The transport port: ordered, lossless byte streams [MQTT-4.2.0-1] and the listeners that accept them.
 *
 * A channel knows nothing of MQTT. Its owner sets `handler` in the call that receives the channel, before any byte can arrive.
 */
export type TransportName = 'tcp' | 'tls' | 'ws' | 'wss' | 'unix'

export interface ChannelHandler {
  /** `chunk` belongs to the receiver: the transport never writes to it again. */
  receiveBytes(chunk: Buffer): void
  /** All that was written has been handed to the operating system, after `write` had answered false. */
  drained(): void
  /** Called exactly once, whoever closed it; nothing follows. `error` is null for an orderly end. */
  closed(error: Error | null): void
}

export interface Channel {
  readonly transport: TransportName
  /** For humans and logs: `127.0.0.1:50312`, `[::1]:50312`, `unix`. */
  readonly remoteAddress: string
  handler: ChannelHandler
  /**
   * Sends bytes in one write. Returns false if the operating system did not take all of them: the owner then stops until `drained`.
   * The caller may reuse `bytes` once `bufferedBytes` is 0.
   */
  write(bytes: Uint8Array): boolean
  /** Bytes accepted by `write` and not yet taken by the operating system. */
  readonly bufferedBytes: number
  /** Stops and restarts reading. */
  pause(): void
  resume(): void
  /** Sends what is buffered, closes, and destroys after `lingerMs` if the peer does not close. */
  end(lingerMs?: number): void
  /** Closes at once and drops what is buffered. */
  destroy(): void
}

export interface Listener {
  /** Where it really listens, as a URL a client can be given, for example `tcp://127.0.0.1:1883`. */
  readonly url: string
  readonly transport: TransportName
  /** @throws an Error that names the URL, what went wrong and what to do (port in use, no permission, missing certificate). */
  listen(): Promise<void>
  /** Stops accepting; open channels are left to their owner. */
  close(): Promise<void>
}
