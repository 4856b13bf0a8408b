/**
 * Known failures of WebSocket in brokers and libraries, against the running broker; each test names where it comes from.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { httpAdmin } from '../../src/index.ts'
import { frame, RawPeer, upgrade } from '../../src/transport/websocket-wire.test.ts'
import { StartedPabal } from '../operating/started-pabal.ts'
import { connectPacket, field, packet } from '../support/packet-hex.ts'
import { startTestBroker } from '../support/test-broker.ts'

const listen = ['ws://127.0.0.1:0/mqtt']

function request(line: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ Host: 'broker.example', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${line}\r\n${lines.join('')}\r\n`
}

function dial(url: string): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => {})
  return socket
}

/** All of the answer, once the connection has been closed. */
async function answerTo(url: string, line: string, headers: Readonly<Record<string, string>> = upgrade) {
  const socket = dial(url)
  socket.write(request(line, headers))
  let answer = ''
  socket.setEncoding('latin1').on('data', (text: string) => {
    answer += text
  })
  await new Promise((resolve) => socket.once('close', resolve))
  return answer
}

async function open(url: string, headers: Readonly<Record<string, string>> = {}) {
  const peer = new RawPeer(dial(url))
  peer.socket.write(request('GET /mqtt HTTP/1.1', { ...upgrade, ...headers }))
  return { peer, head: await peer.readHead() }
}

/** Of the packet that these bytes begin with; infinite if that is not known yet. */
function sizeOf(bytes: Buffer): number {
  const remaining = bytes[1]
  return remaining === undefined ? Number.POSITIVE_INFINITY : 2 + remaining
}

const publish = packet('32', field('a'), '0007', '00', '6869')
const conversation = Buffer.from(
  connectPacket(5, 2, field('c')) + packet('82', '0001', '00', field('a'), '01') + publish + packet('c0'),
  'hex',
)

test('NanoMQ CVE-2026-25627: packets are split and merged over frames at every offset', async () => {
  await using broker = await startTestBroker({ listen })
  const ask = async (pieces: readonly Buffer[]): Promise<string[]> => {
    const { peer } = await open(broker.url)
    for (const piece of pieces) peer.socket.write(piece)
    const answers: string[] = []
    let bytes = Buffer.alloc(0)
    while (answers.length < 5) {
      bytes = Buffer.concat([bytes, (await peer.readFrame()).payload])
      for (let size = sizeOf(bytes); size <= bytes.length; size = sizeOf(bytes)) {
        answers.push(bytes.subarray(0, size).toString('hex'))
        bytes = bytes.subarray(size)
      }
    }
    peer.socket.destroy()
    // What waits for nothing may come before what does.
    return answers.sort()
  }
  const whole = await ask([frame(0x82, conversation)])
  const types = whole.map((answer) => answer.slice(0, 2))
  assert.deepEqual(types, ['20', '32', '40', '90', 'd0'], 'CONNACK, the copy, PUBACK, SUBACK, PINGRESP')
  for (let offset = 1; offset < conversation.length; offset++) {
    const [before, behind] = [conversation.subarray(0, offset), conversation.subarray(offset)]
    assert.deepEqual(await ask([frame(0x82, before), frame(0x82, behind)]), whole, `two messages, ${offset}`)
    const pieces = [frame(0x02, before), frame(0x00), frame(0x80, behind)]
    assert.deepEqual(await ask([Buffer.concat(pieces)]), whole, `two fragments, ${offset}`)
  }
  const bytes = Array.from(conversation, (byte) => frame(0x82, Buffer.from([byte])))
  assert.deepEqual(await ask([Buffer.concat(bytes)]), whole, 'each byte in a frame')
})

test('NanoMQ CVE-2026-25627: a frame that is shorter than the packet in it is waited for, and its end closes', async () => {
  await using broker = await startTestBroker({ listen })
  const { peer } = await open(broker.url)
  const told = new Promise<string>((resolve) => broker.broker.on('refused', ({ reason }) => resolve(reason)))
  peer.socket.write(frame(0x82, conversation.subarray(0, 9)))
  peer.socket.write(frame(0x88, Buffer.from([3, 232])))
  assert.equal(await peer.readCloseCode(), 1000)
  assert.match(await told, /closed/)
})

test('undici CVE-2026-1526, NATS 2026-02: compression is never agreed on, and a compressed frame closes', async () => {
  await using broker = await startTestBroker({ listen })
  for (const offered of [
    'permessage-deflate',
    'permessage-deflate; server_max_window_bits=8; client_max_window_bits',
  ]) {
    const { peer, head } = await open(broker.url, { 'Sec-WebSocket-Extensions': offered })
    assert.match(head, /^HTTP\/1\.1 101 /)
    assert.doesNotMatch(head, /extensions/i)
    peer.socket.write(frame(0xc2, Buffer.alloc(1000)))
    assert.equal(await peer.readCloseCode(), 1002)
    peer.socket.destroy()
  }
})

test('ws NSP-120, NATS 2026-03: a frame that announces more than the longest packet closes before it is kept', async () => {
  await using pabal = new StartedPabal(['--listen', 'ws://127.0.0.1:0/mqtt', '--admin', 'off'])
  await pabal.shown(/Stop with/)
  const url = /ws:\/\/\S+/.exec(pabal.stdout)?.[0] ?? ''
  for (const bytes of [
    Buffer.from('82ff7fffffffffffffff01020304', 'hex'),
    frame(0x82, Buffer.alloc(1000), 0xffff_ffff),
    frame(0x82, Buffer.alloc(1000), 2 ** 21),
    Buffer.from('82ffffffffffffffffff01020304', 'hex'),
  ]) {
    const { peer } = await open(url)
    peer.socket.write(bytes)
    assert.equal(await peer.readCloseCode(), 1009)
    peer.socket.destroy()
  }
})

