/**
 * PUBACK, PUBREC, PUBREL and PUBCOMP as packets: MQTT 5.0 sections 3.4 to 3.7, MQTT 3.1.1 section 3.6.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConnectProperties, packetSize, type ReasonProperties } from '../../src/protocol/index.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import type { WireClient } from '../support/wire-client.ts'

type Type = 'puback' | 'pubrec' | 'pubrel' | 'pubcomp'

const ofPublish = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]
const ofRelease = [0x00, 0x92]
/** Topic Names and how a message to them fares: a subscriber takes it, nobody does, it is not allowed, a queue is full. */
const fates = [
  ['taken', 0x00],
  ['nobody', 0x10],
  ['forbidden', 0x87],
  ['full', 0x97],
] as const

async function startWithFates(): Promise<TestBroker> {
  const authorize = ({ topic }: { topic: string }) => topic !== 'forbidden'
  const broker = await startTestBroker({ authorize, limits: { sessionQueueMessagesMax: 2 } })
  for (const topicFilter of ['taken', 'full']) {
    const properties = { sessionExpiryInterval: 100 }
    const client = await broker.client(5, { clientIdentifier: topicFilter, properties })
    await client.subscribe(topicFilter)
    await client.leave()
  }
  for (let count = 0; count < 2; count++) await broker.broker.publish({ topicName: 'full' })
  return broker
}

/** What a client sees after an acknowledgement that belongs to nothing and is well-formed. */
async function accepted(client: WireClient, type: Type, reasonCode: number): Promise<void> {
  if (type === 'pubrel') await client.next('pubcomp')
  if (type === 'pubrec' && reasonCode < 0x80) await client.next('pubrel')
  await client.quiet()
}

/** Each Reason Code there can be, sent by a client: those defined for the packet pass, others end the connection. */
async function checkEveryCode(type: Type, defined: readonly number[]): Promise<void> {
  await using broker = await startTestBroker()
  for (let reasonCode = 0; reasonCode <= 0xff; reasonCode++) {
    using client = await broker.client(5)
    client.acknowledge(type, 9, reasonCode)
    if (defined.includes(reasonCode)) await accepted(client, type, reasonCode)
    else await client.refused(0x82)
  }
}

/** A refused message is answered with words only where they fit, with the Reason Code always. */
async function checkReasonString(qos: 1 | 2, type: 'puback' | 'pubrec'): Promise<void> {
  await using broker = await startTestBroker({ authorize: () => false })
  const answer = async (properties: ConnectProperties) => {
    using client = await broker.client(5, { clientIdentifier: 'c', properties })
    client.publish({ topicName: 'a', qos, packetId: 1 })
    return await client.next(type)
  }
  const whole = await answer({})
  assert.deepEqual([whole.reasonCode, whole.properties.reasonString?.includes('not allowed')], [0x87, true])
  const size = packetSize(whole, 5)
  assert.deepEqual(await answer({ maximumPacketSize: size }), whole)
  assert.deepEqual(await answer({ maximumPacketSize: size - 1 }), { ...whole, properties: {} })
}

/** Words of a client up to our Maximum Packet Size are taken; a byte more, and it is told 0x95. */
async function checkTooLarge(type: Type): Promise<void> {
  const most = 64
  await using broker = await startTestBroker({ limits: { packetBytesMax: most } })
  const words: ((text: string) => ReasonProperties)[] = [
    (text) => ({ reasonString: text }),
    (text) => ({ userProperties: [['name', text]] }),
  ]
  for (const wordsOf of words) {
    const packetOf = (text: string) => ({ type, packetId: 9, reasonCode: 0, properties: wordsOf(text) }) as const
    const text = 'x'.repeat(most - packetSize(packetOf(''), 5))
    using client = await broker.client(5)
    client.send(packetOf(text))
    await accepted(client, type, 0)
    client.send(packetOf(`${text}x`))
    await client.refused(0x95)
  }
}

