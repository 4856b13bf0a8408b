/**
 * The Will Message: MQTT 5.0 sections 3.1.2.5 to 3.1.2.7 and 3.1.3.2, MQTT 3.1.1 sections 3.1.2.5 to 3.1.2.7.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WillMessage, WillProperties } from '../../src/protocol/index.ts'
import { assertMalformed, connectPacket, field } from '../support/packet-hex.ts'
import { patient, startTestBroker, type TestBroker } from '../support/test-broker.ts'
import type { ConnectFields, WireClient } from '../support/wire-client.ts'

const versions: readonly (4 | 5)[] = [4, 5]
const hour = 3600

function will(fields: Partial<WillMessage> = {}): WillMessage {
  return { topicName: 'will', payload: Buffer.from('gone'), qos: 0, retain: false, properties: {}, ...fields }
}

/** A 5.0 client whose Session stays for an hour, with a Will Delay. */
function delayed(properties: WillProperties): ConnectFields {
  return {
    clientIdentifier: 'c',
    cleanStart: false,
    properties: { sessionExpiryInterval: hour },
    will: will({ properties }),
  }
}

/** A client of either version whose Session stays, with a will that has no delay. */
function stayingWithWill(version: 4 | 5): ConnectFields {
  return version === 5 ? delayed({}) : { clientIdentifier: 'c4', cleanStart: false, will: will() }
}

async function watch(broker: TestBroker): Promise<WireClient> {
  const watcher = await broker.client(5)
  await watcher.subscribe('will', { retainAsPublished: true })
  return watcher
}

async function goesOut(watcher: WireClient): Promise<void> {
  assert.equal((await watcher.message()).text, 'gone')
  await watcher.quiet()
}

test('[MQTT-3.1.2-7] the will is kept with the Session while its client is away', async () => {
  await using broker = await startTestBroker()
  using watcher = await watch(broker)
  using client = await broker.client(5, delayed({ willDelayInterval: 100 }))
  await broker.lose(client)
  broker.advanceBy(110)
  await goesOut(watcher)
})

test('[MQTT-3.1.2-7] the will of a new CONNECT takes the place of the one before', async () => {
  await using broker = await startTestBroker()
  using watcher = await watch(broker)
  using first = await broker.client(5, delayed({ willDelayInterval: 100 }))
  await broker.lose(first)
  using second = await broker.client(5, { ...delayed({}), will: will({ payload: Buffer.from('second') }) })
  await broker.lose(second)
  assert.equal((await watcher.message()).text, 'second')
  broker.advanceBy(110)
  await watcher.quiet()
})

test('[MQTT-3.1.2-8] [MQTT3-3.1.2-8] the will goes out when the connection breaks, and not before', async () => {
  await using broker = await startTestBroker()
  using watcher = await watch(broker)
  for (const version of versions) {
    using client = await broker.client(version, { will: will() })
    await client.quiet()
    await watcher.quiet()
    await broker.lose(client)
    await goesOut(watcher)
  }
})

test('[MQTT-3.1.2-8] [MQTT3-3.1.2-8] the will goes out when the broker closes for a broken rule', async () => {
  await using broker = await startTestBroker()
  using watcher = await watch(broker)
  for (const version of versions) {
    using client = await broker.client(version, { will: will() })
    client.sendBytes('c1 00')
    await client.refused(0x81)
    await goesOut(watcher)
  }
})

test('[MQTT-3.1.2-8] [MQTT3-3.1.2-8] the will goes out when the Keep Alive runs out', async () => {
  await using broker = await startTestBroker()
  using watcher = await watch(broker)
  for (const version of versions) {
    using client = await broker.client(version, { will: will(), keepAliveSeconds: 100 })
    broker.advanceBy(160)
    await client.refused(0x8d)
    await goesOut(watcher)
  }
})

test('[MQTT-3.1.2-8] [MQTT3-3.1.2-8] the will goes out when another connection takes the Session over', async () => {
  await using broker = await startTestBroker()
  using watcher = await watch(broker)
  for (const version of versions) {
    const fields = { clientIdentifier: `c${version}`, cleanStart: false }
    using first = await broker.client(version, { ...fields, will: will() })
    using _second = await broker.client(version, fields)
    await first.refused(0x8e)
    await goesOut(watcher)
  }
})

