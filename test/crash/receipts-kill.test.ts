/**
 * A receipt, and an acknowledgement that waits for a subscriber, asked for before the broker is killed with -9, come after it.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { openWire, staying, type WireClient } from '../support/wire-client.ts'
import { BrokerProcess } from './broker-process.ts'

const replyTopic = '$pabal/receipt/1/reply'
const messages = 20

async function started(flags: readonly string[]): Promise<{ broker: BrokerProcess; url: string }> {
  const broker = new BrokerProcess(flags)
  const port = await broker.ready()
  assert.ok(port !== null, broker.output)
  return { broker, url: `tcp://127.0.0.1:${port}` }
}

async function client(url: string, clientIdentifier: string, isNew: boolean): Promise<WireClient> {
  const wire = await openWire(url, 5)
  const { sessionPresent } = await wire.connect(staying(5, clientIdentifier))
  assert.equal(sessionPresent, !isNew)
  return wire
}

test('what is owed when the broker is killed with -9 is given once it is back, each delivery once', async () => {
  const directory = temporaryDirectory()
  const config = join(directory, 'pabal.yaml')
  writeFileSync(config, `data: ${join(directory, 'data')}\ntopics:\n  - filter: waits\n    ack: on-delivery\n`)
  const flags = ['--config', config]
  const before = await started(flags)
  const publisher = await client(before.url, 'publisher', true)
  await publisher.subscribe(replyTopic, { qos: 1 })
  const early = await client(before.url, 'early', true)
  const late = await client(before.url, 'late', true)
  for (const each of [early, late]) await each.subscribe('a', { qos: 1 })
  await late.subscribe('waits', { qos: 1 })
  const userProperties: [string, string][] = [['pabal-receipt', 'all']]
  for (let packetId = 1; packetId <= messages; packetId++) {
    const correlationData = Buffer.from(String(packetId))
    publisher.publish({
      topicName: 'a',
      qos: 1,
      packetId,
      properties: { responseTopic: replyTopic, correlationData, userProperties },
    })
    await publisher.next('puback')
    early.acknowledge('puback', (await early.message()).packetId)
  }
  publisher.publish({ topicName: 'waits', qos: 1, packetId: 99 })
  await early.quiet()
  // Its acknowledgement stands behind everything before it.
  publisher.publish({ topicName: 'nobody', qos: 1, packetId: 100 })
  assert.equal((await publisher.next('puback')).packetId, 100)
  await before.broker.end('SIGKILL')

  const after = await started(flags)
  const back = await client(after.url, 'publisher', false)
  back.publish({ topicName: 'waits', qos: 1, packetId: 99, dup: true })
  await back.quiet()
  const earlyBack = await client(after.url, 'early', false)
  const lateBack = await client(after.url, 'late', false)
  for (let count = 0; count <= messages; count++) {
    lateBack.acknowledge('puback', (await lateBack.message()).packetId)
  }
  const seen = new Set<string>()
  let isAcknowledged = false
  while (seen.size < messages || !isAcknowledged) {
    const packet = await back.nextOf('publish', 'puback')
    if (packet.type === 'puback') isAcknowledged = packet.packetId === 99 && packet.reasonCode === 0
    if (packet.type !== 'publish') continue
    back.acknowledge('puback', packet.packetId)
    const correlation = Buffer.from(packet.properties.correlationData ?? []).toString()
    assert.equal(seen.has(correlation), false, `a second receipt for message ${correlation}`)
    seen.add(correlation)
    const { state, matched, delivered, failed } = JSON.parse(packet.payload.toString())
    const expected = { state: 'complete', matched: 2, delivered: 2, failed: 0 }
    assert.deepEqual({ state, matched, delivered, failed }, expected)
  }
  await back.quiet()
  for (const wire of [publisher, early, late, back, earlyBack, lateBack]) wire[Symbol.dispose]()
  await after.broker.end('SIGTERM')
})
