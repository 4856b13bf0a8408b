import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { test } from 'node:test'
import { defaultLimits } from '../core/limits.ts'
import { ListenError } from '../transport/listen-error.ts'
import { parseListenUrl } from '../transport/listen-url.ts'
import { Listeners } from './listeners.ts'

/** Listeners that greet whoever is let in. */
class Greeting implements AsyncDisposable {
  readonly listeners = new Listeners({
    accept: (channel, { url, tellsPublisher }) => {
      channel.handler = { receiveBytes: () => {}, drained: () => {}, closed: () => {} }
      channel.write(Buffer.from(`${url} ${tellsPublisher}`))
      channel.end()
    },
    takesStrangers: () => true,
    limits: () => defaultLimits,
    turnedAway: () => {},
    handshakesChanged: () => {},
  })

  static async on(...urls: string[]): Promise<Greeting> {
    const greeting = new Greeting()
    await greeting.listeners.open(urls.map(parseListenUrl))
    return greeting
  }

  prepare(...urls: string[]) {
    return this.listeners.prepare(urls.map(parseListenUrl))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.listeners.close()
  }
}

const portOf = (url: string): number => Number(/:(\d+)/.exec(url)?.[1])

/** What somebody hears who connects; empty if the connection is closed without a word, null if nobody listens. */
async function heard(port: number): Promise<string | null> {
  const socket: Socket = connect(port, '127.0.0.1')
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const failed = new Promise<boolean>((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
    socket.once('close', () => resolve(false))
  })
  return (await failed) ? null : text
}

/** A port that somebody else listens on. */
async function takenPort(): Promise<{ port: number; other: Server }> {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, other }
}

async function freePort(): Promise<number> {
  const { port, other } = await takenPort()
  other.close()
  await once(other, 'close')
  return port
}

test('what is opened for a change lets nobody in before it is in force, and what goes stays open until then', async () => {
  await using greeting = await Greeting.on('tcp://127.0.0.1:0')
  const [first = ''] = greeting.listeners.urls
  const port = await freePort()
  const change = await greeting.prepare(`tcp://127.0.0.1:${port}?report=off`)
  assert.deepEqual(greeting.listeners.urls, [first])
  assert.equal(await heard(port), '')
  assert.equal(await heard(portOf(first)), `${first} true`)
  assert.deepEqual([...change.apply()], [first])
  assert.deepEqual(greeting.listeners.urls, [`tcp://127.0.0.1:${port}`])
  assert.equal(await heard(port), `tcp://127.0.0.1:${port} false`)
  assert.equal(await heard(portOf(first)), null)
})

test('one that cannot be opened undoes all of the change', async () => {
  await using greeting = await Greeting.on('tcp://127.0.0.1:0')
  const { urls } = greeting.listeners
  const [port, taken] = [await freePort(), await takenPort()]
  await using other = taken.other
  await assert.rejects(greeting.prepare(`tcp://127.0.0.1:${port}`, `tcp://127.0.0.1:${taken.port}`), (error) => {
    assert.ok(error instanceof ListenError)
    return error.code === 'EADDRINUSE' && error.url === `tcp://127.0.0.1:${taken.port}`
  })
  other.close()
  assert.equal(await heard(port), null)
  assert.deepEqual(greeting.listeners.urls, urls)
  assert.equal(await heard(portOf(urls[0] ?? '')), `${urls[0]} true`)
})

test('a change that is undone leaves what was there', async () => {
  await using greeting = await Greeting.on('tcp://127.0.0.1:0', 'tcp://127.0.0.1:0')
  const { urls } = greeting.listeners
  const [first = '', second = ''] = urls
  const change = await greeting.prepare('tcp://127.0.0.1:0', `ws://127.0.0.1:${portOf(second)}/mqtt`)
  await change.undo()
  assert.deepEqual(greeting.listeners.urls, urls)
  assert.deepEqual([await heard(portOf(first)), await heard(portOf(second))], [`${first} true`, `${second} true`])
})

test('a port goes from one listener to another, and back if the other cannot be opened', async () => {
  const port = await freePort()
  await using greeting = await Greeting.on(`tcp://127.0.0.1:${port}`)
  // 192.0.2.0/24 is for documentation: no machine has such an address.
  await assert.rejects(greeting.prepare(`tcp://192.0.2.1:${port}`), /192\.0\.2\.1 is no address of this machine/)
  assert.equal(await heard(port), `tcp://127.0.0.1:${port} true`)
  const change = await greeting.prepare(`tcp://0.0.0.0:${port}`)
  assert.deepEqual([...change.apply()], [`tcp://127.0.0.1:${port}`])
  assert.equal(await heard(port), `tcp://0.0.0.0:${port} true`)
})

test('only what clients are told changes: the listener goes on, for the next who connects', async () => {
  await using greeting = await Greeting.on('tcp://127.0.0.1:0', 'tcp://127.0.0.1:0')
  const [first = '', second = ''] = greeting.listeners.urls
  const change = await greeting.prepare('tcp://127.0.0.1:0?report=off', 'tcp://127.0.0.1:0')
  assert.equal(change.apply().size, 0)
  // Which of two that are written alike goes on as which is all the same; both do.
  assert.deepEqual([...greeting.listeners.urls].sort(), [first, second].sort())
  const said = await Promise.all([first, second].map((url) => heard(portOf(url))))
  assert.deepEqual(said.map((text) => text?.split(' ')[1]).sort(), ['false', 'true'])
})

test('nothing is opened again for a broker that has been stopped meanwhile', async () => {
  const port = await freePort()
  await using greeting = await Greeting.on(`tcp://127.0.0.1:${port}`)
  const change = await greeting.prepare(`ws://127.0.0.1:${port}/mqtt`)
  await greeting.listeners.close()
  await change.undo()
  assert.equal(await heard(port), null)
})