test('[MQTT-3.4.2-1] PUBACK says 0x00, 0x10, 0x87 or 0x97 as the message fared', async () => {
  await using broker = await startWithFates()
  using client = await broker.client(5)
  for (const [topicName, reasonCode] of fates) {
    client.publish({ topicName, qos: 1, packetId: 1 })
    assert.equal((await client.next('puback')).reasonCode, reasonCode, topicName)
  }
})

test('[MQTT-3.4.2-1] a PUBACK with a Reason Code that is not for PUBACK is refused, with any other taken', async () => {
  await checkEveryCode('puback', ofPublish)
})

test('[MQTT-3.5.2-1] PUBREC says 0x00, 0x10, 0x87 or 0x97 as the message fared', async () => {
  await using broker = await startWithFates()
  using client = await broker.client(5)
  for (const [position, [topicName, reasonCode]] of fates.entries()) {
    client.publish({ topicName, qos: 2, packetId: 1 + position })
    assert.equal((await client.next('pubrec')).reasonCode, reasonCode, topicName)
  }
})

test('[MQTT-3.5.2-1] a PUBREC with a Reason Code that is not for PUBREC is refused, with any other taken', async () => {
  await checkEveryCode('pubrec', ofPublish)
})

test('[MQTT-3.6.2-1] PUBREL says 0x00 for a message that is known, else 0x92', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(5)
  await client.subscribe('a')
  await broker.broker.publish({ topicName: 'a', qos: 2 })
  const { packetId } = await client.message()
  client.acknowledge('pubrec', packetId)
  assert.equal((await client.next('pubrel')).reasonCode, 0)
  client.acknowledge('pubrec', packetId + 1)
  assert.equal((await client.next('pubrel')).reasonCode, 0x92)
})

test('[MQTT-3.6.2-1] a PUBREL with a Reason Code that is not for PUBREL is refused, with any other taken', async () => {
  await checkEveryCode('pubrel', ofRelease)
})

test('[MQTT-3.7.2-1] PUBCOMP says 0x00 for a message that is known, else 0x92', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(5)
  client.publish({ topicName: 'a', qos: 2, packetId: 1 })
  await client.next('pubrec')
  client.acknowledge('pubrel', 1)
  assert.equal((await client.next('pubcomp')).reasonCode, 0)
  client.acknowledge('pubrel', 1)
  assert.equal((await client.next('pubcomp')).reasonCode, 0x92)
})

test('[MQTT-3.7.2-1] a PUBCOMP with a Reason Code that is not for PUBCOMP is refused, with any other taken', async () => {
  await checkEveryCode('pubcomp', ofRelease)
})

test('[MQTT-3.4.2-2] the Reason String of PUBACK goes only to a client whose Maximum Packet Size has room for it', async () => {
  await checkReasonString(1, 'puback')
})

test('[MQTT-3.5.2-2] the Reason String of PUBREC goes only to a client whose Maximum Packet Size has room for it', async () => {
  await checkReasonString(2, 'pubrec')
})

test('[MQTT-3.4.2-2] [MQTT-3.4.2-3] a PUBACK that its Reason String or User Property makes too large for us is refused', async () => {
  await checkTooLarge('puback')
})

test('[MQTT-3.5.2-2] [MQTT-3.5.2-3] a PUBREC that its Reason String or User Property makes too large for us is refused', async () => {
  await checkTooLarge('pubrec')
})

test('[MQTT-3.6.2-2] [MQTT-3.6.2-3] a PUBREL that its Reason String or User Property makes too large for us is refused', async () => {
  await checkTooLarge('pubrel')
})

test('[MQTT-3.7.2-2] [MQTT-3.7.2-3] a PUBCOMP that its Reason String or User Property makes too large for us is refused', async () => {
  await checkTooLarge('pubcomp')
})

test('[MQTT-3.6.1-1] [MQTT3-3.6.1-1] PUBREL with other flags than 0010 is malformed', async () => {
  await using broker = await startTestBroker()
  for (const version of [4, 5] as const) {
    for (let flags = 0; flags < 16; flags++) {
      using client = await broker.client(version)
      client.sendBytes(Buffer.from([0x60 | flags, 2, 0, 1]))
      if (flags === 2) await client.next('pubcomp')
      else await client.refused(0x81)
    }
  }
})
