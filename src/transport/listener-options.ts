/** Why a connection has not become a channel. */
export interface Turned {
  /** No proxy that is known; no header of a proxy; too slow; one too many; broken off or without agreement. */
  readonly type: 'untrusted' | 'malformed' | 'slow' | 'crowded' | 'failed'
  readonly reason: string
}

/** What a listener allows its peers before the protocol above has a say. */
export interface ListenerOptions {
  /** From the arrival of a connection until its proxy's header, its TLS handshake and its WebSocket handshake are done: for whoever connects now. */
  readonly handshakeTimeoutMs: () => number
  /** Connections at one time for which one of these is still to come. */
  readonly handshakesMax: () => number
  /** The longest message over WebSocket for whoever connects now; a longer one closes the channel with 1009. Not less than the longest packet. */
  readonly webSocketMessageBytesMax: () => number
  /**
   * Whether clients that do not log in are let in at the moment. Then a web page that a browser on this machine shows is not, by
   * WebSocket, unless it is of this machine or its origin is listed.
   */
  readonly takesStrangers: () => boolean
  /** Told when the system could not hand over a connection, for example for want of file descriptors; listening goes on. */
  readonly acceptFailed: (error: Error) => void
  /** There is one more, or one less, of the connections that `handshakesMax` bounds. */
  readonly handshakesChanged: (by: 1 | -1) => void
  /** Told of every connection that was closed before it became a channel. `remoteAddress` is as channels have it. */
  readonly turnedAway: (remoteAddress: string, turned: Turned) => void
}

export const listenerDefaults: ListenerOptions = Object.freeze({
  handshakeTimeoutMs: () => 10_000,
  handshakesMax: () => 1024,
  // A packet of 1 MiB, and room for small ones in the same message.
  webSocketMessageBytesMax: () => 1_048_576 + 65_536,
  takesStrangers: () => true,
  // Nobody wants to know: the client sees its connection closed and comes again.
  acceptFailed: () => {},
  handshakesChanged: () => {},
  turnedAway: () => {},
})
