/**
 * Packets that other brokers could not bear, each named after where that is told: sent to a running broker.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import WebSocket from 'ws'
import { keepsItsSize, settledBytes } from '../fuzz/fuzz.ts'
import { FuzzedBroker } from '../fuzz/fuzzed-broker.ts'
import { playScene } from '../fuzz/play.ts'
import type { Script } from '../fuzz/script.ts'
import { connectPacket, field, outcome, packet, sized } from '../support/packet-hex.ts'
import { startTestBroker } from '../support/test-broker.ts'

/** PABAL_BAD_CONNECTS changes the number. */
const badConnects = Number(process.env.PABAL_BAD_CONNECTS ?? 20_000)

const fiveByteLength = 'ffffffff01'

test('ActiveMQ CVE-2025-66168, CVE-2026-40046; NanoMQ CVE-2026-21888; libcurl: a length of five bytes closes with 0x81, wherever it stands', async () => {
  await using broker = await startTestBroker()
  const behindConnack = [
    `30${fiveByteLength}`,
    `82${fiveByteLength}`,
    packet('30', field('t'), fiveByteLength),
    packet('32', field('t'), '0001', fiveByteLength),
    packet('40', '0001', '00', fiveByteLength),
    packet('50', '0001', '00', fiveByteLength),
    packet('62', '0001', '00', fiveByteLength),
    packet('70', '0001', '00', fiveByteLength),
    packet('82', '0001', fiveByteLength, field('t'), '00'),
    packet('82', '0001', '06', '0b', fiveByteLength, field('t'), '00'),
    packet('a2', '0001', fiveByteLength, field('t')),
    packet('e0', '00', fiveByteLength),
    packet('f0', '18', fiveByteLength),
  ]
  for (const bytes of behindConnack) {
    using client = await broker.client(5)
    client.sendBytes(bytes)
    await client.refused(0x81)
  }
  const head = `${field('MQTT')}05`
  const own = packet('10', head, '02', '0000', fiveByteLength, field('c'))
  const ofWill = packet('10', head, '06', '0000', '00', field('c'), fiveByteLength, field('t'), field('x'))
  for (const connect of [own, ofWill]) assert.equal(await outcome(broker, 5, connect), 0x81)
  assert.equal(await outcome(broker, 5, `10${fiveByteLength}`), 'closed')
})

test('OASIS MQTT-275: messages arrive whole with each Remaining Length around which it takes another byte', async () => {
  await using broker = await startTestBroker({ limits: { packetBytesMax: 4_000_000, connectBytesMax: 4_000_000 } })
  using client = await broker.client(4)
  await client.subscribe('t', { qos: 0 })
  for (const length of [127, 128, 16_383, 16_384, 2_097_151, 2_097_152]) {
    // Behind the Topic Name and its length.
    const payload = Buffer.alloc(length - 3, 'x')
    client.publish({ topicName: 't', qos: 0, payload })
    assert.ok((await client.message()).payload.equals(payload), `${length}`)
  }
  using five = await broker.client(5)
  five.sendBytes('30ffffff7f')
  await five.refused(0x95)
})

test('mosquitto CVE-2021-28166: what only a server sends, and types that do not exist, close the connection', async () => {
  await using broker = await startTestBroker()
  for (const version of [4, 5] as const) {
    const types: [bytes: string, reasonCode: number][] = [
      ['20020000', 0x82],
      ['9003000100', 0x82],
      ['b0020001', 0x82],
      ['d000', 0x82],
      ['0000', 0x81],
    ]
    for (const [bytes, reasonCode] of types) {
      using client = await broker.client(version)
      client.sendBytes(bytes)
      await client.refused(reasonCode)
    }
  }
  using client = await broker.client(4)
  client.sendBytes('f000')
  await client.closed()
})

