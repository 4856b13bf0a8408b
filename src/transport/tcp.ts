/**
 * Listens for MQTT over TCP. MQTT 5.0 section 4.2.
 */
import { createServer, type ServerOpts } from 'node:net'
import type { Channel, Listener } from './channel.ts'
import { Handshakes } from './handshakes.ts'
import type { TcpListenAddress } from './listen-url.ts'
import type { ListenerOptions } from './listener-options.ts'
import { ServerListener } from './server-listener.ts'
import { SocketChannel } from './socket-channel.ts'

/**
 * Small packets leave at once, since whoever writes has already collected what belongs together; the system notices a peer
 * that vanished; a peer that has ended is answered with our end.
 */
export const tcpOptions = { noDelay: true, keepAlive: true, allowHalfOpen: false } satisfies ServerOpts

export function createTcpListener(
  address: TcpListenAddress,
  accept: (channel: Channel) => void,
  options: ListenerOptions,
): Listener {
  if (address.proxies.length === 0) {
    return new ServerListener(address, options, () => {
      const server = createServer({ ...tcpOptions, pauseOnConnect: true }, (socket) =>
        accept(new SocketChannel('tcp', socket)),
      )
      return { server, handshakes: null, certificates: null }
    })
  }
  return new ServerListener(address, options, () => {
    const server = createServer(tcpOptions, (socket) => {
      const remoteAddress = handshakes.finish(socket)
      if (remoteAddress === null) socket.destroy()
      else accept(new SocketChannel('tcp', socket, null, remoteAddress))
    })
    const handshakes = new Handshakes(server, address, options)
    return { server, handshakes, certificates: null }
  })
}
