/**
 * paho-mqtt in a real browser over WebSocket: MQTT 3.1.1, which is what it speaks.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { launchChromium } from '../support/chromium.ts'
import { startBroker } from './broker.ts'

const paho = fileURLToPath(new URL('../../node_modules/paho-mqtt/paho-mqtt.js', import.meta.url))
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path))

/** Runs in the page: everything it needs comes as text and numbers. */
const scenario = `async ({ host, port, path }) => {
  const connect = (identifier, options = {}) => new Promise((resolve, reject) => {
    const client = new Paho.Client(host, port, path, identifier)
    const received = []
    let wake = null
    client.onMessageArrived = (message) => {
      received.push([message.destinationName, message.payloadString, message.qos, message.retained])
      if (wake !== null) wake()
    }
    client.take = async (count) => {
      while (received.length < count) await new Promise((done) => { wake = done })
      return received.splice(0, count)
    }
    client.connect({ mqttVersion: 4, ...options, onSuccess: () => resolve(client), onFailure: reject })
  })
  const subscribe = (client, filter, qos) =>
    new Promise((onSuccess, onFailure) => client.subscribe(filter, { qos, onSuccess, onFailure }))
  const results = {}
  const subscriber = await connect('reader', { cleanSession: false })
  await subscribe(subscriber, '커피/#', 2)
  const publisher = await connect('writer')
  for (const qos of [0, 1, 2]) publisher.send('커피/맥심', '잔 ' + qos, qos, false)
  results.live = (await subscriber.take(3)).sort((one, other) => one[2] - other[2])
  publisher.send('door', 'open', 1, true)
  const later = await connect('later')
  await subscribe(later, 'door', 1)
  results.retained = await later.take(1)
  const lost = new Promise((resolve) => { subscriber.onConnectionLost = resolve })
  subscriber.disconnect()
  await lost
  publisher.send('커피/away', 'kept', 2, false)
  const again = await connect('reader', { cleanSession: false })
  results.away = await again.take(1)
  for (const client of [publisher, later, again]) client.disconnect()
  return results
}`

test('paho-mqtt in Chromium: every QoS, retained, and a persistent Session that comes back', {
  timeout: 60_000,
}, async () => {
  assert.ok(executablePath !== undefined, 'Debian package chromium is needed')
  await using running = await startBroker()
  const { hostname: host, port, pathname: path } = new URL(running.webSocketUrl)
  const browser = await launchChromium({ executablePath, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage()
    // The library asks for local storage when it loads, which needs a page with an origin: the listener's own will do.
    await page.goto(`http://${host}:${port}/`)
    await page.addScriptTag({ path: paho })
    const results = await page.evaluate(`(${scenario})(${JSON.stringify({ host, port: Number(port), path })})`)
    assert.deepEqual(results, {
      live: [0, 1, 2].map((qos) => ['커피/맥심', `잔 ${qos}`, qos, false]),
      retained: [['door', 'open', 1, true]],
      away: [['커피/away', 'kept', 2, false]],
    })
  } finally {
    await browser.close()
  }
})