test('[MQTT-3.1.2-8] a DISCONNECT with any other Reason Code than 0x00 lets the will go out', async () => {
  await using broker = await startTestBroker()
  using watcher = await watch(broker)
  for (const reasonCode of [0x04, 0x80, 0x81, 0x93]) {
    using client = await broker.client(5, { will: will() })
    await client.leave(reasonCode)
    await goesOut(watcher)
  }
})

test('[MQTT-3.1.2-8] the will waits for its delay', async () => {
  await using broker = await startTestBroker()
  using watcher = await watch(broker)
  using client = await broker.client(5, delayed({ willDelayInterval: 100 }))
  await broker.lose(client)
  broker.advanceBy(90)
  await watcher.quiet()
  broker.advanceBy(20)
  await goesOut(watcher)
})

test('[MQTT-3.1.2-8] the will does not wait beyond the end of its Session', async () => {
  await using broker = await startTestBroker()
  using watcher = await watch(broker)
  for (const sessionExpiryInterval of [0, 50]) {
    const fields = { ...delayed({ willDelayInterval: 100 }), properties: { sessionExpiryInterval } }
    using client = await broker.client(5, fields)
    await broker.lose(client)
    if (sessionExpiryInterval > 0) await watcher.quiet()
    broker.advanceBy(sessionExpiryInterval)
    await goesOut(watcher)
  }
})

test('[MQTT-3.1.2-8] the will goes out when Clean Start ends its Session within the delay', async () => {
  await using broker = await startTestBroker()
  using watcher = await watch(broker)
  using client = await broker.client(5, delayed({ willDelayInterval: 100 }))
  await broker.lose(client)
  using _again = await broker.client(5, { clientIdentifier: 'c', cleanStart: true })
  await goesOut(watcher)
})

test('[MQTT-3.1.2-8] a client that comes back after the delay does not stop a will the broker was slow to send', async () => {
  let nowMs = 0
  await using broker = await startTestBroker({}, { clock: () => nowMs })
  using watcher = await watch(broker)
  using client = await broker.client(5, delayed({ willDelayInterval: 100 }))
  await broker.lose(client)
  nowMs += 110_000
  using _again = await broker.client(5, { ...delayed({}), will: null })
  await goesOut(watcher)
})

test('[MQTT-3.1.3-9] a new connection to the Session within the delay stops the will', async () => {
  await using broker = await startTestBroker(patient)
  using watcher = await watch(broker)
  const fields = delayed({ willDelayInterval: 100 })
  using client = await broker.client(5, fields)
  await broker.lose(client)
  broker.advanceBy(90)
  using again = await broker.client(5, fields)
  broker.advanceBy(hour)
  await watcher.quiet()
  await again.leave()
  broker.advanceBy(2 * hour)
  await watcher.quiet()
})

test('[MQTT-3.1.3-9] taking the Session over within the delay stops the will of the first connection', async () => {
  await using broker = await startTestBroker()
  using watcher = await watch(broker)
  using first = await broker.client(5, delayed({ willDelayInterval: 100 }))
  using _second = await broker.client(5, { ...delayed({}), will: null })
  await first.refused(0x8e)
  broker.advanceBy(200)
  await watcher.quiet()
})

test('[MQTT-3.1.2-10] [MQTT3-3.1.2-10] a will that went out does not go out again', async () => {
  await using broker = await startTestBroker(patient)
  using watcher = await watch(broker)
  for (const version of versions) {
    using client = await broker.client(version, stayingWithWill(version))
    await broker.lose(client)
    await goesOut(watcher)
    broker.advanceBy(2 * hour)
    await watcher.quiet()
    using again = await broker.client(version, { ...stayingWithWill(version), cleanStart: true, will: null })
    await broker.lose(again)
    await watcher.quiet()
  }
})

