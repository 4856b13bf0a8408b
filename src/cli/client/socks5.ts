/**
 * SOCKS 5, the part a client needs to be put through to one host: RFC 1928, with user name and password as in RFC 1929.
 * The proxy looks the host's name up.
 */
import type { Socket } from 'node:net'

export interface SocksCredentials {
  readonly userName: string | null
  readonly password: string | null
}

/** `denied`: not to this user; `unreachable`: it found no way to the host; `failed`: anything else. */
export type ProxyFault = 'denied' | 'unreachable' | 'failed'

export class ProxyError extends Error {
  readonly fault: ProxyFault

  constructor(message: string, fault: ProxyFault = 'failed') {
    super(message)
    this.name = 'ProxyError'
    this.fault = fault
  }
}

/** By the proxy's reply. */
const faults: readonly ProxyFault[] = ['failed', 'failed', 'denied', 'unreachable', 'unreachable', 'unreachable']

const refusals = [
  '',
  'general failure',
  'not allowed by its rules',
  'network unreachable',
  'host unreachable',
  'connection refused',
  'time to live expired',
  'command not supported',
  'address type not supported',
]
const noAuthentication = 0
const userAndPassword = 2

/**
 * Has the proxy at the other end of `socket` connect to `host` and `port`. What comes after is the host's.
 * @throws ProxyError
 */
export async function connectThroughSocks(
  socket: Socket,
  host: string,
  port: number,
  credentials: SocksCredentials,
): Promise<void> {
  const reader = new SocketReader(socket)
  try {
    const { userName, password } = credentials
    const method = userName === null ? noAuthentication : userAndPassword
    socket.write(Buffer.from([5, 1, method]))
    const [, chosen] = await reader.read(2)
    if (chosen !== method) throw new ProxyError('the proxy does not accept this way to authenticate', 'denied')
    if (method === userAndPassword) {
      socket.write(Buffer.concat([Buffer.from([1]), counted(userName ?? ''), counted(password ?? '')]))
      const [, status] = await reader.read(2)
      if (status !== 0) throw new ProxyError('the proxy refused the user name or password')
    }
    const portBytes = Buffer.from([port >> 8, port & 0xff])
    socket.write(Buffer.concat([Buffer.from([5, 1, 0, 3]), counted(host), portBytes]))
    const [, reply = 1, , addressType] = await reader.read(4)
    if (reply !== 0) {
      throw new ProxyError(`the proxy could not connect: ${refusals[reply] ?? `reply ${reply}`}`, faults[reply])
    }
    const addressSize = addressType === 1 ? 4 : addressType === 4 ? 16 : ((await reader.read(1))[0] ?? 0)
    await reader.read(addressSize + 2)
  } finally {
    reader.release()
  }
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(text)
  if (bytes.length > 255) throw new ProxyError('a name for the proxy is longer than 255 bytes')
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}

/** Takes no byte from the socket that it was not asked for. */
class SocketReader {
  readonly #socket: Socket
  #wake: () => void = () => {}
  readonly #notice = (): void => this.#wake()

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('readable', this.#notice)
    socket.on('end', this.#notice)
    socket.on('error', this.#notice)
    socket.on('close', this.#notice)
  }

  async read(size: number): Promise<Buffer> {
    for (;;) {
      const chunk: Buffer | null = this.#socket.read(size)
      if (chunk !== null && chunk.length === size) return chunk
      if (this.#socket.readableEnded || this.#socket.destroyed || chunk !== null) {
        throw new ProxyError('the proxy closed the connection')
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  release(): void {
    for (const event of ['readable', 'end', 'error', 'close']) this.#socket.off(event, this.#notice)
  }
}