test('NATS 2026-27: an upgrade at a path, a port or a listener that has none is refused', async () => {
  await using broker = await startTestBroker({
    listen: [...listen, 'tcp://127.0.0.1:0'],
    admin: httpAdmin({ listen: 'http://127.0.0.1:0', login: 'off' }),
  })
  const [webSocketUrl = '', tcpUrl = ''] = broker.broker.urls
  const paths = ['/', '/mqtt/', '//mqtt', '/MQTT', '/%6dqtt', '/mqtt/../mqtt', '/./mqtt', '/mqtt%00', '/mqtt;x', '*']
  for (const path of paths) {
    assert.match(await answerTo(webSocketUrl, `GET ${path} HTTP/1.1`), /^HTTP\/1\.1 40[04] /, path)
  }
  assert.equal(await answerTo(tcpUrl, 'GET /mqtt HTTP/1.1'), '')
  const [adminUrl = ''] = broker.broker.adminUrls
  assert.doesNotMatch(
    await answerTo(adminUrl, 'GET /mqtt HTTP/1.1', { ...upgrade, Connection: 'Upgrade, close' }),
    / 101 /,
  )
})

test('cross-site WebSocket hijacking (CWE-1385): pages of other origins may not connect where origins are listed', async () => {
  await using broker = await startTestBroker({ listen: ['ws://127.0.0.1:0/mqtt?origin=https://app.example'] })
  for (const origin of ['https://evil.example', 'https://app.example.evil.example', 'http://app.example', 'null']) {
    assert.match(await answerTo(broker.url, 'GET /mqtt HTTP/1.1', { ...upgrade, Origin: origin }), /^HTTP\/1\.1 403 /)
  }
  const { peer, head } = await open(broker.url, { Origin: 'https://app.example' })
  assert.match(head, /^HTTP\/1\.1 101 /)
  peer.socket.destroy()
})

test('cross-site WebSocket hijacking (CWE-1385): where nobody logs in, a page of the network may not use the browser of this machine', async () => {
  const users = { authenticate: () => ({ type: 'accepted', account: 'ann' }) as const }
  for (const [options, isOpen] of [
    [{}, false],
    [{ allowAnonymous: true }, false],
    [{ ...users, allowAnonymous: true }, false],
    // What a page does not know it cannot show.
    [users, true],
  ] as const) {
    await using broker = await startTestBroker({ listen: ['ws://127.0.0.1:0/mqtt'], ...options })
    for (const origin of ['https://evil.example', 'http://localhost.evil.example', 'null']) {
      const { peer, head } = await open(broker.url, { Origin: origin })
      assert.match(head, isOpen ? /^HTTP\/1\.1 101 / : /^HTTP\/1\.1 403 /, origin)
      peer.socket.destroy()
    }
    for (const origin of ['http://localhost:5173', 'http://127.0.0.1:8080', null]) {
      const { peer, head } = await open(broker.url, origin === null ? {} : { Origin: origin })
      assert.match(head, /^HTTP\/1\.1 101 /, String(origin))
      peer.socket.destroy()
    }
  }
})

test('a page of the network may connect from another machine, also where a proxy on this one stands in between', async () => {
  const listen = ['ws://127.0.0.1:0/mqtt?proxyFrom=127.0.0.1']
  await using broker = await startTestBroker({ listen, allowAnonymous: true })
  const { port } = new URL(broker.url)
  const headers = Object.entries({ ...upgrade, Origin: 'https://app.example' }).map(
    ([name, value]) => `${name}: ${value}`,
  )
  const request = ['GET /mqtt HTTP/1.1', 'Host: a', ...headers, '', ''].join('\r\n')
  for (const [client, status] of [
    ['192.0.2.7', 101],
    ['127.0.0.1', 403],
  ] as const) {
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(`PROXY TCP4 ${client} 127.0.0.1 5000 80\r\n${request}`)
    const [answer] = await once(socket, 'data')
    assert.match(String(answer), new RegExp(`^HTTP/1\\.1 ${status} `))
    socket.destroy()
  }
})

test('who comes by a web server on this machine may not do what this machine may, where nobody logs in', async () => {
  await using broker = await startTestBroker({ listen })
  const events = packet('82', '0001', field('$pabal/events/session/purged'), '00')
  const seen: string[] = []
  broker.broker.on('connected', ({ remoteAddress }) => seen.push(remoteAddress))
  for (const mark of [
    null,
    'X-Forwarded-For',
    'X-Real-IP',
    'X-Forwarded-Proto',
    'X-Forwarded-Host',
    'Forwarded',
    'Via',
  ]) {
    const { peer } = await open(broker.url, mark === null ? {} : { [mark]: '203.0.113.9' })
    peer.socket.write(frame(0x82, Buffer.from(connectPacket(4, 2, field('c')) + events, 'hex')))
    let answer = ''
    while (!/90030001(?:00|80)$/.test(answer)) answer += (await peer.readFrame()).payload.toString('hex')
    assert.match(answer, mark === null ? /00$/ : /80$/, mark ?? 'by itself')
    peer.socket.destroy()
  }
  assert.match(seen[0] ?? '', /^127\.0\.0\.1:\d+$/)
  assert.deepEqual([...new Set(seen.slice(1))], ['unknown'])
})