test('NanoMQ #2268, #2270, #1181, #1722: packets of which each byte comes by itself are the same packets', async () => {
  await using broker = await startTestBroker()
  const filter = 't/é'
  const properties = sized(`26${field('n')}${field('v'.repeat(40))}`)
  // A Remaining Length of two bytes.
  const body = `${field(filter)}0002${properties}`.padEnd(600, 'f')
  const whole = [
    connectPacket(5, 0xc6, `${field('c')}00${field('w')}${field('x')}${field('u')}${field('p')}`, '2100ff'),
    packet('82', '0001', properties, field(filter), '01'),
    `32ac02${body}`,
    packet('a2', '0003', properties, field(filter)),
    'c000',
    packet('e0', '00', properties),
  ]
  // Each in a turn of the event loop of its own, without waiting for more.
  using client = await broker.open(5)
  for (const byte of Buffer.from(whole.join(''), 'hex')) {
    client.sendBytes(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  const said = await client.untilClosed()
  assert.deepEqual(said.map(({ type }) => type).sort(), [
    'connack',
    'pingresp',
    'puback',
    'publish',
    'suback',
    'unsuback',
  ])
  const message = said.find((each) => each.type === 'publish')
  assert.equal(message?.topicName, filter)
  assert.match(message?.payload.toString('hex') ?? '', /^f{400,}$/)
})

test('sol#15: each type but CONNECT as the first packet closes the connection', async () => {
  await using broker = await startTestBroker()
  for (let type = 0; type < 16; type++) {
    if (type === 1) continue
    for (const body of ['00', '020001', '0400010000', '06000161000161']) {
      using client = await broker.open(5)
      client.sendBytes(`${type.toString(16)}${[6, 8, 10].includes(type) ? 2 : 0}${body}`)
      await client.closed()
    }
  }
})

test('mosquitto CVE-2021-34432: PUBLISH with an empty Topic Name and no Topic Alias is a Protocol Error', async () => {
  await using broker = await startTestBroker()
  for (const version of [4, 5] as const) {
    using client = await broker.client(version)
    client.sendBytes(packet('30', field(''), version === 5 ? '00' : '', '78'))
    await client.refused(0x82)
  }
})

test('mosquitto CVE-2018-12543: Topic Names that begin with $ harm nobody', async () => {
  await using broker = await startTestBroker()
  using other = await broker.client(5)
  await other.subscribe('$x/#')
  for (const topicName of [
    '$',
    '$a',
    '$SYS',
    '$SYS/x',
    '$share',
    '$share/x',
    '$share/g/x',
    '$CONTROL/x',
    '$pabal',
    '$pabal/who/1/reply',
    '$/',
  ]) {
    for (const version of [4, 5] as const) {
      for (const qos of [0, 1, 2] as const) {
        using client = await broker.client(version)
        client.publish({ topicName, qos, packetId: qos, retain: true, payload: Buffer.from('x') })
        client.send({ type: 'disconnect', reasonCode: 0, properties: {} })
      }
      using willing = await broker.open(version)
      willing.sendConnect({ will: { topicName, payload: Buffer.from('x'), qos: 1, retain: true, properties: {} } })
      const connack = await willing.nextOrClosed('connack')
      // What the broker itself says nobody else leaves behind to be said.
      const isOurs = /^\$(?:SYS|share|pabal)\//.test(topicName)
      if (isOurs) assert.equal(connack?.reasonCode, version === 5 ? 0x87 : 5, topicName)
    }
  }
  other.publish({ topicName: '$x/y', qos: 0 })
  assert.equal((await other.message()).topicName, '$x/y')
})

test('aedes: wildcards inside a level are refused, those that are a level are granted', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(5)
  for (const filter of [
    'a+',
    '+a',
    '++',
    '+/a+',
    'a#',
    'a/#/b',
    '#a',
    '#/',
    '##',
    '+#',
    '$share/g/a+',
    '$share/g/#/a',
  ]) {
    assert.equal(await client.subscribe(filter), 0x8f, filter)
  }
  for (const filter of [
    '+',
    '#',
    '/',
    '//',
    '+/+',
    '/#',
    'a/+/b',
    'a/#',
    '+/#',
    '$share/g/#',
    '$share/g/+/a',
    '$x/#',
  ]) {
    assert.equal(await client.subscribe(filter), 2, filter)
  }
})

test('mqtt-packet#83: of all 256 Connect Flags exactly those of the table are taken', async () => {
  await using broker = await startTestBroker()
  for (const version of [4, 5] as const) {
    for (let flags = 0; flags < 256; flags++) {
      const [hasWill, willQos, willRetain] = [(flags & 4) !== 0, (flags >> 3) & 3, (flags & 0x20) !== 0]
      const [hasPassword, hasUserName] = [(flags & 0x40) !== 0, (flags & 0x80) !== 0]
      const will = hasWill ? `${version === 5 ? '00' : ''}${field('w')}${field('x')}` : ''
      const credentials = `${hasUserName ? field('u') : ''}${hasPassword ? field('p') : ''}`
      const isSound = (flags & 1) === 0 && willQos < 3 && (hasWill || (willQos === 0 && !willRetain))
      const isTaken = isSound && (version === 5 || hasUserName || !hasPassword)
      const refusal = version === 5 ? 0x81 : 'closed'
      const bytes = connectPacket(version, flags, `${field('c')}${will}${credentials}`)
      assert.equal(await outcome(broker, version, bytes), isTaken ? 0 : refusal, `${version}: ${flags.toString(2)}`)
    }
  }
})

test(`mosquitto CVE-2023-3592, CVE-2017-7654, 2.0.11: ${badConnects} CONNECTs that are refused leave nothing on the heap`, async () => {
  const property = `26${field('name')}${field('x'.repeat(80))}`
  const will = `7f${property}`.slice(0, 40)
  const refused = [
    // A will that is cut inside its properties, text that is none, a property twice, bytes left over.
    packet('10', field('MQTT'), '05060000', '00', field('c'), will),
    connectPacket(5, 6, `${field('c')}00${'0003eda080'}${field('x')}`, property),
    connectPacket(5, 2, field('c'), '11000000011100000001'),
    connectPacket(5, 2, `${field('c')}00`, property),
  ]
  const scripts = refused.map((digits): Script => {
    return { version: 0, packets: [Buffer.from(digits, 'hex'), Buffer.from('c000', 'hex')], ending: 'close' }
  })
  const scene = Array.from({ length: 10 }, () => scripts).flat()
  await using broker = await FuzzedBroker.start()
  const play = async (): Promise<void> => {
    for (let round = 0; round < badConnects / (2 * scene.length); round++) {
      const what = await playScene(broker, scene)
      assert.ok(what === null || what.startsWith('one turn'), what ?? '')
    }
  }
  await play()
  const size = await settledBytes(broker)
  await play()
  const { isKept, bytes } = await keepsItsSize(broker, size)
  assert.ok(isKept, `${size} bytes alive became ${bytes}`)
})

test('NanoMQ CVE-2026-25627: a packet cut into WebSocket frames at every byte is the same packet, and one that is never finished harms nobody', async () => {
  await using broker = await startTestBroker({ listen: ['ws://127.0.0.1:0/mqtt'] })
  const [url = ''] = broker.broker.urls
  const publish = packet('30', field('t'), '00', '78')
  const bytes = Buffer.from(
    connectPacket(5, 2, field('c')) + packet('82', '0001', '00', field('t'), '00') + publish,
    'hex',
  )
  // CONNACK of 5.0 tells our limits; the end is the same each time.
  const ending = Buffer.from(`90040001${'00'}00${publish}`, 'hex')
  for (let cut = 1; cut < bytes.length; cut++) {
    const webSocket = new WebSocket(url, 'mqtt')
    await once(webSocket, 'open')
    let heard = Buffer.alloc(0)
    const whole = new Promise<void>((resolve) => {
      webSocket.on('message', (chunk: Buffer) => {
        heard = Buffer.concat([heard, chunk])
        if (heard.subarray(-ending.length).equals(ending)) resolve()
      })
    })
    webSocket.send(bytes.subarray(0, cut))
    webSocket.send(bytes.subarray(cut))
    await whole
    // A frame that ends inside a packet that says it is longer.
    webSocket.send(Buffer.from(`30ff7f${field('t')}`, 'hex'))
    webSocket.terminate()
  }
})

test('mosquitto #3503, #3515: a delivery of exactly the Maximum Packet Size arrives, one byte more is dropped and counted', async () => {
  await using running = await startTestBroker()
  using publisher = await running.client(5)
  for (const qos of [0, 1, 2] as const) {
    const maximumPacketSize = 100
    using subscriber = await running.client(5, { properties: { maximumPacketSize } })
    await subscriber.subscribe('t', { qos })
    // Fixed header, Topic Name, Packet Identifier, and the length of the properties.
    const room = maximumPacketSize - 2 - 3 - (qos > 0 ? 2 : 0) - 1
    const { droppedTooLarge: before } = running.broker.tally.copies
    for (const [at, size] of [room + 1, room].entries()) {
      publisher.publish({ topicName: 't', qos, packetId: qos > 0 ? at + 1 : 0, payload: Buffer.alloc(size, 'x') })
    }
    assert.equal((await subscriber.message()).payload.length, room)
    assert.equal(running.broker.tally.copies.droppedTooLarge - before, 1)
    await subscriber.quiet()
  }
})
