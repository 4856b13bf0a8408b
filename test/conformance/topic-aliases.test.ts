/**
 * Topic Aliases in both directions: MQTT 5.0 section 3.3.2.3.4.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MqttClient } from '../../src/cli/client/mqtt-client.ts'
import type { Publish } from '../../src/protocol/index.ts'
import { accept, clientSettings, type ServerEnd } from '../support/server-end.ts'
import { startTestBroker } from '../support/test-broker.ts'
import type { WireClient } from '../support/wire-client.ts'

const stays = { clientIdentifier: 'c', cleanStart: false }

function publishUnder(client: WireClient | ServerEnd, topicAlias: number, topicName = ''): void {
  client.publish({ topicName, payload: Buffer.from(`${topicAlias}`), properties: { topicAlias } })
}

/** Topic Name and alias, as they stand in the packet. */
function named(packet: Publish): [string, number | undefined] {
  return [packet.topicName, packet.properties.topicAlias]
}

test('[MQTT-3.3.2-7] an alias of a client means nothing on its next connection, though the Session goes on', async () => {
  await using broker = await startTestBroker()
  const properties = { sessionExpiryInterval: 100 }
  using subscriber = await broker.client(5)
  await subscriber.subscribe('#', { qos: 0 })
  using first = await broker.client(5, { ...stays, properties })
  publishUnder(first, 1, 'one')
  publishUnder(first, 1)
  for (const _ of [1, 2]) assert.equal((await subscriber.message()).topicName, 'one')
  using second = await broker.client(5, { ...stays, properties })
  publishUnder(second, 1)
  await second.refused(0x82)
  await subscriber.quiet()
})

test('[MQTT-3.3.2-7] the broker names a topic again on the next connection, though the Session goes on', async () => {
  await using broker = await startTestBroker()
  const properties = { sessionExpiryInterval: 100, topicAliasMaximum: 5 }
  const send = () => broker.broker.publish({ topicName: 'some/topic', payload: 'x', qos: 0 })
  using first = await broker.client(5, { ...stays, properties })
  await first.subscribe('#', { qos: 0 })
  for (const expected of [
    ['some/topic', undefined],
    ['some/topic', 1],
    ['', 1],
  ]) {
    await send()
    assert.deepEqual(named(await first.message()), expected)
  }
  using second = await broker.client(5, { ...stays, properties })
  await send()
  assert.deepEqual(named(await second.message()), ['some/topic', undefined])
})

test('[MQTT-3.3.2-8] Topic Alias 0 is refused with 0x94', async () => {
  await using broker = await startTestBroker()
  for (const topicName of ['', 'a']) {
    using client = await broker.client(5)
    publishZero(client, topicName)
    await client.refused(0x94)
  }
})

/** The encoder would leave Topic Alias 0 out. */
function publishZero(client: WireClient, topicName: string): void {
  const text = Buffer.from(topicName)
  client.sendBytes(
    Buffer.concat([Buffer.from([0x30, 6 + text.length, 0, text.length]), text, Buffer.from([3, 35, 0, 0])]),
  )
}

test('[MQTT-3.3.2-9] a Topic Alias above the Topic Alias Maximum of CONNACK is refused with 0x94', async () => {
  for (const topicAliasMaximum of [0, 1, 5]) {
    await using broker = await startTestBroker({ limits: { topicAliasMaximum } })
    using client = await broker.open(5)
    assert.equal((await client.connect()).properties.topicAliasMaximum, topicAliasMaximum)
    publishUnder(client, topicAliasMaximum + 1, 'a')
    await client.refused(0x94)
  }
})

test('[MQTT-3.3.2-12] the broker takes every Topic Alias from 1 to its Topic Alias Maximum, and new meanings of them', async () => {
  await using broker = await startTestBroker({ limits: { topicAliasMaximum: 5 } })
  using subscriber = await broker.client(5)
  await subscriber.subscribe('#', { qos: 0 })
  using client = await broker.client(5)
  for (const round of ['first', 'second']) {
    for (const topicAlias of [1, 2, 3, 4, 5]) publishUnder(client, topicAlias, `${round}/${topicAlias}`)
    for (const topicAlias of [5, 4, 3, 2, 1]) publishUnder(client, topicAlias)
    for (const topicAlias of [1, 2, 3, 4, 5, 5, 4, 3, 2, 1]) {
      const { text, topicName } = await subscriber.message()
      assert.deepEqual([text, topicName], [`${topicAlias}`, `${round}/${topicAlias}`])
    }
  }
})

test('[MQTT-3.3.2-11] [MQTT-3.3.2-8] the broker uses no Topic Alias outside 1 to the maximum of the client', async () => {
  await using broker = await startTestBroker()
  for (const topicAliasMaximum of [undefined, 0, 1, 2]) {
    const properties = topicAliasMaximum === undefined ? {} : { topicAliasMaximum }
    using client = await broker.client(5, { properties })
    await client.subscribe('#', { qos: 0 })
    const meanings = new Map<number, string>()
    for (const topicName of [
      'first',
      'second',
      'third',
      'first',
      'second',
      'third',
      'first',
      'second',
      'third',
      'third',
    ]) {
      await broker.broker.publish({ topicName, payload: topicName, qos: 0 })
      const message = await client.message()
      const { topicAlias } = message.properties
      if (topicAlias === undefined) {
        assert.equal(message.topicName, message.text)
        continue
      }
      assert.ok(topicAlias >= 1 && topicAlias <= (topicAliasMaximum ?? 0), `Topic Alias ${topicAlias}`)
      if (message.topicName !== '') meanings.set(topicAlias, message.topicName)
      assert.equal(meanings.get(topicAlias), message.text)
    }
    assert.equal(meanings.size, topicAliasMaximum ?? 0, 'all it may use are in use')
  }
})

test('[MQTT-3.3.2-10] our client takes every Topic Alias from 1 to the maximum it announces', () => {
  const received: string[] = []
  const client = new MqttClient(
    { ...clientSettings(5), properties: { topicAliasMaximum: 3 } },
    { onMessage: ({ topicName, payload }) => received.push(`${topicName}: ${payload}`) },
  )
  const server = accept(client, 5)
  for (const topicAlias of [1, 2, 3]) publishUnder(server, topicAlias, `topic ${topicAlias}`)
  for (const topicAlias of [3, 2, 1]) publishUnder(server, topicAlias)
  assert.deepEqual(
    received,
    [1, 2, 3, 3, 2, 1].map((topicAlias) => `topic ${topicAlias}: ${topicAlias}`),
  )
})
