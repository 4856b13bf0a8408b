/**
 * Listens for MQTT over TLS 1.2 and 1.3. MQTT 5.0 section 5.4.
 *
 * A failed handshake ends that connection and nothing else.
 */
import { createServer, type TLSSocket } from 'node:tls'
import { certificateName } from './certificate-name.ts'
import { Certificates } from './certificates.ts'
import type { Channel, Listener } from './channel.ts'
import { Handshakes } from './handshakes.ts'
import type { TlsListenAddress } from './listen-url.ts'
import type { ListenerOptions } from './listener-options.ts'
import { ServerListener } from './server-listener.ts'
import { SocketChannel } from './socket-channel.ts'
import { tcpOptions } from './tcp.ts'

/** Of ALPN. Whoever offers others only is refused; whoever offers none, as most do, is not. */
const protocol = 'mqtt'

/** The deadline is kept elsewhere: Node's own begins again with every byte. */
export const handshakeSettings = { handshakeTimeout: 0x7fff_ffff }

export function createTlsListener(
  address: TlsListenAddress,
  accept: (channel: Channel) => void,
  options: ListenerOptions,
): Listener {
  return new ServerListener(address, options, async () => {
    const certificates = await Certificates.load(address.tls)
    const settings = { ...tcpOptions, ...handshakeSettings, ALPNProtocols: [protocol] }
    const server = certificates.serve((shown) => createServer({ ...settings, ...shown }, serve))
    const handshakes = new Handshakes(server, address, options)
    server.on('tlsClientError', (error, socket) => handshakes.failed(socket, error))
    return { server, handshakes, certificates }

    function serve(socket: TLSSocket): void {
      const remoteAddress = handshakes.finish(socket)
      if (remoteAddress === null) socket.destroy()
      else accept(new SocketChannel('tls', socket, certificateName(socket, address.tls), remoteAddress))
    }
  })
}
