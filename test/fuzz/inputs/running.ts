/**
 * What a broker in this process reads from sockets besides MQTT: requests of the HTTP API, and WebSockets from the upgrade on.
 *
 * An input is all that one client sends. Whatever it is, the broker answers it or closes; a fault of its own is a finding.
 */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { httpAdmin } from '../../../src/index.ts'
import { encode } from '../../packets/generate.ts'
import { startTestBroker } from '../../support/test-broker.ts'
import { fromOutside, type Target } from './target.ts'

/** Long after everything that can be answered was. */
const silentMs = 250
const answerBytesMost = 1 << 20

/** What comes back for these bytes until the other side closes, says nothing more or has said very much. */
function exchange(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    const chunks: Buffer[] = []
    let size = 0
    socket.setTimeout(silentMs, () => socket.destroy())
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      size += chunk.length
      if (size > answerBytesMost) socket.destroy()
    })
    // The broker has closed while something was on its way; `close` follows.
    socket.on('error', () => {})
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')))
    const middle = bytes.length >> 1
    socket.write(bytes.subarray(0, middle))
    setImmediate(() => {
      if (!socket.destroyed) socket.end(bytes.subarray(middle))
    })
  })
}

/** A request whose length is right: what is fuzzed behind the head is the body. */
function request(method: string, path: string, body?: unknown): Buffer {
  const json = body === undefined ? '' : JSON.stringify(body)
  const head = [
    `${method} /api/v1${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'connection: close',
    ...(json === '' ? [] : ['content-type: application/json', `content-length: ${Buffer.byteLength(json)}`]),
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${json}`)
}

const properties = { message_expiry_interval: 60, response_topic: 'r', user_properties: { a: ['b', 'c'], d: 'e' } }
const message = { topic: 'a/b', payload: 'YQ==', payload_encoding: 'base64', qos: 1, retain: true, properties }
const requests = [
  request('POST', '/publish', message),
  request('POST', '/publish/bulk', [message, { topic: 'held/x', receipt: true }, { topic: 'a', qos: 0 }]),
  request('POST', '/clients/away/subscribe', { topic: '$share/g/a/+', qos: 2, nl: 0, rap: 1, rh: 2 }),
  request('DELETE', '/clients/away/subscriptions/a%2F%23'),
  request('POST', '/held/release', { filter: 'held/#' }),
  request('POST', '/held/drop', { all: true }),
  request('POST', '/dead_letters/replay', { id: 1 }),
  request('POST', '/config/reload', {}),
  request('POST', '/api_key', { name: 'a', scopes: ['observe', 'publish'], expiresAtMs: 1 }),
  request('DELETE', '/api_key/0123456789abcdef'),
  request('POST', '/login', { username: 'admin', password: 'x' }),
  request('DELETE', '/clients/away?account='),
  request('DELETE', '/sessions/away'),
  request('DELETE', '/retainer/message/a%2Fb'),
  request('DELETE', '/clients/away/mqueue_messages'),
  ...[
    '/clients?presence=online&limit=2&cursor=x',
    '/clients/away/history?account=a',
    '/clients/away/subscriptions',
    '/clients/away/mqueue_messages?payload=true',
    '/clients/away/inflight_messages',
    '/subscriptions?filter=a/%2B&exact=true',
    '/topics/a%2Fb/listeners?limit=10000',
    '/access/test?client=a&action=publish&topic=a',
    '/trace?topic=%23&after=0&fate=held,routed',
    '/retainer/messages?filter=%23',
    '/retainer/message/a%2Fb',
    '/held?client=a&filter=held/%23',
    '/shared_groups',
    '/topics',
    '/ledger',
    '/overview',
    '/config',
    '/receipts/1',
    '/openapi.json',
  ].map((path) => request('GET', path)),
]

