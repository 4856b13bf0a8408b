/**
 * The transport port: ordered, lossless byte streams [MQTT-4.2.0-1] and the listeners that accept them.
 *
 * A channel knows nothing of MQTT. Its owner sets `handler` in the call that receives the channel, before any byte can
 * arrive; a channel whose handler is not yet set reads nothing and keeps `closed` until it is.
 */
import type { ListenAddress } from './listen-url.ts'

export type TransportName = 'tcp' | 'tls' | 'ws' | 'wss' | 'unix'

export interface ChannelHandler {
  /** What came, from `start` to `end`, belongs to the receiver: the transport never writes to it again. What stands beside it does not. */
  receiveBytes(bytes: Buffer, start: number, end: number): void
  /** All that was written has been handed to the operating system, after `write` had answered false. Not called once the channel is ending. */
  drained(): void
  /**
   * Called exactly once, whoever closed it; nothing follows. `error` is null for an orderly end and for one the owner asked
   * for; otherwise it says what went wrong (ECONNRESET, a text frame on a WebSocket, ...).
   */
  closed(error: Error | null): void
}

export interface Channel {
  readonly transport: TransportName
  /** For humans and logs: `127.0.0.1:50312`, `[::1]:50312`, `unix`. */
  readonly remoteAddress: string
  /** The name in the client's certificate that is its account; empty if it has none. Null where the listener takes none. */
  readonly certificateName?: string | null
  set handler(handler: ChannelHandler)
  /**
   * Sends the bytes from `start` to `end`, all of them by default, in one write. Returns false when the owner shall stop until
   * `drained`: the operating system did not take all of them or, where they are encrypted first (`tls`, `wss`), more than 64 KiB wait.
   *
   * The bytes are kept while `bufferedBytes` is not 0: only then may the caller reuse them. Over `tcp`, `unix` and `ws` it
   * is usually 0 when `write` returns, because the system call is made at once; over `tls` and `wss` never, since
   * encrypted bytes count until the next turn of the event loop.
   *
   * A channel that is ending or closed drops the bytes and returns false; no `drained` follows.
   */
  write(bytes: Uint8Array, start?: number, end?: number): boolean
  /** Bytes accepted by `write` and not yet taken by the operating system. */
  readonly bufferedBytes: number
  /** Stops reading: no `receiveBytes` before `resume`. That the peer has gone may be seen only after `resume`. */
  pause(): void
  /** Restarts reading; bytes arrive in a later turn, never inside this call. */
  resume(): void
  /**
   * Has the operating system ask, when nothing has come for so long, whether the peer's machine is still there, and close if it does
   * not answer. A proxy in between answers for itself; over `unix` there is nothing to ask.
   */
  probeAfter(seconds: number): void
  /**
   * Sends what is buffered, closes, and destroys after `lingerMs` (default 5,000) if the peer does not close. Nothing is
   * received any more: what still arrives is read and dropped, because closing on unread bytes would make the system
   * reset the connection and lose what was sent last.
   */
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
  /**
   * Reads the certificate and key that `address` names; what it returns puts them in place for connections to come, those that are
   * open stay as they are. Null: there are none, or they are the same. `address` is its own, or what it can become.
   *
   * @throws an Error that names the URL, what is wrong with the files and what to do.
   */
  readCertificates(address: ListenAddress): Promise<(() => void) | null>
  /** Stops accepting; open channels are left to their owner. */
  close(): Promise<void>
}
