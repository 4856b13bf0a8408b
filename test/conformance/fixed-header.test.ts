/**
 * Flags of the fixed header and empty sections of properties: MQTT 5.0 sections 2.1.3 and 2.2.2, 3.1.1 section 2.2.2.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectPacket, exchange, field, packet } from '../support/packet-hex.ts'
import { startTestBroker } from '../support/test-broker.ts'

const versions: readonly (4 | 5)[] = [4, 5]

/** The body of each packet a client may send after CONNECT, and the flags it must have; properties are those of 5.0. */
const bodies: readonly (readonly [type: number, flags: number, body: string, properties: string])[] = [
  [4, 0, '0001', ''],
  [5, 0, '0001', ''],
  [6, 2, '0001', ''],
  [7, 0, '0001', ''],
  [8, 2, `0001${field('a')}00`, `000100${field('a')}00`],
  [10, 2, `0001${field('a')}`, `000100${field('a')}`],
  [12, 0, '', ''],
  [14, 0, '', ''],
]

test('[MQTT-2.1.3-1] [MQTT3-2.2.2-1] [MQTT3-2.2.2-2] reserved flags with any other value close the connection', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    for (const [type, right, body, properties] of bodies) {
      for (let flags = 0; flags < 16; flags++) {
        if (flags === right) continue
        using client = await broker.client(version)
        client.sendBytes(packet((type * 16 + flags).toString(16), (version === 5 && properties) || body))
        await client.refused(0x81)
      }
    }
  }
})

test('[MQTT-2.1.3-1] [MQTT3-2.2.2-1] [MQTT3-2.2.2-2] reserved flags of CONNECT close the connection', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    const connect = connectPacket(version, 2, field('c'))
    for (let flags = 1; flags < 16; flags++) {
      using client = await broker.open(version)
      client.sendBytes(`1${flags.toString(16)}${connect.slice(2)}`)
      await client.closed()
    }
    using client = await broker.open(version)
    client.sendBytes(connect)
    assert.equal((await client.next('connack')).reasonCode, 0)
  }
})

test('[MQTT-2.1.3-1] [MQTT3-2.2.2-1] every packet of the broker has the flags of the table', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    const none = version === 5 ? '00' : ''
    const said = await exchange(
      broker.url,
      [
        connectPacket(version, 2, field('c')),
        packet('82', '0001', none, field('a'), '02'),
        packet('34', field('b'), '0007', none),
        packet('62', '0007'),
        packet('32', field('b'), '0008', none),
        packet('a2', '0001', none, field('b')),
        packet('34', field('a'), '0009', none),
        packet('50', '0001'),
        'c000 e000',
      ].join(''),
    )
    assert.deepEqual(firstBytes(said).sort(), ['20', '34', '40', '50', '50', '62', '70', '90', 'b0', 'd0'])
  }
})

/** The first byte of each packet; all of them are short. */
function firstBytes(digits: string): string[] {
  const bytes = Buffer.from(digits, 'hex')
  const found: string[] = []
  for (let position = 0; position < bytes.length; position += 2 + (bytes[position + 1] ?? 0)) {
    found.push(bytes.toString('hex', position, position + 1))
  }
  return found
}

test('[MQTT-2.2.2-1] the broker says with a length of 0 that a packet has no properties', async () => {
  await using broker = await startTestBroker()
  const said = await exchange(
    broker.url,
    [
      connectPacket(5, 2, field('c')),
      packet('82', '0001', '00', field('a'), '00'),
      packet('a2', '0002', '00', field('b')),
      packet('33', field('a'), '0003', '00', '78'),
      'e000',
    ].join(''),
  )
  assert.match(said, /^20[0-9a-f]+90040001000030050001610078b00400020011/)
})

test('[MQTT-2.2.2-1] a packet that leaves the length of its properties out closes the connection', async () => {
  await using broker = await startTestBroker()
  for (const bytes of [
    packet('30', field('a')),
    packet('82', '0001', field('a'), '00'),
    packet('a2', '0001', field('a')),
    packet('40', '0001', '00', '01'),
  ]) {
    using client = await broker.client(5)
    client.sendBytes(bytes)
    await client.refused(0x81)
  }
})