test('[MQTT-3.1.2-10] [MQTT3-3.1.2-10] DISCONNECT removes the will for good', async () => {
  await using broker = await startTestBroker(patient)
  using watcher = await watch(broker)
  for (const version of versions) {
    using client = await broker.client(version, stayingWithWill(version))
    await client.leave()
    broker.advanceBy(2 * hour)
    await watcher.quiet()
    using again = await broker.client(version, { ...stayingWithWill(version), cleanStart: true, will: null })
    await broker.lose(again)
    await watcher.quiet()
  }
})

test('[MQTT3-3.1.2-12] without Will Flag nothing is published when the connection ends', async () => {
  await using broker = await startTestBroker()
  using watcher = await broker.client(4)
  await watcher.subscribe('#')
  const fields = { clientIdentifier: 'c', cleanStart: false }
  using first = await broker.client(4, { ...fields, will: will() })
  await first.leave()
  using second = await broker.client(4, fields)
  await broker.lose(second)
  using third = await broker.client(4, { ...fields, cleanStart: true })
  await broker.lose(third)
  await watcher.quiet()
})

test('[MQTT3-3.1.2-9] [MQTT-3.1.2-12] the will goes out with its Topic Name, payload, QoS and RETAIN', async () => {
  await using broker = await startTestBroker()
  using watcher = await watch(broker)
  for (const version of versions) {
    for (const qos of [0, 1, 2] as const) {
      for (const retain of [false, true]) {
        const payload = Buffer.from([0, 255, qos])
        using client = await broker.client(version, { will: will({ payload, qos, retain }) })
        await broker.lose(client)
        const message = await watcher.next('publish')
        assert.deepEqual([message.qos, message.retain, message.topicName], [qos, retain, 'will'])
        assert.deepEqual([...message.payload], [...payload])
        if (qos === 1) watcher.acknowledge('puback', message.packetId)
        if (qos === 2) {
          watcher.acknowledge('pubrec', message.packetId)
          await watcher.next('pubrel')
          watcher.acknowledge('pubcomp', message.packetId)
        }
      }
    }
  }
})

test('[MQTT-3.1.2-14] [MQTT3-3.1.2-16] without Will Retain the will is not retained', async () => {
  await using broker = await startTestBroker()
  using watcher = await watch(broker)
  for (const version of versions) {
    using client = await broker.client(version, { will: will({ retain: false }) })
    await broker.lose(client)
    assert.equal((await watcher.message()).retain, false)
    using later = await broker.client(5)
    await later.subscribe('will')
    await later.quiet()
  }
})

test('[MQTT-3.1.2-15] [MQTT3-3.1.2-17] with Will Retain the will is retained', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    const topicName = `will/${version}`
    using client = await broker.client(version, { will: will({ topicName, retain: true }) })
    await broker.lose(client)
    using later = await broker.client(5)
    await later.subscribe(topicName)
    const message = await later.message()
    assert.deepEqual([message.text, message.retain], ['gone', true])
  }
})

test('[MQTT-3.1.3-10] the User Properties of a will keep their order', async () => {
  await using broker = await startTestBroker()
  using watcher = await watch(broker)
  const userProperties: [string, string][] = [
    ['b', '1'],
    ['a', '2'],
    ['b', '0'],
    ['', ''],
    ['a', '2'],
  ]
  using client = await broker.client(5, delayed({ userProperties, willDelayInterval: 100 }))
  await broker.lose(client)
  broker.advanceBy(110)
  assert.deepEqual((await watcher.message()).properties.userProperties, userProperties)
})

test('[MQTT-3.1.3-11] [MQTT3-3.1.3-10] a Will Topic that is not UTF-8 is malformed, others are taken as they are', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    const before = field('c') + (version === 5 ? '00' : '')
    // A lone continuation byte, an overlong slash, a surrogate, one above U+10FFFF, U+0000, a cut-off character.
    for (const bad of ['000180', '0002c0af', '0003eda080', '0004f4908080', '000100', '0002eca4']) {
      await assertMalformed(broker, version, connectPacket(version, 6, before + bad + field('x')))
    }
    using watcher = await broker.client(5)
    await watcher.subscribe('작별/+')
    using client = await broker.client(version, { will: will({ topicName: '작별/😀' }) })
    await broker.lose(client)
    assert.equal((await watcher.message()).topicName, '작별/😀')
  }
})
