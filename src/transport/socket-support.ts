/**
 * What channels over sockets and over WebSocket share.
 */
import type { Socket } from 'node:net'
import type { ChannelHandler, TransportName } from './channel.ts'
import { formatHostPort } from './listen-url.ts'

/** Stands in until the owner sets its handler; never called. */
export const unattended: ChannelHandler = Object.freeze({
  receiveBytes: () => {},
  drained: () => {},
  closed: () => {},
})

/**
 * How much may wait in a socket before `write` asks its owner to stop. Plain sockets try the system call at once: what waits
 * after it is what the system did not take. TLS reports in the next turn, so there something waits after every write.
 */
export function slackBytes(transport: TransportName): number {
  return transport === 'tls' || transport === 'wss' ? 65_536 : 0
}

const nothing = Buffer.alloc(0)

/**
 * Calls `done` when all that was written has been handed to the operating system; never, if the socket is closed before.
 * Node's own `drain` comes only when its high-water mark had been passed; writing nothing and awaiting its turn works always.
 */
export function afterFlush(socket: Socket, done: () => void): void {
  socket.write(nothing, (error) => {
    // An error here means that the socket is closed, which its channel reports.
    if (error !== null && error !== undefined) return
    if (socket.writableLength === 0) done()
    else if (socket.writable) afterFlush(socket, done)
  })
}

/** `127.0.0.1:50312`, `[::1]:50312`; an IPv4 peer on an IPv6 listener is shown as what it is. */
export function formatRemoteAddress(socket: Socket): string {
  const { remoteAddress, remotePort } = socket
  // A peer may be gone before it is accepted.
  if (remoteAddress === undefined || remotePort === undefined) return 'unknown'
  const host = remoteAddress.startsWith('::ffff:') ? remoteAddress.slice(7) : remoteAddress
  return formatHostPort(host, remotePort)
}
