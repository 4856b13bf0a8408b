/**
 * A server that answers byte for byte what a test tells it to: for what no real broker would say.
 */
import { createServer, type Socket } from 'node:net'

/** What the server does when the next bytes have come: send these (hexadecimal), or close. */
export type Step = string | ((socket: Socket) => void)

export interface ScriptedServer {
  readonly port: number
  /** Connections so far. */
  readonly connections: () => number
  close(): Promise<void>
}

/** Every connection goes through `steps` from the beginning. */
export async function startScriptedServer(steps: readonly Step[]): Promise<ScriptedServer> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    const left = [...steps]
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', () => {
      const step = left.shift()
      if (typeof step === 'string') socket.write(Buffer.from(step.replaceAll(' ', ''), 'hex'))
      else step?.(socket)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address')
  return {
    port: address.port,
    connections: () => connections,
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

export function closeConnection(socket: Socket): void {
  socket.destroy()
}

/** CONNACK that accepts, of 3.1.1 and of 5.0. */
export const accept = { v4: '20 02 00 00', v5: '20 03 00 00 00' } as const
