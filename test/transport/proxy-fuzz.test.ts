/**
 * PROXY headers that are cut, damaged, late, too many or broken off, followed by anything, at running listeners: whatever comes, the
 * broker goes on, nobody gets in with a header that is none, and nothing is left behind.
 */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import type { CoreState } from '../../src/core/state.ts'
import { makeSelfSigned } from '../../src/transport/self-signed.test.ts'
import { type Chance, makeChance, pick } from '../support/chance.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startTestBroker } from '../support/test-broker.ts'
import { WireClient } from '../support/wire-client.ts'

const directory = temporaryDirectory()
const certificate = makeSelfSigned(directory, 'server')
const files = `&cert=${certificate.certFile}&key=${certificate.keyFile}`
const seed = Number(process.env.TEST_SEED ?? 20_261_125)
const connections = 600

const connectPacket = Buffer.from('101000044d5154540502003c000003616263', 'hex')
const headers = [
  Buffer.from('PROXY TCP4 203.0.113.9 192.0.2.1 50312 1883\r\n'),
  Buffer.from('PROXY UNKNOWN\r\n'),
  Buffer.from('0d0a0d0a000d0a515549540a2111000ccb007109c0000201c488075b', 'hex'),
  Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex'),
]
const followers = [
  connectPacket,
  connectPacket,
  connectPacket,
  Buffer.from('1603010200010001fc0303', 'hex'),
  Buffer.from('GET /mqtt HTTP/1.1\r\nHost: x\r\n\r\n'),
  Buffer.alloc(5000, 0x50),
  Buffer.alloc(0),
]

/** A header, perhaps damaged, perhaps twice, and what follows it. */
function attempt(chance: Chance): Buffer {
  const header = Buffer.from(pick(chance, headers))
  for (let hits = chance(3); hits > 0; hits--) header[chance(header.length)] = chance(256)
  const again = chance(6) === 0 ? [header] : []
  return Buffer.concat([
    header.subarray(0, header.length - pick(chance, [0, 0, 0, 1, 9])),
    ...again,
    pick(chance, followers),
  ])
}

/** Sends it in pieces, and ends in one of the ways there are. */
async function send(port: number, bytes: Buffer, chance: Chance): Promise<void> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true)
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.resume().once('close', resolve))
  let at = 0
  for (let pieces = 1 + chance(5); pieces > 0 && at < bytes.length; pieces--) {
    const end = pieces === 1 ? bytes.length : at + chance(bytes.length - at + 1)
    const piece = bytes.subarray(at, end)
    at = end
    if (!socket.destroyed) await new Promise((resolve) => socket.write(piece, resolve))
  }
  pick(chance, [() => socket.resetAndDestroy(), () => socket.destroy(), () => socket.end()])()
  // Whoever only ends its side is closed by the deadline at the latest.
  await closed
}

test(`${connections} connections with damaged headers leave nothing behind (seed ${seed})`, {
  timeout: 60_000,
}, async () => {
  const chance = makeChance(seed)
  let state: CoreState | null = null
  const listen = ['tcp', 'tls', 'ws', 'wss'].map((scheme) => {
    return `${scheme}://127.0.0.1:0?proxyFrom=127.0.0.1${scheme === 'tls' || scheme === 'wss' ? files : ''}`
  })
  const limits = { handshakeSecondsMax: 1, connectSecondsMax: 1 }
  const parts = {
    afterTurn: (core: { state: CoreState }): void => {
      state = core.state
    },
  }
  await using broker = await startTestBroker({ listen, limits, allowAnonymous: true }, parts)
  const ports = broker.broker.urls.map((url) => Number(new URL(url).port))
  const seen = new Set<string>()
  broker.broker.on('connected', ({ remoteAddress }) => void seen.add(remoteAddress.replace(/:\d+$/, '')))
  for (let done = 0; done < connections; done += 50) {
    await Promise.all(Array.from({ length: 50 }, () => send(pick(chance, ports), attempt(chance), chance)))
  }
  using client = new WireClient(connect(ports[0] ?? 0, '127.0.0.1'), 5)
  client.sendBytes(headers[0] ?? '')
  assert.equal((await client.connect()).reasonCode, 0)
  assert.ok(seen.has('203.0.113.9'), `some came in: ${[...seen].join(' ')}`)
  // An address may be damaged into another one; never into none.
  for (const address of seen) assert.match(address, /^(?:unknown|\d+\.\d+\.\d+\.\d+|\[[\da-f:]+\])$/)
  const left = (): unknown => state && [state.traffic.handshakes, state.connections.size]
  while (String(left()) !== '0,1') await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(left(), [0, 1])
})
