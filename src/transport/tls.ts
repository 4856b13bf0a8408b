/**
 * Listens for MQTT over TLS 1.2 and 1.3. MQTT 5.0 section 5.4.
 *
 * A failed handshake ends that connection and nothing else.
 */
import { createServer } from 'node:tls'
import { certificateName } from './certificate-name.ts'
import { Certificates, loadTlsFiles } from './certificates.ts'
import type { Channel, Listener } from './channel.ts'
import type { TlsListenAddress } from './listen-url.ts'
import type { ListenerOptions } from './listener-options.ts'
import { ServerListener } from './server-listener.ts'
import { SocketChannel } from './socket-channel.ts'
import { tcpOptions } from './tcp.ts'

export function createTlsListener(
  address: TlsListenAddress,
  accept: (channel: Channel) => void,
  options: ListenerOptions,
): Listener {
  return new ServerListener(address, options, async () => {
    const credentials = await loadTlsFiles(address.tls)
    const settings = { ...tcpOptions, ...credentials, handshakeTimeout: options.handshakeTimeoutMs }
    const server = createServer(settings, (socket) => {
      // A handshake may outlive the listener: whoever closed it wants no more channels.
      if (server.listening) accept(new SocketChannel('tls', socket, certificateName(socket, address.tls)))
      else socket.destroy()
    })
    // Node reports a handshake that takes too long, and leaves its socket to us.
    server.on('tlsClientError', (_error, socket) => socket.destroy())
    // Unfinished handshakes cannot be reached from here; `handshakeTimeout` ends them.
    return { server, dropHandshakes: () => {}, certificates: new Certificates(credentials, server) }
  })
}
