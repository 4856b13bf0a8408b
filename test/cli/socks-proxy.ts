/**
 * A SOCKS 5 proxy as small as the tests need it: RFC 1928 and 1929, connections to names and IPv4 addresses.
 */
import { connect, createServer, type Socket } from 'node:net'

export interface SocksProxy {
  readonly port: number
  /** What was asked for: `user:password host:port`. */
  readonly requests: readonly string[]
  close(): Promise<void>
}

export interface SocksSettings {
  /** `user:password` of whom it lets through; everybody unless given. */
  readonly credentials?: string
  /** What every request is answered with in place of a connection. */
  readonly refusal?: number
}

const [withoutLogin, withLogin, noneAcceptable] = [0, 2, 0xff]

export async function startSocksProxy(settings: SocksSettings = {}): Promise<SocksProxy> {
  const requests: string[] = []
  const server = createServer((client) => {
    client.on('error', () => {})
    void putThrough(client, settings, requests)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address')
  return { port: address.port, requests, close: () => new Promise((resolve) => server.close(() => resolve())) }
}

async function putThrough(client: Socket, settings: SocksSettings, requests: string[]): Promise<void> {
  const methods = (await nextChunk(client)).subarray(2)
  const method = settings.credentials === undefined ? withoutLogin : withLogin
  if (!methods.includes(method)) {
    client.end(Buffer.from([5, noneAcceptable]))
    return
  }
  client.write(Buffer.from([5, method]))
  let login = ''
  if (method === withLogin) {
    login = readLogin(await nextChunk(client))
    const isRight = login === settings.credentials
    client.write(Buffer.from([1, isRight ? 0 : 1]))
    if (!isRight) {
      client.end()
      return
    }
  }
  const request = await nextChunk(client)
  const host = request[3] === 1 ? request.subarray(4, 8).join('.') : request.subarray(5, -2).toString()
  const port = request.readUInt16BE(request.length - 2)
  requests.push(`${login} ${host}:${port}`)
  if (settings.refusal !== undefined) {
    client.end(answer(settings.refusal))
    return
  }
  const server = connect(port, host, () => {
    client.write(answer(0))
    client.pipe(server).pipe(client)
  })
  server.on('error', () => client.destroy())
  // A client that breaks off has no end that could be passed on, and nobody would read the server's any more.
  client.on('close', () => server.destroy())
}

function answer(reply: number): Buffer {
  return Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0])
}

function readLogin(bytes: Buffer): string {
  const userEnd = 2 + (bytes[1] ?? 0)
  return `${bytes.subarray(2, userEnd)}:${bytes.subarray(userEnd + 1)}`
}

function nextChunk(socket: Socket): Promise<Buffer> {
  return new Promise((resolve) => socket.once('data', resolve))
}
