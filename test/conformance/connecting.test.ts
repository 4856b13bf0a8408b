/**
 * What comes of a CONNECT: MQTT 5.0 and 3.1.1 section 3.1.4.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectPacket, field } from '../support/packet-hex.ts'
import { startTestBroker } from '../support/test-broker.ts'
import { staying } from '../support/wire-client.ts'

const versions: readonly (4 | 5)[] = [4, 5]

test('[MQTT-3.1.4-1] [MQTT3-3.1.4-1] a malformed CONNECT closes the connection, in 3.1.1 without CONNACK', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    const malformed = [
      connectPacket(version, 3, field('c')),
      connectPacket(version, 2, '000563'),
      connectPacket(version, 2, `${field('c')}00`),
      connectPacket(version, 0x82, field('c')),
    ]
    for (const digits of malformed) {
      using client = await broker.open(version)
      client.sendBytes(digits)
      if (version === 5) assert.equal((await client.next('connack')).reasonCode, 0x81)
      await client.closed()
    }
  }
})

test('[MQTT-3.1.4-1] a CONNECT with properties that it cannot have closes the connection', async () => {
  await using broker = await startTestBroker()
  for (const properties of ['0101', '1100000001 1100000002', '210000']) {
    using client = await broker.open(5)
    client.sendBytes(connectPacket(5, 2, field('c'), properties))
    assert.equal((await client.next('connack')).reasonCode, 0x82)
    await client.closed()
  }
})

test('[MQTT-3.1.4-2] a client that fails to authenticate is refused, and the connection closed', async () => {
  await using broker = await startTestBroker({ authenticate: ({ password }) => String(password) === 'right' })
  for (const [password, reasonCode] of [
    ['wrong', 0x86],
    ['right', 0],
  ] as const) {
    using client = await broker.open(5)
    assert.equal((await client.connect({ password: Buffer.from(password) })).reasonCode, reasonCode)
    if (reasonCode !== 0) await client.closed()
  }
})

test('[MQTT-3.1.4-2] a client that may not publish its will is refused, and the connection closed', async () => {
  await using broker = await startTestBroker({ authorize: ({ topic }) => topic === 'allowed' })
  const will = { payload: Buffer.from('x'), qos: 1, retain: false, properties: {} } as const
  for (const [topicName, reasonCode] of [
    ['forbidden', 0x87],
    ['allowed', 0],
  ] as const) {
    using client = await broker.open(5)
    assert.equal((await client.connect({ will: { ...will, topicName } })).reasonCode, reasonCode)
    if (reasonCode !== 0) await client.closed()
  }
})

test('[MQTT-3.1.4-2] a client above the number of connections is refused, and the connection closed', async () => {
  await using broker = await startTestBroker({ limits: { connectionsMax: 2 } })
  using first = await broker.client(5)
  using _second = await broker.client(5)
  using third = await broker.open(5)
  assert.equal((await third.connect()).reasonCode, 0x89)
  await third.closed()
  await first.leave()
  using _fourth = await broker.client(5)
})

test('[MQTT-3.1.4-3] [MQTT3-3.1.4-2] a client that connects again ends its older connection, 5.0 is told 0x8E', async () => {
  await using broker = await startTestBroker()
  for (const before of versions) {
    for (const after of versions) {
      const clientIdentifier = `${before}${after}`
      using other = await broker.client(after, { clientIdentifier: 'other' })
      using older = await broker.client(before, { clientIdentifier })
      using newer = await broker.client(after, { clientIdentifier })
      await older.refused(0x8e)
      await newer.quiet()
      await other.quiet()
      await other.leave()
    }
  }
})

test('[MQTT-3.1.4-4] [MQTT3-3.1.4-3] a client that starts afresh finds nothing of its Session, one that goes on finds all', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    for (const cleanStart of [false, true]) {
      const fields = staying(version, `${version}${cleanStart}`)
      using first = await broker.client(version, fields)
      await first.subscribe('a', { qos: 1 })
      await first.leave()
      await broker.broker.publish({ topicName: 'a', payload: 'while away' })
      using second = await broker.open(version)
      assert.equal((await second.connect({ ...fields, cleanStart })).sessionPresent, !cleanStart)
      if (!cleanStart) assert.equal((await second.message()).text, 'while away')
      await broker.broker.publish({ topicName: 'a', payload: 'live' })
      if (!cleanStart) assert.equal((await second.message()).text, 'live')
      await second.quiet()
    }
  }
})

test('[MQTT-3.1.4-5] [MQTT3-3.1.4-4] every valid CONNECT is answered by CONNACK with 0', async () => {
  await using broker = await startTestBroker()
  const name = field('c')
  const will = `${field('w')}${field('')}`
  const valid4: [number, string][] = [
    [0, name],
    [2, field('')],
    [0x36, `${name}${will}`],
    [0x82, `${name}${field('')}`],
    [0xc2, `${name}${field('u')}${field('')}`],
  ]
  const valid5: [number, string, string?][] = [
    [0, field('')],
    [2, field('')],
    [0x2e, `${name}00${will}`],
    [0x42, `${name}${field('password alone')}`],
    [2, name, '11ffffffff 210001 2700000100 220000 1901 1700 2600016100016226000161000162'],
  ]
  for (const [flags, payload] of valid4) await isAccepted(4, connectPacket(4, flags, payload))
  for (const [flags, payload, properties = ''] of valid5) {
    await isAccepted(5, connectPacket(5, flags, payload, properties))
  }

  async function isAccepted(version: 4 | 5, digits: string): Promise<void> {
    using client = await broker.open(version)
    client.sendBytes(digits)
    assert.equal((await client.next('connack')).reasonCode, 0, digits)
    await client.quiet()
  }
})

test('[MQTT-3.1.4-6] [MQTT3-3.1.4-5] what comes behind a refused CONNECT is not processed', async () => {
  await using broker = await startTestBroker({ authenticate: async ({ userName }) => userName !== 'refused' })
  using watcher = await broker.client(5)
  await watcher.subscribe('a', { qos: 0 })
  for (const version of versions) {
    using victim = await broker.client(version, { clientIdentifier: 'victim' })
    const publish = version === 5 ? '3004 000161 00' : '3003 000161'
    const more = `${connectPacket(version, 2, field('victim'))} ${publish} c000`
    const refusedByBroker =
      version === 5 ? connectPacket(5, 2, field('c'), `15${field('unknown')}`) : connectPacket(4, 0, field(''))
    const refusedByHost = connectPacket(version, 0x82, `${field('c')}${field('refused')}`)
    for (const refused of [refusedByBroker, refusedByHost]) {
      using client = await broker.open(version)
      client.sendBytes(`${refused} ${more}`)
      assert.notEqual((await client.next('connack')).reasonCode, 0)
      await client.closed()
      await victim.quiet()
      await watcher.quiet()
    }
  }
})
