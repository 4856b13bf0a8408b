/**
 * The properties of PUBLISH: MQTT 5.0 section 3.3.2.3, without Topic Aliases.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Publish, PublishProperties, Qos } from '../../src/protocol/index.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import type { WireClient } from '../support/wire-client.ts'

/** A Message Expiry Interval of 100 seconds: with it the broker writes the properties anew instead of copying them. */
const expiry = '02 00000064'

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}

/** A property whose value has a length in front. */
function property(id: string, ...values: (string | Buffer)[]): string {
  const parts = values.map((value) => {
    const bytes = Buffer.from(value)
    return bytes.length.toString(16).padStart(4, '0') + bytes.toString('hex')
  })
  return id + parts.join('')
}

/** PUBLISH to the Topic Name `a`, without payload. What is short enough for lengths of one byte. */
function sendPublish(client: WireClient, qos: Qos, properties: string): void {
  const listed = bytesOf(properties)
  const packetId = qos === 0 ? '' : '0005'
  const body = Buffer.concat([bytesOf(`0001 61 ${packetId}`), Buffer.from([listed.length]), listed])
  client.sendBytes(Buffer.concat([Buffer.from([0x30 | (qos << 1), body.length]), body]))
}

/** Sends it at every QoS, to subscribers at every QoS, copied and written anew; yields what each receives. */
async function forwarded(broker: TestBroker, properties: string): Promise<PublishProperties[]> {
  const found: PublishProperties[] = []
  using publisher = await broker.client(5)
  for (const qos of [0, 1, 2] as const) {
    using subscriber = await broker.client(5)
    await subscriber.subscribe('a', { qos })
    for (const publishedQos of [0, 1, 2] as const) {
      for (const more of ['', expiry]) {
        sendPublish(publisher, publishedQos, properties + more)
        found.push(withoutExpiry(await subscriber.message()))
        if (publishedQos === 1) await publisher.next('puback')
        if (publishedQos === 2) await finishSending(publisher)
      }
    }
  }
  return found
}

async function finishSending(publisher: WireClient): Promise<void> {
  const { packetId } = await publisher.next('pubrec')
  publisher.acknowledge('pubrel', packetId)
  await publisher.next('pubcomp')
}

function withoutExpiry({ properties }: Publish): PublishProperties {
  const { messageExpiryInterval: _, ...rest } = properties
  return rest
}

async function expectForwarded(properties: string, expected: PublishProperties): Promise<void> {
  await using broker = await startTestBroker()
  const found = await forwarded(broker, properties)
  assert.equal(found.length, 18)
  for (const each of found) assert.deepEqual(each, expected)
}

async function expectRefused(properties: string, reasonCode: number): Promise<void> {
  await using broker = await startTestBroker()
  using subscriber = await broker.client(5)
  await subscriber.subscribe('#')
  using publisher = await broker.client(5)
  sendPublish(publisher, 1, properties)
  await publisher.refused(reasonCode)
  await subscriber.quiet()
}

test('[MQTT-3.3.2-4] the Payload Format Indicator goes on unaltered', async () => {
  await expectForwarded('01 00', { payloadFormatIndicator: 0 })
  await expectForwarded('01 01', { payloadFormatIndicator: 1 })
  await expectForwarded('', {})
})

test('[MQTT-3.3.2-13] a Response Topic that is not well-formed UTF-8 is malformed', async () => {
  await expectForwarded(property('08', '응답'), { responseTopic: '응답' })
  for (const bytes of ['ff', 'eda080', '610062']) await expectRefused(property('08', bytesOf(bytes)), 0x81)
})

test('[MQTT-3.3.2-14] a Response Topic with a wildcard is refused', async () => {
  for (const text of ['#', '+', 'a/#', '+/a', 'a/+/b', 'a#b']) await expectRefused(property('08', text), 0x82)
})

test('[MQTT-3.3.2-15] the Response Topic goes on unaltered', async () => {
  await expectForwarded(property('08', 'answers//To Me '), { responseTopic: 'answers//To Me ' })
})

test('[MQTT-3.3.2-16] the Correlation Data goes on unaltered', async () => {
  for (const bytes of ['', '00', 'ff00fe80']) {
    await expectForwarded(property('09', bytesOf(bytes)), { correlationData: bytesOf(bytes) })
  }
})

