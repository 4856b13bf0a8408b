/**
 * Who gets a WebSocket and what everybody else is told. MQTT 5.0 section 6.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { connectChannel } from './connect.ts'
import { listen, upgrade } from './websocket-wire.test.ts'

describe('the handshake', { timeout: 30_000 }, () => {
  for (const offered of ['mqtt', 'chat, mqttv3.1, mqtt', 'constructor,mqtt']) {
    test(`[MQTT-6.0.0-4] of the subprotocols "${offered}" the server selects mqtt`, async () => {
      const wire = await listen()
      const { head } = await wire.open({ ...upgrade, 'Sec-WebSocket-Protocol': offered })
      assert.match(head, /^HTTP\/1\.1 101 /)
      assert.equal(/\r\nSec-WebSocket-Protocol: (.*)\r\n/.exec(head)?.[1], 'mqtt')
      const proof = createHash('sha1').update(`${upgrade['Sec-WebSocket-Key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      assert.equal(/\r\nSec-WebSocket-Accept: (.*)\r\n/.exec(head)?.[1], proof.digest('base64'))
    })
  }

  for (const extensions of ['permessage-deflate', 'constructor', '__proto__; toString', 'x; y="', ',,,']) {
    test(`the extensions "${extensions}" are neither granted nor harmful`, async () => {
      const wire = await listen()
      const { head } = await wire.open({ ...upgrade, 'Sec-WebSocket-Extensions': extensions })
      assert.match(head, /^HTTP\/1\.1 101 /)
      assert.doesNotMatch(head, /extensions/i)
    })
  }

  const { 'Sec-WebSocket-Protocol': _, ...withoutProtocol } = upgrade
  const noProtocol =
    'MQTT over WebSocket needs the subprotocol "mqtt" [MQTT-6.0.0-3], and this client did not offer it. Send the header ' +
    "Sec-WebSocket-Protocol: mqtt; in a browser: new WebSocket(url, 'mqtt')."
  const human = 'This is an MQTT broker, for WebSocket clients only. Connect an MQTT client to ws://HOST:PORT/mqtt'
  const elsewhere = 'There is nothing here. MQTT over WebSocket is at the path /mqtt of this server.'
  const refused: [name: string, line: string, headers: Record<string, string>, status: string, body: string][] = [
    [
      '[MQTT-6.0.0-3] a client that offers no subprotocol',
      'GET /mqtt HTTP/1.1',
      withoutProtocol,
      '400 Bad Request',
      noProtocol,
    ],
    [
      '[MQTT-6.0.0-3] a client that offers others',
      'GET /mqtt HTTP/1.1',
      { ...upgrade, 'Sec-WebSocket-Protocol': 'chat, mqttv3.1, MQTT' },
      '400 Bad Request',
      noProtocol,
    ],
    ['a wrong path', 'GET /MQTT HTTP/1.1', upgrade, '404 Not Found', elsewhere],
    ['a page looked for with a browser', 'GET / HTTP/1.1', {}, '404 Not Found', elsewhere],
    ['the right path looked at with a browser', 'GET /mqtt?x HTTP/1.1', {}, '426 Upgrade Required', human],
    ['a form', 'POST /mqtt HTTP/1.1', { 'Content-Length': '1000000' }, '426 Upgrade Required', human],
    ['another upgrade', 'GET /mqtt HTTP/1.1', { ...upgrade, Upgrade: 'h2c' }, '426 Upgrade Required', human],
    ['another method', 'PUT /mqtt HTTP/1.1', upgrade, '405 Method Not Allowed', 'A WebSocket is opened with GET.'],
    [
      'another version',
      'GET /mqtt HTTP/1.1',
      { ...upgrade, 'Sec-WebSocket-Version': '8' },
      '426 Upgrade Required',
      'This server speaks version 13 of the WebSocket protocol only.',
    ],
    [
      'a broken key',
      'GET /mqtt HTTP/1.1',
      { ...upgrade, 'Sec-WebSocket-Key': 'short' },
      '400 Bad Request',
      'Missing or invalid Sec-WebSocket-Key header.',
    ],
    [
      'a broken list of subprotocols',
      'GET /mqtt HTTP/1.1',
      { ...upgrade, 'Sec-WebSocket-Protocol': 'mqtt,,mqtt' },
      '400 Bad Request',
      'Invalid Sec-WebSocket-Protocol header.',
    ],
  ]
  for (const [name, line, headers, status, body] of refused) {
    test(`${name} is refused with ${status} and says why`, async () => {
      const wire = await listen()
      const answer = await wire.request(line, headers)
      assert.equal(answer.slice(0, answer.indexOf('\r\n')), `HTTP/1.1 ${status}`)
      assert.equal(answer.slice(answer.indexOf('\r\n\r\n') + 4), `${body}\n`)
      assert.match(answer, /\r\nContent-Type: text\/plain; charset=utf-8\r\n/)
      assert.match(answer, /\r\nX-Content-Type-Options: nosniff\r\n/)
      assert.match(answer, /\r\nConnection: close\r\n/)
      assert.equal(
        /\r\nSec-WebSocket-Version: (.*)\r\n/.exec(answer)?.[1],
        name === 'another version' ? '13' : undefined,
      )
      assert.equal(wire.acceptedCount, 0)
    })
  }

  test('with a list of origins, pages of others are refused; what is no browser is not', async () => {
    const wire = await listen('ws://127.0.0.1:0/mqtt?origin=https://App.example&origin=http://localhost:8080')
    for (const origin of ['https://app.example', 'HTTPS://APP.EXAMPLE', 'http://localhost:8080']) {
      assert.match((await wire.open({ ...upgrade, Origin: origin })).head, /^HTTP\/1\.1 101 /)
    }
    assert.match((await wire.open()).head, /^HTTP\/1\.1 101 /)
    for (const origin of ['https://app.example.evil.example', 'http://app.example', 'http://localhost', 'null', '']) {
      const answer = await wire.request('GET /mqtt HTTP/1.1', { ...upgrade, Origin: origin })
      assert.match(answer, /^HTTP\/1\.1 403 Forbidden\r\n/, origin)
      assert.match(answer, /Pages of this origin may not connect/)
    }
  })

  test('without a list of origins, pages of other machines are let in where clients log in, and to clients elsewhere', async () => {
    const elsewhere = { ...upgrade, Origin: 'https://app.example' }
    const withLogins = await listen(undefined, { takesStrangers: () => false })
    assert.match((await withLogins.open(elsewhere)).head, /^HTTP\/1\.1 101 /)
    const behindProxy = await listen('ws://127.0.0.1:0?proxyFrom=127.0.0.1')
    const there = 'PROXY TCP4 203.0.113.9 192.0.2.1 50312 1883\r\n'
    assert.match((await behindProxy.open(elsewhere, there)).head, /^HTTP\/1\.1 101 /)
    const here = await behindProxy.request('GET /mqtt HTTP/1.1', elsewhere, 'PROXY TCP4 127.0.0.1 127.0.0.1 5 1883\r\n')
    assert.match(here, /^HTTP\/1\.1 403 Forbidden\r\n/)
  })

  test('without a list of origins, pages of other machines are refused on this one where nobody logs in, and told how to get in', async () => {
    const wire = await listen()
    const answer = await wire.request('GET /mqtt HTTP/1.1', { ...upgrade, Origin: 'https://app.example' })
    assert.match(answer, /^HTTP\/1\.1 403 Forbidden\r\n/)
    assert.match(answer, /name it in the listen URL: \?origin=https:\/\/app\.example/)
    assert.match((await wire.open({ ...upgrade, Origin: 'http://localhost:8080' })).head, /^HTTP\/1\.1 101 /)
  })

  for (const [from, forwardedFor, seen] of [
    ['203.0.113.9', null, '203.0.113.9:50312'],
    ['203.0.113.9', '127.0.0.1', '203.0.113.9:50312'],
    ['127.0.0.1', null, '127.0.0.1:50312'],
    ['127.0.0.1', '203.0.113.7', 'unknown'],
  ] as const) {
    test(`from ${from}, ${forwardedFor === null ? 'by itself' : `for ${forwardedFor}`}, a client is ${seen}`, async () => {
      const wire = await listen('ws://127.0.0.1:0/mqtt?proxyFrom=127.0.0.1')
      const headers = { ...upgrade, ...(forwardedFor === null ? {} : { 'X-Forwarded-For': forwardedFor }) }
      const lines = Object.entries({ Host: 'a', ...headers }).map((pair) => `${pair.join(': ')}\r\n`)
      const proxy = `PROXY TCP4 ${from} 127.0.0.1 50312 80\r\n`
      wire.connect().write(`${proxy}GET /mqtt HTTP/1.1\r\n${lines.join('')}\r\n`)
      assert.equal((await wire.accepted).channel.remoteAddress, seen)
    })
  }

  test('too many bytes of headers are refused', async () => {
    const wire = await listen()
    const answer = await wire.request('GET /mqtt HTTP/1.1', { ...upgrade, Cookie: 'x'.repeat(9000) })
    assert.match(answer, /^HTTP\/1\.1 431 /)
  })

  for (const [name, start] of [
    ['says nothing', ''],
    ['stops in the middle of its request', 'GET /mqtt HTTP/1.1\r\nUpgrade: webso'],
    ['never sends the body it promised', 'POST /mqtt HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n'],
  ] as const) {
    test(`a peer that ${name} is closed in time`, async () => {
      const wire = await listen(undefined, { handshakeTimeoutMs: () => 50 })
      const socket = wire.connect()
      socket.resume()
      if (start !== '') socket.write(start)
      await once(socket, 'close')
      assert.equal(wire.acceptedCount, 0)
    })
  }

  test('whoever was told why it is refused is not reported as well; who goes without a word is', async () => {
    const reports: string[] = []
    const wire = await listen(undefined, { turnedAway: (_, { reason }) => reports.push(reason) })
    for (const [line, headers] of [
      ['GET /elsewhere HTTP/1.1', upgrade],
      ['GET /mqtt HTTP/1.1', { ...upgrade, 'Sec-WebSocket-Key': 'short' }],
      ['GET /mqtt HTTP/1.1', {}],
    ] as const) {
      assert.match(await wire.request(line, headers), /^HTTP\/1\.1 4/)
    }
    const silent = wire.connect()
    silent.end()
    await once(silent.resume(), 'close')
    await wire.open()
    assert.deepEqual(reports, ['the connection was closed before its WebSocket handshake'])
  })

  test('a refused peer gets the whole answer, whatever else it has sent, and keeps no place once it has gone', async (context) => {
    // No time passes: nothing of this waits for a deadline.
    context.mock.timers.enable({ apis: ['setTimeout'] })
    const gone = Promise.withResolvers<void>()
    const wire = await listen(undefined, { handshakesChanged: (by) => by === -1 && gone.resolve() })
    const socket = wire.connect()
    const lines = Object.entries(upgrade).map((pair) => `${pair.join(': ')}\r\n`)
    socket.write(`GET /elsewhere HTTP/1.1\r\n${lines.join('')}\r\n`)
    socket.write(Buffer.alloc(500_000))
    let answer = ''
    socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text
    })
    const [hadError] = await once(socket, 'close')
    assert.deepEqual([hadError, answer.endsWith('at the path /mqtt of this server.\n')], [false, true])
    await gone.promise
  })

  test('a refused peer that breaks off breaks nothing', async () => {
    const wire = await listen()
    for (let count = 0; count < 20; count++) {
      const socket = wire.connect()
      await once(socket, 'connect')
      const lines = Object.entries({ ...upgrade, 'Sec-WebSocket-Version': '8' }).map((pair) => `${pair.join(': ')}\r\n`)
      socket.write(`GET /mqtt HTTP/1.1\r\n${lines.join('')}\r\n`, () => socket.resetAndDestroy())
      await once(socket, 'close')
    }
    assert.match((await wire.open()).head, /^HTTP\/1\.1 101 /)
  })

  test('closing the listener closes what is still in its handshake', async () => {
    const wire = await listen()
    const socket = wire.connect()
    socket.resume().write('GET /mqtt HTTP/1.1\r\n')
    await once(socket, 'connect')
    // The server has seen the connection for sure once it has answered a later one.
    await wire.open()
    const closed = once(socket, 'close')
    await wire.listener.close()
    await closed
    await assert.rejects(once(wire.connect(), 'connect'), { code: 'ECONNREFUSED' })
  })
})

test('a client is told what an HTTP server answered instead', async () => {
  const wire = await listen()
  const target = { transport: 'ws', host: '127.0.0.1', port: wire.port, path: '/elsewhere' } as const
  await assert.rejects(connectChannel(target), {
    message: `ws://127.0.0.1:${wire.port}/elsewhere answered HTTP 404 Not Found, not with a WebSocket`,
  })
})
