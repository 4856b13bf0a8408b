/**
 * Listeners: where they say they are, and what they say when they cannot start. TLS files: tls.test.ts.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { temporaryDirectory } from '../../test/support/temporary-directory.ts'
import type { Channel, Listener } from './channel.ts'
import { connectChannel } from './connect.ts'
import { ListenError } from './listen-error.ts'
import { parseListenUrl } from './listen-url.ts'
import { createListener } from './listener.ts'
import { Recorder } from './recorder.test.ts'

const directory = temporaryDirectory()

const made: Listener[] = []
// Also of a test that has failed, or the file would never end.
afterEach(async () => {
  for (const listener of made.splice(0)) await listener.close()
})

function newListener(url: string, accept: (channel: Channel) => void = () => {}): Listener {
  const listener = createListener(parseListenUrl(url), accept)
  made.push(listener)
  return listener
}

async function refusal(url: string): Promise<ListenError> {
  const listener = newListener(url)
  const error = await listener.listen().then(
    () => assert.fail(`${url} listens`),
    (error) => error,
  )
  assert.ok(error instanceof ListenError, String(error))
  assert.equal(error.url, url)
  return error
}

test('the URL of a listener has the port it took, and nothing that is no business of clients', async () => {
  const urls: [url: string, pattern: RegExp][] = [
    ['tcp://127.0.0.1:0', /^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/],
    ['tcp://[::1]:0', /^tcp:\/\/\[::1\]:[1-9]\d*$/],
    ['ws://127.0.0.1:0?origin=http://a.example', /^ws:\/\/127\.0\.0\.1:[1-9]\d*\/mqtt$/],
    [`unix://${directory}/a%20b.sock`, /^unix:\/\/\/.*\/a%20b\.sock$/],
  ]
  for (const [url, pattern] of urls) {
    const listener = newListener(url)
    await listener.listen()
    assert.match(listener.url, pattern)
    await listener.close()
  }
})

for (const transport of ['tcp', 'ws'] as const) {
  test(`a port in use is named (${transport})`, async () => {
    const first = newListener(`${transport}://127.0.0.1:0`)
    await first.listen()
    const port = new URL(first.url).port
    const url = `${transport}://127.0.0.1:${port}`
    const error = await refusal(url)
    assert.equal(
      error.message,
      `Cannot listen on ${url}: another program already listens on port ${port}. Stop that program, or choose another port (0 takes a free one).`,
    )
    assert.equal(error.code, 'EADDRINUSE')
    await first.close()
    const second = newListener(url)
    await second.listen()
    await second.close()
  })
}

test('an address this machine does not have is named', async () => {
  const error = await refusal('tcp://192.0.2.1:0')
  assert.equal(
    error.message,
    'Cannot listen on tcp://192.0.2.1:0: 192.0.2.1 is no address of this machine. Use 127.0.0.1 for this machine only, ' +
      '0.0.0.0 for every IPv4 address, or an address that this machine has.',
  )
})

test('a host name without an address is named', async () => {
  const error = await refusal('tcp://no-such-host.invalid:0')
  assert.match(error.message, /: the host name no-such-host\.invalid has no address\. Use 127\.0\.0\.1 /)
})

test('a closed listener accepts nobody', async () => {
  const listener = newListener('tcp://127.0.0.1:0')
  await listener.listen()
  await listener.close()
  await listener.close()
  const target = { transport: 'tcp', host: '127.0.0.1', port: Number(new URL(listener.url).port) } as const
  await assert.rejects(connectChannel(target), { code: 'ECONNREFUSED' })
})

test('a Unix socket file is there while the listener is, and no longer', async () => {
  const path = join(directory, 'own.sock')
  const listener = newListener(`unix://${path}`)
  await listener.listen()
  assert.ok(existsSync(path))
  await listener.close()
  assert.equal(existsSync(path), false)
})

test('a Unix socket file that a killed program left behind is replaced', async () => {
  const path = join(directory, 'stale.sock')
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('ready'))`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'close')
  assert.ok(existsSync(path))
  const listener = newListener(`unix://${path}`)
  await listener.listen()
  const socket = connect(path)
  await once(socket, 'connect')
  socket.destroy()
  await listener.close()
})

test('a Unix socket somebody listens on is left alone', async () => {
  const path = join(directory, 'live.sock')
  await using other = createServer().listen(path)
  await once(other, 'listening')
  const error = await refusal(`unix://${path}`)
  assert.equal(
    error.message,
    `Cannot listen on unix://${path}: another program already listens on ${path}. Stop that program, or choose another path.`,
  )
  assert.ok(existsSync(path))
})

test('a file that is no socket is left alone', async () => {
  const path = join(directory, 'precious.txt')
  writeFileSync(path, 'precious')
  const error = await refusal(`unix://${path}`)
  assert.equal(
    error.message,
    `Cannot listen on unix://${path}: there is something at ${path} that is no socket. Choose another path, or remove what is there.`,
  )
  assert.equal(readFileSync(path, 'utf8'), 'precious')
})

test('a directory that is not there, or not ours, is named', async () => {
  const missing = join(directory, 'missing')
  assert.equal(
    (await refusal(`unix://${missing}/a.sock`)).message,
    `Cannot listen on unix://${missing}/a.sock: ${missing} is no directory. Create it, or choose another path.`,
  )
  if (process.getuid?.() === 0) return // To root every directory is open.
  const locked = join(directory, 'locked')
  mkdirSync(locked)
  chmodSync(locked, 0o500)
  assert.match(
    (await refusal(`unix://${locked}/a.sock`)).message,
    /this user may not create a file in .*locked\. Choose/,
  )
})

test('a port below 1024 that this user may not open is named', { skip: process.getuid?.() === 0 }, async (context) => {
  const listener = newListener('tcp://127.0.0.1:1')
  const error = await listener.listen().catch((error) => error)
  if (error === undefined) {
    await listener.close()
    return context.skip('this system lets everybody open every port')
  }
  assert.match(error.message, /: this user may not open port 1\. Choose a port from 1024 up, /)
})

test('a thousand connections that come at once are all accepted', async () => {
  const recorders: Recorder[] = []
  const listener = newListener('tcp://127.0.0.1:0', (channel) => {
    const recorder = new Recorder()
    channel.handler = recorder
    channel.write(Buffer.from('x'))
    recorders.push(recorder)
  })
  await listener.listen()
  const target = { transport: 'tcp', host: '127.0.0.1', port: Number(new URL(listener.url).port) } as const
  const channels = await Promise.all(Array.from({ length: 1000 }, () => connectChannel(target)))
  const clients = channels.map((channel) => {
    const recorder = new Recorder()
    channel.handler = recorder
    return recorder
  })
  await Promise.all(clients.map((client) => client.untilBytes(1)))
  assert.equal(recorders.length, 1000)
  for (const channel of channels) channel.end()
  for (const recorder of recorders) assert.equal(await recorder.untilClosed(), null)
  await listener.close()
})

test('a peer that has ended and does not read is not waited for for ever', { timeout: 20_000 }, async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const accepted = Promise.withResolvers<{ channel: Channel; recorder: Recorder }>()
  const listener = newListener('tcp://127.0.0.1:0', (channel) => {
    const recorder = new Recorder()
    channel.handler = recorder
    accepted.resolve({ channel, recorder })
  })
  await listener.listen()
  const peer = connect({ port: Number(new URL(listener.url).port), host: '127.0.0.1', allowHalfOpen: true })
  peer.on('error', () => {})
  const { channel, recorder } = await accepted.promise
  while (channel.write(Buffer.alloc(1_000_000)));
  peer.end('bye')
  await recorder.untilBytes(3)
  while (channel.write(Buffer.alloc(1))) await new Promise((resolve) => setImmediate(resolve))
  // The end is noticed in the same read or the next one; then five seconds pass.
  while (recorder.closings.length === 0) {
    context.mock.timers.tick(1000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal(await recorder.untilClosed(), null)
  peer.destroy()
  await listener.close()
})
