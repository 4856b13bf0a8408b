/** What a listener allows its peers before the protocol above has a say. */
export interface ListenerOptions {
  /** From the arrival of a connection to the end of its TLS handshake, and again to the end of its WebSocket handshake. */
  readonly handshakeTimeoutMs: number
  /** The longest message over WebSocket for whoever connects now; a longer one closes the channel with 1009. Not less than the longest packet. */
  readonly webSocketMessageBytesMax: () => number
  /** Told when the system could not hand over a connection, for example for want of file descriptors; listening goes on. */
  readonly acceptFailed: (error: Error) => void
}

export const listenerDefaults: ListenerOptions = Object.freeze({
  handshakeTimeoutMs: 10_000,
  // A packet of 1 MiB, and room for small ones in the same message.
  webSocketMessageBytesMax: () => 1_048_576 + 65_536,
  // Nobody wants to know: the client sees its connection closed and comes again.
  acceptFailed: () => {},
})
