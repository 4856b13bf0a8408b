/**
 * Makes the listener for an address. Which transport it is matters nowhere else.
 */
import type { Channel, Listener } from './channel.ts'
import type { ListenAddress } from './listen-url.ts'
import { type ListenerOptions, listenerDefaults } from './listener-options.ts'
import { ServerListener } from './server-listener.ts'
import { createTcpListener } from './tcp.ts'
import { createTlsListener } from './tls.ts'
import { createUnixListener } from './unix.ts'

/** `accept` is called for every channel and sets its handler before it returns. Nothing listens before `listen` is called. */
export function createListener(
  address: ListenAddress,
  accept: (channel: Channel) => void,
  options: Partial<ListenerOptions> = {},
): Listener {
  const complete = { ...listenerDefaults, ...options }
  switch (address.transport) {
    case 'tcp':
      return createTcpListener(address, accept, complete)
    case 'tls':
      return createTlsListener(address, accept, complete)
    case 'unix':
      return createUnixListener(address, accept, complete)
    case 'ws':
    case 'wss':
      // Loaded only by whoever listens so: the package behind it takes a while.
      return new ServerListener(address, complete, async () => {
        const { createWebSocketServer } = await import('./websocket.ts')
        return createWebSocketServer(address, accept, complete)
      })
  }
}
