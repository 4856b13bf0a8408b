/**
 * What CONNACK obliges a client to, on the client behind `pabal pub`, `sub` and `rr`: MQTT 5.0 section 3.2.2.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ClientSettings, MqttClient } from '../../src/cli/client/mqtt-client.ts'
import type { Publish } from '../../src/protocol/index.ts'
import { RecordingChannel } from '../support/recording-channel.ts'

const settings: ClientSettings = {
  protocolVersion: 5,
  clientIdentifier: 'c',
  cleanStart: true,
  keepAliveSeconds: 0,
  userName: null,
  password: null,
  will: null,
  properties: {},
  inFlightMax: 20,
}
const accept = '20 03 00 00 00'
const goOn = '20 03 01 00 00'

/** Connects `client` anew: the server answers with these hexadecimal digits. */
async function connected(client: MqttClient, connack: string): Promise<RecordingChannel> {
  const channel = new RecordingChannel('server')
  const answered = client.connect(channel)
  channel.written.length = 0
  channel.receive(connack)
  await answered
  return channel
}

function message(qos: 0 | 1 | 2, size = 1, retain = false) {
  return { topicName: 'a', payload: Buffer.alloc(size), qos, retain, properties: {} }
}

/** What has been written after CONNECT, by type. */
function types(channel: RecordingChannel): string[] {
  return channel.written.map(({ type }) => type)
}

test('[MQTT-3.2.2-4] the client closes if the server goes on with a Session that was to start afresh', async () => {
  const client = new MqttClient(settings)
  const channel = new RecordingChannel('server')
  const answered = client.connect(channel)
  channel.receive(goOn)
  await assert.rejects(answered, /Session that was to start afresh/)
  assert.equal(channel.isClosed, true)
  const resuming = await connected(new MqttClient({ ...settings, cleanStart: false }), goOn)
  assert.equal(resuming.isClosed, false)
})

test('[MQTT-3.2.2-5] the client drops its Session if the server has none', async () => {
  const received: Publish[] = []
  const onMessage = (packet: Publish) => received.push(packet)
  for (const [connack, isKept] of [
    [goOn, true],
    [accept, false],
  ] as const) {
    const client = new MqttClient({ ...settings, cleanStart: false }, { onMessage })
    const first = await connected(client, accept)
    const sent = client.publish(message(2))
    first.receive('34 07 0001 61 0005 00 78')
    first.receive('50 02 0001')
    assert.deepEqual(types(first), ['publish', 'pubrec', 'pubrel'])
    first.destroy()
    const second = await connected(client, connack)
    assert.deepEqual(types(second), isKept ? ['pubrel'] : [])
    second.receive('62 02 0005')
    const answer = second.written.at(-1)
    assert.ok(answer?.type === 'pubcomp')
    assert.deepEqual([answer.reasonCode, received.length], isKept ? [0, 1] : [0x92, 0])
    if (!isKept) assert.equal((await sent).reasonCode, 0, 'the server had received it')
    received.length = 0
  }
})

test('[MQTT-3.2.2-11] the client sends no message above the Maximum QoS', async () => {
  const client = new MqttClient(settings)
  const channel = await connected(client, '20 05 00 00 02 2401')
  assert.throws(() => client.publish(message(2)), /QoS 1 and below/)
  void client.publish(message(1))
  void client.publish(message(0))
  assert.deepEqual(types(channel), ['publish', 'publish'])
})

test('[MQTT-3.2.2-14] the client sends no message to be retained where none is', async () => {
  const client = new MqttClient(settings)
  const channel = await connected(client, '20 05 00 00 02 2500')
  assert.throws(() => client.publish(message(0, 1, true)), /keeps no Retained Messages/)
  void client.publish(message(0, 1, false))
  assert.deepEqual(types(channel), ['publish'])
  const free = new MqttClient(settings)
  const other = await connected(free, accept)
  void free.publish(message(0, 1, true))
  assert.deepEqual(types(other), ['publish'])
})

test('[MQTT-3.2.2-15] the client sends no packet above the Maximum Packet Size', async () => {
  const client = new MqttClient(settings)
  const channel = await connected(client, '20 08 00 00 05 2700000014')
  assert.throws(() => client.publish(message(0, 15)), /a packet of 21 bytes; the server takes 20 at most/)
  void client.publish(message(0, 14))
  const subscription = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
  const tooLong = 'x'.repeat(13)
  const requests = Promise.allSettled([
    client.subscribe([{ ...subscription, topicFilter: tooLong }]),
    client.unsubscribe([`${tooLong}x`]),
    client.subscribe([{ ...subscription, topicFilter: tooLong.slice(1) }]),
    client.unsubscribe([tooLong]),
  ])
  assert.deepEqual(types(channel), ['publish', 'subscribe', 'unsubscribe'])
  channel.destroy()
  const names = (await requests).map((request) => request.status === 'rejected' && request.reason.name)
  assert.deepEqual(names, ['UnsendableMessage', 'UnsendableMessage', 'ConnectionLost', 'ConnectionLost'])
})

test('[MQTT-3.2.2-21] the client goes by the Server Keep Alive', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  for (const [connack, seconds] of [
    ['20 06 00 00 03 130005', 5],
    [accept, 60],
  ] as const) {
    const channel = await connected(new MqttClient({ ...settings, keepAliveSeconds: 60 }), connack)
    context.mock.timers.tick(seconds * 1000 - 1)
    assert.deepEqual(types(channel), [])
    context.mock.timers.tick(1)
    assert.deepEqual(types(channel), ['pingreq'])
    channel.destroy()
  }
})
