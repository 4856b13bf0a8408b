/**
 * PINGREQ and DISCONNECT: MQTT 5.0 and 3.1.1 sections 3.12 and 3.14.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectPacket, exchange, field, packet } from '../support/packet-hex.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import type { ConnectFields, WireClient } from '../support/wire-client.ts'

const versions: readonly (4 | 5)[] = [4, 5]
/** PINGREQ with a reserved flag. */
const malformed = 'c100'
const will = { topicName: 'w', payload: Buffer.from('x'), qos: 0, retain: false, properties: {} } as const

/** A client that sees the Will Message of another, and that other. */
async function mourned(broker: TestBroker, version: 4 | 5, fields: ConnectFields = {}) {
  const mourner = await broker.client(version)
  await mourner.subscribe('w')
  const client = await broker.client(version, { will, ...fields })
  const dispose = () => {
    mourner[Symbol.dispose]()
    client[Symbol.dispose]()
  }
  return { mourner, client, [Symbol.dispose]: dispose }
}

test('[MQTT-3.12.4-1] [MQTT3-3.12.4-1] every PINGREQ is answered by a PINGRESP', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    client.sendBytes('c000 c000')
    await client.next('pingresp')
    await client.next('pingresp')
  }
})

test('[MQTT-3.14.0-1] a client whose CONNECT has not been accepted gets no DISCONNECT, whatever it does', async () => {
  await using broker = await startTestBroker()
  assert.equal(await exchange(broker.url, 'e000'), '')
  assert.equal(await exchange(broker.url, 'f000'), '')
  const badFlags = connectPacket(5, 3, field('c'))
  assert.match(await exchange(broker.url, badFlags), /^20..0081/)
})

test('[MQTT-3.14.0-1] a broker that stops while a client is being authenticated says CONNACK, not DISCONNECT', async () => {
  const asked = Promise.withResolvers<void>()
  const authenticate = () => {
    asked.resolve()
    return new Promise<boolean>(() => {})
  }
  await using broker = await startTestBroker({ authenticate })
  using client = await broker.open(5)
  const connack = client.connect()
  await asked.promise
  const stopped = broker.broker.stop()
  assert.equal((await connack).reasonCode, 0x88)
  await client.closed()
  await stopped
})

test('[MQTT-3.14.1-1] [MQTT3-3.14.1-1] DISCONNECT with reserved bits is malformed, and no goodbye', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    for (const flags of ['1', '2', '4', '8', 'f']) {
      using both = await mourned(broker, version)
      both.client.sendBytes(`e${flags}00`)
      await both.client.refused(0x81)
      await both.mourner.message()
    }
  }
})

test('[MQTT-3.14.2-1] DISCONNECT with a Reason Code that a client does not have is a Protocol Error', async () => {
  await using broker = await startTestBroker()
  for (const code of ['01', '10', '87', '8b', '8e', '9c', 'ff']) {
    using client = await broker.client(5)
    client.sendBytes(`e001${code}`)
    await client.refused(0x82)
  }
})

test('[MQTT-3.14.2-1] DISCONNECT with any Reason Code that a client has ends the connection in peace', async () => {
  await using broker = await startTestBroker()
  for (const code of [0, 4, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99]) {
    using client = await broker.client(5)
    client.send({ type: 'disconnect', reasonCode: code, properties: { reasonString: '안녕' } })
    await client.closed()
  }
})

/** Every way in which the broker says DISCONNECT, with the code it then has. */
const farewells: readonly [reasonCode: number, (broker: TestBroker, client: WireClient) => unknown][] = [
  [0x81, (_, client) => client.sendBytes(malformed)],
  [0x82, (_, client) => client.sendBytes('f000')],
  [0x8d, (broker) => broker.advanceBy(91)],
  [0x8e, (broker) => broker.client(5, { clientIdentifier: 'c' })],
  [0x90, (_, client) => client.publish({ topicName: 'x'.repeat(2000) })],
  [0x94, (_, client) => client.publish({ topicName: 'a', properties: { topicAlias: 65 } })],
  [0x95, (_, client) => client.sendBytes('30808008')],
  [0x8b, (broker) => broker.broker.stop()],
]