test('[MQTT-3.3.2-17] [MQTT-3.3.2-18] all User Properties go on unaltered and in their order', async () => {
  const pairs: [string, string][] = [
    ['b', '1'],
    ['a', '2'],
    ['b', '0'],
    ['', ''],
    ['a', '2'],
    ['이름', '값'],
  ]
  const [first, ...rest] = pairs.map(([name, value]) => property('26', name, value))
  await expectForwarded(`${first} ${property('03', 'between')} ${rest.join('')}`, {
    userProperties: pairs,
    contentType: 'between',
  })
})

test('[MQTT-3.3.2-19] a Content Type that is not well-formed UTF-8 is malformed', async () => {
  await expectForwarded(property('03', '글/한국어'), { contentType: '글/한국어' })
  for (const bytes of ['ff', 'eda080', '610062']) await expectRefused(property('03', bytesOf(bytes)), 0x81)
})

test('[MQTT-3.3.2-20] the Content Type goes on unaltered', async () => {
  for (const text of ['', 'text/plain; charset=UTF-8']) {
    await expectForwarded(property('03', text), { contentType: text })
  }
})

/** A broker whose clock moves only when the test says so, and a Session that is away. */
async function startWithAbsentee() {
  let nowMs = 1_000_000
  const broker = await startTestBroker({}, { clock: () => nowMs })
  const properties = { sessionExpiryInterval: 1000, receiveMaximum: 1 }
  const comeBack = () => broker.client(5, { clientIdentifier: 'away', cleanStart: false, properties })
  const away = await comeBack()
  await away.subscribe('#')
  const left = new Promise((resolve) => broker.broker.on('disconnected', resolve))
  away[Symbol.dispose]()
  await left
  return {
    broker,
    comeBack,
    pass(seconds: number) {
      nowMs += seconds * 1000
      broker.broker.advance()
    },
    async publish(payload: string, messageExpiryInterval?: number, retain = false) {
      const properties = messageExpiryInterval === undefined ? {} : { messageExpiryInterval }
      await broker.broker.publish({ topicName: payload, payload, retain, properties })
    },
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  }
}

test('[MQTT-3.3.2-5] a copy that has not begun its way to a subscriber before it expires is deleted', async () => {
  await using at = await startWithAbsentee()
  using present = await at.broker.client(5)
  await present.subscribe('#', { qos: 1 })
  await at.publish('short', 5)
  await at.publish('first', 60)
  await at.publish('waits', 20)
  await at.publish('forever')
  for (const text of ['short', 'first', 'waits', 'forever']) assert.equal((await present.message()).text, text)
  at.pass(5)
  using back = await at.comeBack()
  const first = await back.message()
  assert.equal(first.text, 'first')
  await back.quiet()
  at.pass(15)
  back.acknowledge('puback', first.packetId)
  assert.equal((await back.message()).text, 'forever', 'what expires while the client is there is deleted too')
})

test('[MQTT-3.3.2-5] a Retained Message is sent to nobody once it has expired', async () => {
  await using at = await startWithAbsentee()
  await at.publish('kept', 5, true)
  at.pass(4)
  using early = await at.broker.client(5)
  await early.subscribe('kept')
  assert.equal((await early.message()).text, 'kept')
  at.pass(1)
  using late = await at.broker.client(5)
  await late.subscribe('kept')
  await late.quiet()
})

test('[MQTT-3.3.2-6] the Message Expiry Interval goes on less the time the message has waited', async () => {
  await using at = await startWithAbsentee()
  using present = await at.broker.client(5)
  for (const qos of [0, 1, 2] as const) {
    await present.subscribe('#', { qos })
    await at.publish('live', 30)
    assert.equal((await present.message()).properties.messageExpiryInterval, 30)
  }
  await at.publish('kept', 30, true)
  await present.message()
  at.pass(12)
  await present.subscribe('kept')
  assert.equal((await present.message()).properties.messageExpiryInterval, 18)
  using back = await at.comeBack()
  for (const _ of [1, 2, 3, 4]) {
    const { packetId, properties } = await back.message()
    assert.equal(properties.messageExpiryInterval, 18)
    back.acknowledge('puback', packetId)
  }
  await at.publish('no end')
  assert.equal((await back.message()).properties.messageExpiryInterval, undefined)
})
