/**
 * Listens for MQTT over a Unix socket: clients on this machine, guarded by the permissions of a file.
 *
 * A socket file that a broker left behind when it was killed is removed; anything else at its place is left alone.
 */
import { lstat, stat, unlink } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { dirname } from 'node:path'
import type { Channel, Listener } from './channel.ts'
import { ListenFault, systemCode } from './listen-error.ts'
import type { UnixListenAddress } from './listen-url.ts'
import type { ListenerOptions } from './listener-options.ts'
import { ServerListener } from './server-listener.ts'
import { SocketChannel } from './socket-channel.ts'

/** The system removes the socket file when the listener is closed. */
export function createUnixListener(
  address: UnixListenAddress,
  accept: (channel: Channel) => void,
  options: ListenerOptions,
): Listener {
  return new ServerListener(address, options, async () => {
    // The system would call a missing directory a lack of permission.
    await stat(dirname(address.path))
    await removeStaleSocket(address.path)
    const server = createServer({ allowHalfOpen: false, pauseOnConnect: true }, (socket) =>
      accept(new SocketChannel('unix', socket)),
    )
    return { server, handshakes: null, certificates: null }
  })
}

/** @throws ListenFault if somebody listens there, or if it is no socket. */
async function removeStaleSocket(path: string): Promise<void> {
  try {
    const found = await lstat(path)
    if (!found.isSocket()) {
      const advice = 'Choose another path, or remove what is there'
      throw new ListenFault(`there is something at ${path} that is no socket`, advice)
    }
    if (await isAnswered(path)) {
      const advice = 'Stop that program, or choose another path'
      throw new ListenFault(`another program already listens on ${path}`, advice)
    }
    await unlink(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
}

/** Whether somebody listens there. Only a refusal proves that nobody does: then the file may be removed. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error) => resolve(systemCode(error) !== 'ECONNREFUSED'))
  })
}
