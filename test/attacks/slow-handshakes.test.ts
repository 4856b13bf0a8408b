/**
 * Slowloris: whoever sends a byte now and then, or none, on TLS, HTTP upgrade or MQTT. Each has a deadline that no byte prolongs, and
 * what is under way is bounded.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { describe, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import type { CoreState } from '../../src/core/state.ts'
import { makeSelfSigned } from '../../src/transport/self-signed.test.ts'
import { StartedPabal } from '../operating/started-pabal.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startTestBroker } from '../support/test-broker.ts'
import { WireClient } from '../support/wire-client.ts'

const directory = temporaryDirectory()
const certificate = makeSelfSigned(directory, 'server')
const authority = readFileSync(certificate.certFile)
const files = `cert=${certificate.certFile}&key=${certificate.keyFile}`

/** The first bytes of a ClientHello of 512 bytes. */
const clientHello = Buffer.concat([Buffer.from('1603010200010001fc0303', 'hex'), Buffer.alloc(400, 1)])
const upgrade = Buffer.from(`GET /mqtt HTTP/1.1\r\nHost: x\r\nX-Padding: ${'x'.repeat(400)}`)
const halfConnect = Buffer.concat([Buffer.from('10fc0300044d5154540502003c00fff0', 'hex'), Buffer.alloc(400, 'a')])

function dial(url: string): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => {})
  return socket
}

async function dialSecure(url: string): Promise<Duplex> {
  const socket = connectTls({ socket: dial(url), ca: authority, servername: 'localhost' })
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  return socket
}

/** Sends a byte every 50 ms; resolves with the seconds until the broker has closed. */
async function drip(socket: Duplex, bytes: Buffer): Promise<number> {
  const begunMs = Date.now()
  let sent = 0
  const timer = setInterval(() => {
    socket.write(bytes.subarray(sent, sent + 1))
    sent += 1
  }, 50)
  await new Promise((resolve) => socket.resume().once('close', resolve))
  clearInterval(timer)
  assert.ok(sent > 5, 'bytes were sent all the time')
  return (Date.now() - begunMs) / 1000
}

describe('slowloris on TLS, HTTP upgrade, MQTT', { concurrency: true }, () => {
  const limits = { handshakeSecondsMax: 1, connectSecondsMax: 1 }
  for (const [where, listen, open, bytes, reason] of [
    [
      'TLS',
      `tls://127.0.0.1:0?${files}`,
      dial,
      clientHello,
      /its TLS handshake was not complete within 1 seconds \(limits\.handshakeSecondsMax\)$/,
    ],
    ['TLS below WebSocket', `wss://127.0.0.1:0?${files}`, dial, clientHello, /its TLS handshake was not complete/],
    ['HTTP upgrade', 'ws://127.0.0.1:0', dial, upgrade, /its WebSocket handshake was not complete within 1 seconds/],
    ['HTTP upgrade over TLS', `wss://127.0.0.1:0?${files}`, dialSecure, upgrade, /its WebSocket handshake was not/],
    ['MQTT', 'tcp://127.0.0.1:0', dial, halfConnect, /no CONNECT within 1 seconds \(limits\.connectSecondsMax\)$/],
    [
      'MQTT over TLS',
      `tls://127.0.0.1:0?${files}`,
      dialSecure,
      halfConnect,
      /no CONNECT within 1 seconds \(limits\.connectSecondsMax\)$/,
    ],
  ] as const) {
    test(`${where}: a byte now and then does not keep a connection open`, async () => {
      await using broker = await startTestBroker({ listen: [listen], limits })
      const told = new Promise<string>((resolve) => broker.broker.on('refused', (event) => resolve(event.reason)))
      const seconds = await drip(await open(broker.url), bytes)
      assert.match(await told, reason)
      assert.ok(seconds < 10, `closed after ${seconds} s`)
    })
  }
})

test('a limit that is changed while the broker runs is that of whoever connects next', async () => {
  const listen = [`tls://127.0.0.1:0?${files}`]
  await using broker = await startTestBroker({ listen })
  await broker.broker.reload({ listen, limits: { handshakeSecondsMax: 1 } })
  assert.ok((await drip(dial(broker.url), clientHello)) < 9)
})

for (const scheme of ['tls', 'ws'] as const) {
  test(`${scheme}: of 300 connections that say nothing, 100 are kept, and a client comes in all the same`, async () => {
    const listen = [`${scheme}://127.0.0.1:0?${scheme === 'tls' ? files : 'report=on'}`, `tls://127.0.0.1:0?${files}`]
    const states: CoreState[] = []
    const reasons: string[] = []
    const parts = { afterTurn: ({ state }: { state: CoreState }) => void states.push(state) }
    await using broker = await startTestBroker({ listen, limits: { handshakesMax: 100 } }, parts)
    broker.broker.on('refused', ({ reason }) => reasons.push(reason))
    const silent: Socket[] = []
    const closed: Promise<unknown>[] = []
    for (let index = 0; index < 300; index++) {
      const socket = dial(broker.url)
      silent.push(socket)
      if (index < 200) closed.push(once(socket.resume(), 'close'))
      await once(socket, 'connect')
    }
    await Promise.all(closed)
    assert.equal(silent.filter((socket) => socket.closed).length, 200, 'the oldest made room')
    assert.equal(states[0]?.traffic.handshakes, 100)
    assert.equal(states[0]?.traffic.handshakesFailed, 200)
    assert.deepEqual(states[0]?.reachedLimits, { handshakesMax: 200 })
    assert.deepEqual([...new Set(reasons)].length, 1)
    assert.match(
      reasons[0] ?? '',
      /^too many connections at once were still waiting for its (?:TLS|WebSocket) handshake, .* \(limits\.handshakesMax\)$/,
    )
    using client = new WireClient(await dialSecure(broker.broker.urls[1] ?? ''), 5)
    assert.equal((await client.connect()).reasonCode, 0)
    for (const socket of silent) socket.destroy()
  })
}

test('5,000 half-sent ClientHellos cost less than 150 MB, and a client comes in meanwhile', async () => {
  const flags = ['--listen', `tls://127.0.0.1:0?${files}`, '--admin', 'off', '--limit', 'handshakeSecondsMax=600']
  await using pabal = new StartedPabal(flags)
  await pabal.shown(/Stop with/)
  const url = /tls:\/\/127\.0\.0\.1:\d+/.exec(pabal.stdout)?.[0] ?? ''
  const memory = (): number => residentKib(pabal.child.pid ?? 0)
  // What the first of them load is not theirs.
  const warm = await halfHellos(url, 100)
  for (const socket of warm) socket.destroy()
  const before = memory()
  const sockets = await halfHellos(url, 5000)
  using client = new WireClient(await dialSecure(url), 5)
  assert.equal((await client.connect()).reasonCode, 0)
  const grownKib = memory() - before
  assert.ok(grownKib < 150 * 1024, `${grownKib} KiB more`)
  for (const socket of sockets) socket.destroy()
})

/** So many connections with half a ClientHello each, as far as they are not closed. */
async function halfHellos(url: string, count: number): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const round = Array.from({ length: 100 }, () => dial(url).resume())
    await Promise.all(
      round.map((socket) => {
        const gone = new Promise((resolve) => socket.once('close', resolve))
        return Promise.race([gone, new Promise<void>((resolve) => socket.write(clientHello, () => resolve()))])
      }),
    )
    sockets.push(...round)
  }
  return sockets
}

function residentKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}