const httpTarget: Target = {
  name: 'http-api',
  ...fromOutside,
  folders: ['admin', 'server/requests', 'core/query'],
  seeds: requests,
  words: [
    ...[
      'GET ',
      'POST ',
      'DELETE ',
      'PUT ',
      'HEAD ',
      'OPTIONS ',
      '/api/v1/',
      '/metrics',
      '/livez',
      '%2F',
      '%00',
      '%',
      '..',
      '?',
      '&',
      '=',
    ],
    ...[
      'host: ',
      'origin: null\r\n',
      'cookie: ',
      'authorization: Bearer x\r\n',
      'idempotency-key: a\r\n',
      '\r\n',
      'transfer-encoding: chunked\r\n',
    ],
    ...[
      '{',
      '}',
      '[',
      ']',
      '"',
      ',',
      ':',
      'null',
      'true',
      '\\ud800',
      '"topic":',
      '"qos":',
      '"properties":',
      '"__proto__":',
      '"id":',
      '"filter":',
      '#',
      '+',
      '$share/',
    ],
    ...['limit=', 'cursor=', 'filter=', 'account=', 'payload=true', 'away', 'a', 'held', 'base64', '*', '%u', '$SYS/x'],
  ],
  start: async () => {
    const admin = httpAdmin({ listen: 'http://127.0.0.1:0', login: 'off' })
    const limits = { retainedMessagesMax: 100, heldMessagesMax: 100, sysIntervalSeconds: 0 }
    const running = await startTestBroker({ admin, limits, topics: [{ filter: 'held/#', whenNobody: 'hold' }] })
    const away = await running.client(5, { clientIdentifier: 'away', properties: { sessionExpiryInterval: 60_000 } })
    await away.subscribe('a/#', { qos: 1 })
    const port = Number(new URL(running.broker.adminUrls[0] ?? '').port)
    return {
      feed: async (input: Buffer) => {
        const answer = await exchange(port, input)
        assert.doesNotMatch(answer, /^HTTP\/1\.1 500/m, answer.slice(0, 2000))
      },
      [Symbol.asyncDispose]: () => running.broker.stop(),
    }
  },
}

/** One binary frame of a client, whose mask changes nothing: so what is fuzzed is what arrives. */
function frame(payload: Buffer, first = 0x82): Buffer {
  const length = payload.length
  const head = length < 126 ? [0x80 | length] : [0xfe, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([first, ...head, 0, 0, 0, 0]), payload])
}

const upgrade = [
  'GET /mqtt HTTP/1.1',
  'Host: 127.0.0.1',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Protocol: mqtt',
]
const upgraded = (...frames: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.from(`${upgrade.join('\r\n')}\r\n\r\n`), ...frames])
const connectPacket = encode(
  {
    ...{ type: 'connect', protocolVersion: 5, cleanStart: true, keepAliveSeconds: 0, clientIdentifier: 'w' },
    ...{ will: null, userName: null, password: null, properties: {} },
  },
  5,
)
const publishPacket = encode({ topicName: 'a', payload: Buffer.alloc(200), qos: 1, packetId: 1 }, 5)
const pingFrame = frame(Buffer.from('ping'), 0x89)
const closeFrame = frame(Buffer.from('03e8', 'hex'), 0x88)

const webSocketTarget: Target = {
  name: 'web-socket',
  ...fromOutside,
  folders: ['transport', 'server'],
  seeds: [
    upgraded(frame(connectPacket), frame(publishPacket), pingFrame, closeFrame),
    upgraded(
      frame(connectPacket.subarray(0, 5), 0x02),
      frame(connectPacket.subarray(5), 0x80),
      frame(Buffer.from('c000', 'hex')),
    ),
    upgraded(frame(connectPacket), frame(Buffer.from('text'), 0x81)),
    upgraded(frame(Buffer.concat([connectPacket, publishPacket, publishPacket])), frame(Buffer.alloc(0)), closeFrame),
    Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
  ],
  words: [
    ...upgrade.map((line) => `${line}\r\n`),
    ...[
      'Origin: https://a.example\r\n',
      'Sec-WebSocket-Extensions: permessage-deflate\r\n',
      'Content-Length: 5\r\n',
      '\r\n',
      'mqttv3.1',
      'OPTIONS * ',
    ],
    ...['8200', '8280', '82fe', '82ff', 'c280', '8900', '8a80', '880203e8', '0280', '0080'].map((digits) =>
      Buffer.from(digits, 'hex').toString('latin1'),
    ),
  ],
  start: async () => {
    const running = await startTestBroker({ listen: ['ws://127.0.0.1:0/mqtt'], limits: { sysIntervalSeconds: 0 } })
    let fault: unknown = null
    running.broker.on('fault', (error) => {
      fault = error
    })
    const port = Number(new URL(running.url).port)
    return {
      feed: async (input: Buffer) => {
        await exchange(port, input)
        if (fault !== null) throw fault
      },
      [Symbol.asyncDispose]: () => running.broker.stop(),
    }
  },
}

export const runningTargets: readonly Target[] = [httpTarget, webSocketTarget]
