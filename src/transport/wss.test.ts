/**
 * WebSocket over TLS: whose certificate it was, and by whose server a client came.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { connect as connectTcp, Socket } from 'node:net'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { temporaryDirectory } from '../../test/support/temporary-directory.ts'
import type { Channel } from './channel.ts'
import { connectChannel } from './connect.ts'
import { parseListenUrl } from './listen-url.ts'
import { createListener } from './listener.ts'
import { makeSelfSigned } from './self-signed.test.ts'
import { takeUpgrade } from './websocket.ts'

const directory = temporaryDirectory()
const server = makeSelfSigned(directory, 'server')
const client = makeSelfSigned(directory, 'client')

test('over wss a client has the name in its certificate, and who does not come so far is reported with how far he came', async () => {
  const accepting = Promise.withResolvers<Channel>()
  const reports: string[] = []
  let told: () => void = () => {}
  const url = `wss://127.0.0.1:0?cert=${server.certFile}&key=${server.keyFile}&ca=${client.certFile}&identity=cn`
  const listener = createListener(parseListenUrl(url), accepting.resolve, {
    handshakeTimeoutMs: () => 200,
    turnedAway: (_, { type, reason }) => {
      reports.push(`${type}: ${reason}`)
      told()
    },
  })
  await listener.listen()
  const port = Number(new URL(listener.url).port)
  const tls = { caFile: server.certFile, certFile: client.certFile, keyFile: client.keyFile }
  const channel = await connectChannel({ transport: 'wss', host: '127.0.0.1', port, tls })
  const accepted = await accepting.promise
  assert.deepEqual([accepted.transport, accepted.certificateName], ['wss', 'client'])
  for (const each of [channel, accepted]) each.destroy()
  const key = readFileSync(client.keyFile)
  const secure = {
    host: '127.0.0.1',
    port,
    ca: readFileSync(server.certFile),
    cert: readFileSync(client.certFile),
    key,
  }
  for (const begin of [() => connectTcp(port, '127.0.0.1').end('GET / HTTP/1.1\r\n\r\n'), () => connect(secure)]) {
    const isTold = new Promise<void>((resolve) => {
      told = resolve
    })
    const socket = begin().on('error', () => {})
    await isTold
    socket.destroy()
  }
  await listener.close()
  assert.deepEqual(reports, [
    'failed: its TLS handshake failed: http request',
    'slow: its WebSocket handshake was not complete within 0.2 seconds',
  ])
})

test('a client that comes by an HTTPS server of somebody else comes by wss', async (context) => {
  const credentials = { cert: readFileSync(server.certFile), key: readFileSync(server.keyFile) }
  const host = createServer(credentials).listen(0, '127.0.0.1')
  context.after(() => host.close())
  await once(host, 'listening')
  const bound = host.address()
  const taken = new Promise<Channel>((resolve) => {
    host.on('upgrade', (request, socket, head) => {
      assert.ok(socket instanceof Socket)
      const terms = { origins: [], mayBeAnyPage: false, messageBytesMax: 1000, remoteAddress: '192.0.2.7:1' }
      takeUpgrade(request, socket, head, { ...terms, accept: resolve })
    })
  })
  const target = {
    host: '127.0.0.1',
    port: typeof bound === 'object' ? (bound?.port ?? 0) : 0,
    path: '/mqtt',
    tls: { caFile: server.certFile },
  }
  const channel = await connectChannel({ ...target, transport: 'wss' })
  const accepted = await taken
  assert.deepEqual([accepted.transport, accepted.remoteAddress], ['wss', '192.0.2.7:1'])
  for (const each of [channel, accepted]) each.destroy()
})
