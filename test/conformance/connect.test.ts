/**
 * CONNECT as a packet: its place, Protocol Name and Version, Connect Flags and what they announce. MQTT 5.0 and 3.1.1
 * sections 3.1, 3.1.1 and 3.1.2.1 to 3.1.2.9. The Will Message has a chapter of its own.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuthenticationRequest } from '../../src/server/authentication/authentication.ts'
import { assertMalformed, connectPacket, field, outcome } from '../support/packet-hex.ts'
import { startTestBroker } from '../support/test-broker.ts'

const versions: readonly (4 | 5)[] = [4, 5]
const willFlag = 0x04
const passwordFlag = 0x40
const userNameFlag = 0x80
const clean = 0x02
const will = field('w') + field('x')

/** A broker that notes what CONNECT said of User Name and Password. */
async function startAsking() {
  const asked: (string | null)[][] = []
  const authenticate = ({ userName, password }: AuthenticationRequest) => {
    asked.push([userName, password === null ? null : Buffer.from(password).toString()])
    return true
  }
  return { broker: await startTestBroker({ authenticate }), asked }
}

test('[MQTT-3.1.0-1] [MQTT3-3.1.0-1] a first packet that is not CONNECT closes the connection at its first byte', async () => {
  await using broker = await startTestBroker()
  for (const first of ['30', '40', '50', '62', '70', '82', 'a2', 'c0', 'e0', 'f0']) {
    using client = await broker.open(5)
    client.sendBytes(first)
    await client.closed()
  }
})

test('[MQTT-3.1.0-1] [MQTT3-3.1.0-1] a whole packet before CONNECT is neither answered nor obeyed', async () => {
  await using broker = await startTestBroker()
  using watcher = await broker.client(5)
  await watcher.subscribe('a')
  for (const packet of ['3003 000161', '8206 0001 000161 00', 'c000', 'e000']) {
    using client = await broker.open(4)
    client.sendBytes(packet + connectPacket(4, clean, field('')))
    await client.closed()
  }
  await watcher.quiet()
})

test('[MQTT-3.1.0-2] [MQTT3-3.1.0-2] a second CONNECT ends the connection as a Protocol Error', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    client.sendBytes(connectPacket(version, clean, field('other')))
    await client.refused(0x82)
  }
})

test('[MQTT-3.1.0-2] [MQTT3-3.1.0-2] a second CONNECT right behind the first ends the connection, too', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.open(version)
    client.sendBytes(connectPacket(version, clean, field('one')) + connectPacket(version, clean, field('one')))
    assert.equal((await client.next('connack')).reasonCode, 0)
    await client.refused(0x82)
  }
})

test('[MQTT-3.1.2-1] [MQTT3-3.1.2-1] a Protocol Name that is not exactly MQTT is not gone on with', async () => {
  await using broker = await startTestBroker()
  for (const name of ['mqtt', 'Mqtt', 'MQTX', 'MQT', 'MQTT ', 'MQTTT', '', '큐']) {
    for (const version of versions) {
      const bytes = connectPacket(version, clean, field('c'), '', name)
      assert.equal(await outcome(broker, version, bytes), 'closed', `"${name}"`)
    }
  }
})

test('[MQTT-3.1.2-1] [MQTT3-3.1.2-1] the Protocol Name MQTT is taken with both versions', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    assert.equal(await outcome(broker, version, connectPacket(version, clean, field('c'))), 0)
  }
})

test('[MQTT-3.1.2-2] a Protocol Version above 5 is answered with 0x84 and closed', async () => {
  await using broker = await startTestBroker()
  for (const version of [6, 7, 255]) {
    // With and without what 5.0 has in this place.
    for (const properties of ['', '00']) {
      const bytes = connectPacket(version, clean, properties + field('c'))
      assert.equal(await outcome(broker, 5, bytes), 0x84, `version ${version}`)
    }
  }
})

test('[MQTT-3.1.2-2] [MQTT3-3.1.2-2] a Protocol Level below 4 is answered with return code 1 and closed', async () => {
  await using broker = await startTestBroker()
  for (const level of [0, 1, 3]) {
    assert.equal(await outcome(broker, 4, connectPacket(level, clean, field('c'))), 1, `level ${level}`)
  }
  const older = connectPacket(3, clean, field('c'), '', 'MQIsdp')
  assert.equal(await outcome(broker, 4, older), 1)
})

test('[MQTT-3.1.2-3] [MQTT3-3.1.2-3] the reserved Connect Flag is malformed', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    await assertMalformed(broker, version, connectPacket(version, clean | 1, field('c')))
    await assertMalformed(broker, version, connectPacket(version, 1, field('c')))
  }
})