test('[MQTT-3.14.2-2] no DISCONNECT of the broker has a Session Expiry Interval', async () => {
  for (const [reasonCode, provoke] of farewells) {
    await using broker = await startTestBroker({ limits: { packetBytesMax: 100_000 } })
    const properties = { sessionExpiryInterval: 100 }
    using client = await broker.client(5, { clientIdentifier: 'c', keepAliveSeconds: 60, properties })
    const provoked = provoke(broker, client)
    const disconnect = await client.next('disconnect')
    assert.equal(disconnect.reasonCode, reasonCode)
    assert.equal(disconnect.properties.sessionExpiryInterval, undefined)
    await client.closed()
    if (provoked instanceof Promise) await provoked
  }
})

test('[MQTT-3.14.2-3] DISCONNECT goes without its Reason String rather than beyond what the client takes', async () => {
  await using broker = await startTestBroker()
  const farewell = async (maximumPacketSize: number) => {
    using client = await broker.client(5, { clientIdentifier: 'c', properties: { maximumPacketSize } })
    client.sendBytes(malformed)
    const { reasonCode, properties } = await client.next('disconnect')
    assert.equal(reasonCode, 0x81)
    await client.closed()
    return properties.reasonString
  }
  const reasonString = await farewell(1000)
  assert.ok(reasonString !== undefined && reasonString.length < 100)
  // Fixed header, Reason Code, Property Length, and the property's identifier and length.
  const size = 2 + 1 + 1 + 3 + reasonString.length
  assert.equal(await farewell(size), reasonString)
  assert.equal(await farewell(size - 1), undefined)
})

test('a Reason String that quotes 65,535 bytes of the client is cut to what a string holds', async () => {
  await using broker = await startTestBroker({ limits: { propertiesBytesMax: 131_072 } })
  using client = await broker.client(5)
  client.publish({ topicName: 'a', properties: { responseTopic: `${'x'.repeat(65_534)}+` } })
  const { reasonCode, properties } = await client.next('disconnect')
  assert.equal(reasonCode, 0x82)
  assert.match(properties.reasonString ?? '', /Response Topic .* found "xxx/)
  await client.closed()
})

test('[MQTT-3.14.4-1] [MQTT3-3.14.4-2] what a client sends after DISCONNECT is not looked at', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using both = await mourned(broker, version)
    const properties = version === 5 ? '00' : ''
    both.client.sendBytes(`e000 c000 ${packet('30', field('w'), properties, '78')} ${packet('82', '0001')}`)
    await both.client.closed()
    await both.mourner.quiet()
  }
})

test('[MQTT-3.14.4-1] the broker says DISCONNECT behind all it had to say, and then nothing', async () => {
  await using broker = await startTestBroker()
  for (const sessionExpiryInterval of [0, 100]) {
    using client = await broker.client(5, { clientIdentifier: 'c', properties: { sessionExpiryInterval } })
    client.sendBytes(packet('82', '0001', '00', field('a'), '00') + packet('32', field('b'), '0001', '00') + malformed)
    await client.next('suback')
    await client.next('puback')
    await client.next('disconnect')
    await broker.broker.publish({ topicName: 'a', qos: 0 })
    await client.closed()
  }
})

test('[MQTT-3.14.4-2] the broker closes the connection after its DISCONNECT', async () => {
  await using broker = await startTestBroker()
  for (const bytes of [malformed, 'f000', packet('30', field(''), '00')]) {
    using client = await broker.client(5)
    client.sendBytes(bytes)
    await client.next('disconnect')
    await client.closed()
  }
})

test('[MQTT-3.14.4-3] [MQTT3-3.14.4-3] DISCONNECT throws the Will Message away, even a delayed one', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    const delayed = { ...will, properties: version === 5 ? { willDelayInterval: 5 } : {} }
    for (const each of [will, delayed]) {
      const properties = version === 5 ? { sessionExpiryInterval: 100 } : {}
      using both = await mourned(broker, version, { clientIdentifier: 'c', cleanStart: false, will: each, properties })
      await both.client.leave()
      broker.advanceBy(200)
      await both.mourner.quiet()
    }
  }
})

test('[MQTT-3.14.4-3] DISCONNECT with another Reason Code than 0x00 leaves the Will Message in force', async () => {
  await using broker = await startTestBroker()
  for (const reasonCode of [0x04, 0x80, 0x98]) {
    using both = await mourned(broker, 5)
    both.client.send({ type: 'disconnect', reasonCode, properties: {} })
    assert.equal((await both.mourner.message()).text, 'x')
  }
})
