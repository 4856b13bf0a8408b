/**
 * Keep Alive: MQTT 5.0 and 3.1.1 section 3.1.2.10. The broker's side on the wire, the client's side with the client of the
 * command line tools on a channel that only records.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MqttClient } from '../../src/cli/client/mqtt-client.ts'
import type { Channel, ChannelHandler } from '../../src/transport/channel.ts'
import { patient, startTestBroker } from '../support/test-broker.ts'

const versions: readonly (4 | 5)[] = [4, 5]
const connack = { 4: '20 02 00 00', 5: '20 03 00 00 00' } as const
const pingreq = 'c000'
const pingresp = 'd000'

/** Takes what the client sends and answers what the test says. */
class RecordingChannel implements Channel {
  readonly transport = 'tcp'
  readonly remoteAddress = 'test'
  readonly bufferedBytes = 0
  readonly #sent: string[] = []
  handler: ChannelHandler = { receiveBytes() {}, drained() {}, closed() {} }

  write(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    this.#sent.push(Buffer.from(bytes.subarray(start, end)).toString('hex'))
    return true
  }

  answer(bytes: string): void {
    const chunk = Buffer.from(bytes.replaceAll(' ', ''), 'hex')
    this.handler.receiveBytes(chunk, 0, chunk.length)
  }

  /** What was sent since the last call. */
  take(): string[] {
    return this.#sent.splice(0)
  }

  probeAfter(): void {}
  pause(): void {}
  resume(): void {}
  end(): void {
    this.handler.closed(null)
  }
  destroy(): void {
    this.handler.closed(null)
  }
}

/** A client that has been answered with that CONNACK. */
function connectedClient(protocolVersion: 4 | 5, keepAliveSeconds: number, answer: string) {
  const client = new MqttClient({
    protocolVersion,
    clientIdentifier: 'c',
    cleanStart: true,
    keepAliveSeconds,
    userName: null,
    password: null,
    will: null,
    properties: {},
    inFlightMax: 1,
  })
  const channel = new RecordingChannel()
  void client.connect(channel)
  assert.equal(channel.take().length, 1)
  channel.answer(answer)
  return { client, channel }
}

test('[MQTT-3.1.2-20] [MQTT3-3.1.2-23] our client sends PINGREQ when its Keep Alive has passed', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  for (const version of versions) {
    const { client, channel } = connectedClient(version, 10, connack[version])
    t.mock.timers.tick(9999)
    assert.deepEqual(channel.take(), [])
    t.mock.timers.tick(1)
    assert.deepEqual(channel.take(), [pingreq])
    channel.answer(pingresp)
    await client.disconnect()
  }
})

test('[MQTT-3.1.2-20] [MQTT3-3.1.2-23] with Keep Alive 0 our client sends no PINGREQ', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  for (const version of versions) {
    const { client, channel } = connectedClient(version, 0, connack[version])
    t.mock.timers.tick(100_000_000)
    assert.deepEqual(channel.take(), [])
    await client.disconnect()
  }
})

test('[MQTT-3.1.2-21] our client uses the Server Keep Alive in place of its own', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { client, channel } = connectedClient(5, 1000, '20 06 00 00 03 130005')
  t.mock.timers.tick(4999)
  assert.deepEqual(channel.take(), [])
  t.mock.timers.tick(1)
  assert.deepEqual(channel.take(), [pingreq])
  await client.disconnect()
  const never = connectedClient(5, 10, '20 06 00 00 03 130000')
  t.mock.timers.tick(100_000_000)
  assert.deepEqual(never.channel.take(), [])
  await never.client.disconnect()
})

test('[MQTT-3.1.2-22] [MQTT3-3.1.2-24] after one and a half times the Keep Alive without a packet the broker closes', async () => {
  await using broker = await startTestBroker(patient)
  for (const version of versions) {
    using client = await broker.client(version, { keepAliveSeconds: 10_000 })
    broker.advanceBy(14_900)
    await client.quiet()
    broker.advanceBy(14_900)
    await client.quiet()
    broker.advanceBy(15_100)
    await client.refused(0x8d)
  }
})

test('[MQTT-3.1.2-22] [MQTT3-3.1.2-24] the Keep Alive counts from CONNECT if nothing follows', async () => {
  await using broker = await startTestBroker(patient)
  for (const version of versions) {
    using client = await broker.client(version, { keepAliveSeconds: 10_000 })
    broker.advanceBy(15_100)
    await client.refused(0x8d)
  }
})

test('[MQTT-3.1.2-22] [MQTT3-3.1.2-24] any packet of the client counts, what it is sent does not', async () => {
  await using broker = await startTestBroker(patient)
  for (const version of versions) {
    using watcher = await broker.client(5)
    await watcher.subscribe('said')
    using client = await broker.client(version, { keepAliveSeconds: 10_000 })
    await client.subscribe('heard', { qos: 0 })
    broker.advanceBy(10_000)
    client.publish({ topicName: 'said', payload: Buffer.from('x') })
    await watcher.message()
    broker.advanceBy(10_000)
    await broker.broker.publish({ topicName: 'heard', qos: 0 })
    await client.message()
    broker.advanceBy(5100)
    await client.refused(0x8d)
  }
})

test('[MQTT-3.1.2-22] [MQTT3-3.1.2-24] a connection closed so is treated like a broken one: its will goes out, its Session stays', async () => {
  await using broker = await startTestBroker(patient)
  using watcher = await broker.client(5)
  await watcher.subscribe('will')
  for (const version of versions) {
    const properties = version === 5 ? { sessionExpiryInterval: 0xffff_ffff } : {}
    const will = { topicName: 'will', payload: Buffer.from('gone'), qos: 0, retain: false, properties: {} } as const
    const fields = { clientIdentifier: `c${version}`, cleanStart: false, properties }
    using client = await broker.client(version, { ...fields, will, keepAliveSeconds: 10_000 })
    broker.advanceBy(15_100)
    await client.refused(0x8d)
    assert.equal((await watcher.message()).text, 'gone')
    using again = await broker.open(version)
    assert.equal((await again.connect(fields)).sessionPresent, true)
  }
})

test('[MQTT-3.1.2-22] [MQTT3-3.1.2-24] with Keep Alive 0 the broker waits for ever', async () => {
  await using broker = await startTestBroker(patient)
  for (const version of versions) {
    using client = await broker.client(version, { keepAliveSeconds: 0 })
    broker.advanceBy(100_000_000)
    await client.quiet()
  }
})