test('[MQTT-3.1.2-9] [MQTT3-3.1.2-9] a Will Flag without all fields of the will in the payload is malformed', async () => {
  await using broker = await startTestBroker()
  const flags = clean | willFlag
  await assertMalformed(broker, 4, connectPacket(4, flags, field('c')))
  await assertMalformed(broker, 4, connectPacket(4, flags, field('c') + field('w')))
  await assertMalformed(broker, 5, connectPacket(5, flags, field('c')))
  await assertMalformed(broker, 5, connectPacket(5, flags, `${field('c')}00`))
  await assertMalformed(broker, 5, connectPacket(5, flags, `${field('c')}00${field('w')}`))
  assert.equal(await outcome(broker, 4, connectPacket(4, flags, field('c') + will)), 0)
  assert.equal(await outcome(broker, 5, connectPacket(5, flags, `${field('c')}00${will}`)), 0)
})

test('[MQTT3-3.1.2-11] will fields in the payload without Will Flag are malformed', async () => {
  await using broker = await startTestBroker()
  await assertMalformed(broker, 4, connectPacket(4, clean, field('c') + will))
})

test('[MQTT-3.1.2-11] [MQTT3-3.1.2-11] [MQTT3-3.1.2-13] Will QoS without Will Flag is malformed', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    for (const qosBits of [0x08, 0x10, 0x18]) {
      await assertMalformed(broker, version, connectPacket(version, clean | qosBits, field('c')))
    }
  }
})

test('[MQTT-3.1.2-12] [MQTT3-3.1.2-14] Will QoS 3 is malformed', async () => {
  await using broker = await startTestBroker()
  await assertMalformed(broker, 4, connectPacket(4, clean | willFlag | 0x18, field('c') + will))
  await assertMalformed(broker, 5, connectPacket(5, clean | willFlag | 0x18, `${field('c')}00${will}`))
})

test('[MQTT-3.1.2-13] [MQTT3-3.1.2-11] [MQTT3-3.1.2-15] Will Retain without Will Flag is malformed', async () => {
  await using broker = await startTestBroker()
  for (const version of versions)
    await assertMalformed(broker, version, connectPacket(version, clean | 0x20, field('c')))
})

test('[MQTT-3.1.2-16] [MQTT3-3.1.2-18] a User Name without its flag is malformed, and without both there is none', async () => {
  const { broker, asked } = await startAsking()
  await using _broker = broker
  for (const version of versions) {
    await assertMalformed(broker, version, connectPacket(version, clean, field('c') + field('user')))
    assert.equal(await outcome(broker, version, connectPacket(version, clean, field('c'))), 0)
  }
  assert.deepEqual(asked, [
    [null, null],
    [null, null],
  ])
})

test('[MQTT-3.1.2-17] [MQTT3-3.1.2-19] a User Name Flag without a User Name is malformed, with one it is read', async () => {
  const { broker, asked } = await startAsking()
  await using _broker = broker
  for (const version of versions) {
    await assertMalformed(broker, version, connectPacket(version, clean | userNameFlag, field('c')))
    const bytes = connectPacket(version, clean | userNameFlag, field('c') + field('사용자'))
    assert.equal(await outcome(broker, version, bytes), 0)
  }
  assert.deepEqual(asked, [
    ['사용자', null],
    ['사용자', null],
  ])
})

test('[MQTT-3.1.2-18] [MQTT3-3.1.2-20] a Password without its flag is malformed', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    await assertMalformed(
      broker,
      version,
      connectPacket(version, clean | userNameFlag, field('c') + field('user') + field('secret')),
    )
  }
})

test('[MQTT-3.1.2-19] [MQTT3-3.1.2-21] a Password Flag without a Password is malformed, with one it is read', async () => {
  const { broker, asked } = await startAsking()
  await using _broker = broker
  const flags = clean | userNameFlag | passwordFlag
  for (const version of versions) {
    await assertMalformed(broker, version, connectPacket(version, flags, field('c') + field('user')))
    const bytes = connectPacket(version, flags, field('c') + field('user') + field('secret'))
    assert.equal(await outcome(broker, version, bytes), 0)
  }
  assert.deepEqual(asked, [
    ['user', 'secret'],
    ['user', 'secret'],
  ])
})

test('[MQTT-3.1.2-19] 5.0 takes a Password without a User Name', async () => {
  const { broker, asked } = await startAsking()
  await using _broker = broker
  const bytes = connectPacket(5, clean | passwordFlag, field('c') + field('token'))
  assert.equal(await outcome(broker, 5, bytes), 0)
  assert.deepEqual(asked, [[null, 'token']])
})

test('[MQTT3-3.1.2-22] 3.1.1 takes no Password without a User Name', async () => {
  await using broker = await startTestBroker()
  await assertMalformed(broker, 4, connectPacket(4, clean | passwordFlag, field('c') + field('token')))
})
