/**
 * EMQX #15907 and its kin: a small part of a large buffer keeps all of it in memory. What the broker keeps of a packet (retained,
 * held, queued, with their properties) is a copy of its own, not a view of the 64 KiB it came in.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ByteWriter, encodePublish, type PublishFields, publish } from '../../src/protocol/index.ts'
import { startTestBroker } from '../support/test-broker.ts'
import { staying } from '../support/wire-client.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

const count = 1000
const chunkBytes = 64 * 1024
/** What one small message may take, outside of the heap and in it. */
const bytesMax = 4096

async function bytesUsed(): Promise<number> {
  // What a buffer stood on is given back a turn later.
  for (let round = 0; round < 3; round++) {
    collectGarbage()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function bytesOf(fields: PublishFields): Buffer {
  const packet = publish(fields)
  const writer = new ByteWriter()
  encodePublish(writer, packet, 5, {
    ...{
      qos: packet.qos,
      dup: false,
      retain: packet.retain,
      packetId: packet.packetId,
      topicAlias: 0,
      omitTopicName: false,
    },
    subscriptionIdentifiers: null,
    messageExpiryInterval: -1,
  })
  return Buffer.from(writer.bytes.subarray(0, writer.position))
}

const payload = Buffer.from('0123456789')
const properties = { contentType: 'text/plain', userProperties: [['name', 'value'] as const] }

/** A PUBLISH of QoS 0 that nobody subscribes to: bytes in the same chunk that nothing is kept of. */
const filler = bytesOf({ topicName: 'nobody', payload: Buffer.alloc(chunkBytes - 1024), qos: 0 })

for (const [what, prefix, retain] of [
  ['retained', 'r', true],
  ['held', 'held', false],
  ['queued', 'queued', false],
] as const) {
  test(`EMQX #15907: ${count} small messages that are ${what} do not keep the chunks they came in`, async () => {
    await using running = await startTestBroker({ topics: [{ filter: 'held/#', whenNobody: 'hold' }] })
    const away = await running.client(5, staying(5, 'away'))
    await away.subscribe('queued/#', { qos: 1 })
    await running.lose(away)
    using client = await running.client(5)
    const send = async (number: number): Promise<void> => {
      client.sendBytes(
        Buffer.concat([
          filler,
          bytesOf({ topicName: `${prefix}/${number}`, payload, qos: 1, packetId: 1, retain, properties }),
        ]),
      )
      assert.ok((await client.next('puback')).reasonCode < 0x80)
    }
    await send(0)
    const before = await bytesUsed()
    for (let number = 1; number <= count; number++) await send(number)
    const each = ((await bytesUsed()) - before) / count
    assert.ok(each < bytesMax, `${each.toFixed(0)} bytes for each`)
  })
}

/** What other clients send meanwhile: it uses up the blocks of 64 KiB that Node shares among small buffers. */
function useUpBlock(): void {
  for (let part = 0; part < 3; part++) Buffer.allocUnsafe(30_000).fill(0)
}

test(`EMQX #15907: ${count} Topic Names that are remembered do not keep the blocks that small buffers share`, async () => {
  await using running = await startTestBroker()
  using client = await running.client(5)
  const send = async (number: number): Promise<void> => {
    useUpBlock()
    client.publish({ topicName: `name/${number}`, payload, qos: 1, packetId: 1 })
    await client.next('puback')
  }
  await send(0)
  const before = await bytesUsed()
  for (let number = 1; number <= count; number++) await send(number)
  const each = ((await bytesUsed()) - before) / count
  assert.ok(each < bytesMax, `${each.toFixed(0)} bytes for each`)
})

test(`EMQX #15907: ${count} properties that are retained do not keep them either`, async () => {
  await using running = await startTestBroker()
  using client = await running.client(5)
  const correlationData = Buffer.from('0123')
  const send = async (number: number): Promise<void> => {
    useUpBlock()
    client.publish({
      ...{ topicName: `r/${number}`, payload, qos: 1, packetId: 1, retain: true },
      properties: { correlationData, responseTopic: 'a' },
    })
    await client.next('puback')
  }
  await send(0)
  const before = await bytesUsed()
  for (let number = 1; number <= count; number++) await send(number)
  const each = ((await bytesUsed()) - before) / count
  assert.ok(each < bytesMax, `${each.toFixed(0)} bytes for each`)
})
