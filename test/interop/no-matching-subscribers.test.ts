/**
 * What clients that nobody here wrote do with 0x10 No matching subscribers, as docs/operating/when-nobody-listens.md lists them, and
 * the two ways to switch it off.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import mqtt, { type IClientOptions } from 'mqtt'
import { type Broker, type BrokerOptions, createBroker } from '../../src/index.ts'
import { makeSelfSigned } from '../../src/transport/self-signed.test.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startTestBroker } from '../support/test-broker.ts'
import { startBroker } from './broker.ts'

const directory = temporaryDirectory()
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

interface Published {
  /** Every packet that went or came after CONNACK, with the Reason Code of those that came. */
  readonly packets: readonly string[]
  readonly isConnected: boolean
}

/** Publishes one message with MQTT.js. @throws what the client makes of the answer, if it takes it for a failure. */
async function publishWithMqttJs(url: string, topicName: string, qos: 1 | 2, options: IClientOptions = {}) {
  const client = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0, ...options })
  const packets: string[] = []
  client.on('packetsend', (packet) => packets.push(packet.cmd))
  client.on('packetreceive', (packet) => {
    packets.push('reasonCode' in packet ? `${packet.cmd} ${packet.reasonCode}` : packet.cmd)
  })
  await client.publishAsync(topicName, 'x', { qos })
  const published: Published = { packets: [...packets], isConnected: client.connected }
  await client.endAsync()
  return published
}

async function run(command: string, args: readonly string[]) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { exitCode, output: stdout + stderr }
}

/** The packets of a message whose first answer has that Reason Code. */
function packetsOf(qos: 1 | 2, reasonCode: number): string[] {
  return qos === 1 ? ['publish', `puback ${reasonCode}`] : ['publish', `pubrec ${reasonCode}`, 'pubrel', 'pubcomp 0']
}

for (const qos of [1, 2] as const) {
  test(`MQTT.js takes 0x10 for success at QoS ${qos} and shows it to whoever asks`, async () => {
    await using running = await startBroker()
    const published = await publishWithMqttJs(running.tcpUrl, 'nobody', qos)
    assert.deepEqual(published, { packets: packetsOf(qos, 0x10), isConnected: true })
  })

  test(`mosquitto_pub takes 0x10 for success at QoS ${qos}`, async () => {
    await using running = await startBroker()
    const server = ['-h', '127.0.0.1', '-p', running.port]
    const { exitCode, output } = await run('mosquitto_pub', [
      ...server,
      '-V',
      'mqttv5',
      '-q',
      `${qos}`,
      '-t',
      'nobody',
      '-m',
      'x',
      '-d',
    ])
    assert.equal(exitCode, 0)
    assert.match(
      output,
      qos === 1 ? /received PUBACK \(Mid: 1, RC:16\)/ : /sending PUBREL[\s\S]+received PUBCOMP \(Mid: 1, RC:0\)/,
    )
  })

  test(`pabal pub says at QoS ${qos} that nobody subscribes, and fails only if that was asked for`, async () => {
    await using running = await startBroker()
    const args = [main, 'pub', '-h', '127.0.0.1', '-p', running.port, '-q', `${qos}`, '-t', 'nobody', '-m', 'x']
    const told = await run(process.execPath, args)
    assert.equal(told.exitCode, 0)
    assert.match(told.output, /nobody subscribes to "nobody" \(0x10 No matching subscribers\)/)
    assert.equal((await run(process.execPath, [...args, '--require-subscribers'])).exitCode, 16)
  })
}

test('the documentation lists the clients that are tried here, in the versions they have', async () => {
  const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
  const versionOf = (path: string): string => JSON.parse(read(path)).version
  const { output } = await run('mosquitto_pub', ['--help'])
  const expected = [
    `MQTT.js ${versionOf('node_modules/mqtt/package.json')}`,
    `mosquitto_pub ${/mosquitto_pub version (\S+)/.exec(output)?.[1]}`,
    `pabal pub ${versionOf('package.json')}`,
    `paho-mqtt ${versionOf('node_modules/paho-mqtt/package.json')}`,
  ]
  const page = read('docs/operating/when-nobody-listens.md')
  const listed = [...page.matchAll(/^\| ([^|]+ \d+\.\d+\.\d+)[^|]*\|/gm)].map((match) => match[1])
  assert.deepEqual(listed, expected)
})

const { certFile, keyFile } = makeSelfSigned(directory, 'server')
const files = `cert=${encodeURIComponent(certFile)}&key=${encodeURIComponent(keyFile)}&`
const listeners = {
  tcp: 'tcp://127.0.0.1:0?',
  tls: `tls://127.0.0.1:0?${files}`,
  ws: 'ws://127.0.0.1:0/mqtt?',
  wss: `wss://127.0.0.1:0/mqtt?${files}`,
  unix: `unix://${directory}/pabal.sock?`,
}

async function start(options: BrokerOptions): Promise<Broker & AsyncDisposable> {
  const broker = createBroker(options)
  await broker.start()
  return Object.assign(broker, { [Symbol.asyncDispose]: () => broker.stop() })
}

/** The listener as MQTT.js writes it. */
function clientUrl(url: string): string {
  return url
    .replace(/^tcp:/, 'mqtt:')
    .replace(/^tls:/, 'mqtts:')
    .replace(/^unix:/, 'mqtt+unix:')
}

describe('clients of a listener with report=off are answered 0x00, and what nobody got is counted', () => {
  for (const [transport, listener] of Object.entries(listeners)) {
    test(transport, async () => {
      await using broker = await start({ listen: [`${listener}report=off`, 'tcp://127.0.0.1:0'] })
      const [silent = '', telling = ''] = broker.urls.map(clientUrl)
      assert.ok(!silent.includes('report'))
      for (const qos of [1, 2] as const) {
        const published = await publishWithMqttJs(silent, 'nobody', qos, { rejectUnauthorized: false })
        assert.deepEqual(published.packets, packetsOf(qos, 0))
        assert.deepEqual((await publishWithMqttJs(telling, 'nobody', qos)).packets, packetsOf(qos, 0x10))
      }
      assert.equal(broker.tally.messages.unmatched, 4)
    })
  }
})

test('publishers to a Topic Filter with tellsPublisher false are answered 0x00, and what nobody got is counted', async () => {
  const topics = [{ filter: 'legacy/#', tellsPublisher: false }]
  await using broker = await start({ listen: ['tcp://127.0.0.1:0'], topics })
  const [url = ''] = broker.urls
  for (const qos of [1, 2] as const) {
    assert.deepEqual((await publishWithMqttJs(url, 'legacy/a', qos)).packets, packetsOf(qos, 0))
    assert.deepEqual((await publishWithMqttJs(url, 'modern/a', qos)).packets, packetsOf(qos, 0x10))
  }
  assert.equal(broker.tally.messages.unmatched, 4)
})

for (const [whenNobody, fate] of [
  ['hold', 'held'],
  ['dead-letter', 'dead-lettered'],
] as const) {
  test(`whoever is spared 0x10 is still told that a message is ${fate}`, async () => {
    await using running = await startTestBroker({ topics: [{ filter: '#', whenNobody, tellsPublisher: false }] })
    using publisher = await running.client(5)
    for (const qos of [1, 2] as const) {
      publisher.publish({ topicName: 'a', qos, packetId: 1 })
      const { reasonCode, properties } = await publisher.next(qos === 1 ? 'puback' : 'pubrec')
      assert.deepEqual([reasonCode, properties.userProperties], [0, [['pabal-fate', fate]]])
    }
  })
}
