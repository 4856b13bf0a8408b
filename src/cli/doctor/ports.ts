/**
 * Whether the listeners can be opened: each is, for a moment, and closed again.
 */
import { existsSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { type ListenAddress, parseListenUrl } from '../../transport/listen-url.ts'
import { visible } from '../terminal-text.ts'
import { type Finding, fault, ok, warning } from './finding.ts'
import { holderOfPort } from './proc.ts'

export async function checkListeners(urls: readonly string[]): Promise<Finding[]> {
  return Promise.all(urls.map((url) => checkListener(parseListenUrl(url))))
}

async function checkListener(address: ListenAddress): Promise<Finding> {
  if (address.transport === 'unix') return checkSocket(address.path)
  const { host, port } = address
  const what = `${address.transport} ${host}:${port}`
  const error = await listenError(host, port)
  if (error === null) return ok(what, 'free', 'free, or used by Pabal')
  if (error.code === 'EADDRINUSE') return inUse(what, port)
  if (error.code === 'EACCES') {
    const fix = 'AmbientCapabilities=CAP_NET_BIND_SERVICE in the systemd unit, or a port from 1024 on'
    return fault(what, 'a port that this user may not open', 'a port that the user of the broker may open', fix)
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return fault(what, `${host} is no address of this machine`, 'one of its addresses', 'see them: ip -brief address')
  }
  return fault(what, error.message, 'an address that can be listened on', 'choose another with --listen')
}

function inUse(what: string, port: number): Finding {
  const holder = holderOfPort(port)
  const expected = 'free, or used by Pabal'
  const look = (by: string) =>
    `see who it is: ${by}ss -ltnp 'sport = :${port}'; stop it, or choose another port with --listen`
  if (holder === null)
    return fault(what, 'in use, by a process that this user may not look at', expected, look('sudo '))
  const command = visible(holder.command.slice(0, 100))
  if (/(?:pabal|main\.[jt]s)"? start\b/.test(holder.command)) {
    return ok(what, `used by Pabal (process ${holder.processId})`, expected)
  }
  return fault(what, `in use by process ${holder.processId}: ${command}`, expected, look(''))
}

async function checkSocket(path: string): Promise<Finding> {
  const what = `unix ${path}`
  if (!existsSync(path)) return ok(what, 'free', 'free, or used by Pabal')
  const isUsed = await new Promise<boolean>((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
  if (isUsed) return warning(what, 'in use', 'free, unless Pabal runs', `see who it is: ss -lxp src ${path}`)
  return ok(what, 'left behind by a process that has ended', 'free, or used by Pabal')
}

function listenError(host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', resolve)
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)))
  })
}
