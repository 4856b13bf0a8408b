/**
 * MQTT.js 5 against the running broker: every QoS, both versions, TCP and WebSocket.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import { nextEvent, startBroker } from './broker.ts'

type Version = 4 | 5
const versions: readonly Version[] = [4, 5]
const qualities = [0, 1, 2] as const

function connect(url: string, protocolVersion: Version, options: IClientOptions = {}): Promise<MqttClient> {
  return mqtt.connectAsync(url, { protocolVersion, reconnectPeriod: 0, ...options })
}

interface Received {
  topic: string
  payload: string
  qos: number
  retain: boolean
}

function nextMessage(client: MqttClient): Promise<Received> {
  return new Promise((resolve) => {
    client.once('message', (topic, payload, { qos, retain }) => {
      resolve({ topic, payload: payload.toString(), qos, retain })
    })
  })
}

for (const version of versions) {
  for (const transport of ['tcpUrl', 'webSocketUrl'] as const) {
    for (const qos of qualities) {
      test(`MQTT.js ${version} over ${transport}: a message at QoS ${qos} arrives once, as it was sent`, async () => {
        await using running = await startBroker()
        const subscriber = await connect(running[transport], version)
        await subscriber.subscribeAsync('커피/+', { qos })
        const arrival = nextMessage(subscriber)
        const publisher = await connect(running[transport], version)
        await publisher.publishAsync('커피/맥심', '한 잔', { qos })
        assert.deepEqual(await arrival, { topic: '커피/맥심', payload: '한 잔', qos, retain: false })
        await publisher.endAsync()
        await subscriber.endAsync()
      })
    }
  }

  test(`MQTT.js ${version}: a Retained Message is there for whoever comes later`, async () => {
    await using running = await startBroker()
    const publisher = await connect(running.tcpUrl, version)
    await publisher.publishAsync('door', 'open', { qos: 1, retain: true })
    const subscriber = await connect(running.tcpUrl, version)
    const arrival = nextMessage(subscriber)
    await subscriber.subscribeAsync('door', { qos: 1 })
    assert.deepEqual(await arrival, { topic: 'door', payload: 'open', qos: 1, retain: true })
    await publisher.endAsync()
    await subscriber.endAsync()
  })

  test(`MQTT.js ${version}: the Will Message goes out when the connection breaks`, async () => {
    await using running = await startBroker()
    const watcher = await connect(running.tcpUrl, version)
    await watcher.subscribeAsync('gone', { qos: 2 })
    const will = { topic: 'gone', payload: Buffer.from('lamp'), qos: 2, retain: false } as const
    const lamp = await connect(running.tcpUrl, version, { will })
    const arrival = nextMessage(watcher)
    lamp.stream.destroy()
    assert.deepEqual(await arrival, { topic: 'gone', payload: 'lamp', qos: 2, retain: false })
    lamp.end(true)
    await watcher.endAsync()
  })

  test(`MQTT.js ${version}: what was published while a persistent Session was away arrives in order`, async () => {
    await using running = await startBroker()
    const stays: IClientOptions = { clientId: 'away', clean: false, properties: { sessionExpiryInterval: 3600 } }
    if (version === 4) delete stays.properties
    const first = await connect(running.tcpUrl, version, stays)
    await first.subscribeAsync('news', { qos: 2 })
    const left = nextEvent(running.broker, 'disconnected', (event) => event.clientIdentifier === 'away')
    await first.endAsync()
    await left
    const publisher = await connect(running.tcpUrl, version)
    for (let number = 0; number < 50; number++) {
      await publisher.publishAsync('news', String(number), { qos: number % 2 === 0 ? 1 : 2 })
    }
    const received: string[] = []
    const second = mqtt.connect(running.tcpUrl, { protocolVersion: version, reconnectPeriod: 0, ...stays })
    await new Promise<void>((resolve) => {
      second.on('message', (_topic, payload) => {
        received.push(payload.toString())
        if (received.length === 50) resolve()
      })
    })
    const even = received.filter((text) => Number(text) % 2 === 0)
    const odd = received.filter((text) => Number(text) % 2 === 1)
    const ascending = (texts: string[]) => texts.toSorted((one, other) => Number(one) - Number(other))
    assert.deepEqual([even, odd], [ascending(even), ascending(odd)])
    assert.equal(new Set(received).size, 50)
    await publisher.endAsync()
    await second.endAsync()
  })
}
