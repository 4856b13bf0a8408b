/**
 * What every adapter of the store port must do. An adapter's test hands in how to open an empty store.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Message } from '../core/message.ts'
import type { CoreRecord } from '../core/record.ts'
import { publish } from '../protocol/packets/publish.ts'
import type { LogPort, Seq, StoredRecord } from './log-port.ts'

export function testLogPort(adapter: string, open: () => LogPort | Promise<LogPort>): void {
  test(`${adapter}: an empty shard has no head and nothing to read`, async () => {
    const store = await open()
    assert.equal(await store.head(0), 0)
    assert.deepEqual(await readAll(store, 0), [])
  })

  test(`${adapter}: places count from 1, and append says where its batch begins`, async () => {
    const store = await open()
    assert.deepEqual(await store.append(0, batchOf('a', 'b')), { first: 1 })
    assert.deepEqual(await store.append(0, batchOf('c')), { first: 3 })
    assert.equal(await store.head(0), 3)
    assert.deepEqual(await readAll(store, 0), ['1 a', '2 b', '3 c'])
  })

  test(`${adapter}: batches appended without waiting keep their order and stay whole`, async () => {
    const store = await open()
    const batches = Array.from({ length: 20 }, (_, number) => batchOf(`${number}a`, `${number}b`))
    const appended = await Promise.all(batches.map((batch) => store.append(0, batch)))
    assert.deepEqual(
      appended.map(({ first }) => first),
      batches.map((_, number) => 1 + 2 * number),
    )
    const texts = (await readAll(store, 0)).map((text) => text.split(' ')[1])
    assert.deepEqual(
      texts,
      batches.flatMap((_, number) => [`${number}a`, `${number}b`]),
    )
  })

  test(`${adapter}: shards know nothing of each other`, async () => {
    const store = await open()
    await store.append(0, batchOf('a'))
    assert.deepEqual(await store.append(7, batchOf('b')), { first: 1 })
    await store.trim(0, 2, [])
    assert.deepEqual([await readAll(store, 0), await readAll(store, 7)], [[], ['1 b']])
    assert.deepEqual([await store.head(0), await store.head(7), await store.head(3)], [1, 1, 0])
  })

  test(`${adapter}: reading begins where it is asked to`, async () => {
    const store = await open()
    await store.append(0, batchOf('a', 'b', 'c'))
    assert.deepEqual(await readAll(store, 0, 2), ['2 b', '3 c'])
    assert.deepEqual(await readAll(store, 0, 4), [])
  })

  test(`${adapter}: trimming forgets what lies before, except what is to be kept, which keeps its place`, async () => {
    const store = await open()
    await store.append(0, batchOf('a', 'b', 'c', 'd'))
    await store.trim(0, 4, [2])
    assert.deepEqual(await readAll(store, 0), ['2 b', '4 d'])
    await store.trim(0, 4, [])
    assert.deepEqual(await readAll(store, 0), ['4 d'])
  })

  test(`${adapter}: places are never used again, even when all is trimmed`, async () => {
    const store = await open()
    await store.append(0, batchOf('a', 'b'))
    await store.trim(0, 3, [])
    assert.equal(await store.head(0), 2)
    assert.deepEqual(await store.append(0, batchOf('c')), { first: 3 })
    assert.deepEqual(await readAll(store, 0), ['3 c'])
  })

  test(`${adapter}: trimming beyond the head leaves what is appended later`, async () => {
    const store = await open()
    await store.append(0, batchOf('a'))
    await store.trim(0, 100, [])
    await store.append(0, batchOf('b'))
    assert.deepEqual(await readAll(store, 0), ['2 b'])
  })

  test(`${adapter}: a message comes back as it was, with everything its record says`, async () => {
    const store = await open()
    const properties = { contentType: '글', userProperties: [['name', 'value']] as const }
    const packet = publish({
      topicName: '커피/정보',
      payload: Buffer.from([0, 255, 1]),
      qos: 2,
      retain: true,
      properties,
    })
    const recipient = {
      session: 'account\u0000s',
      qos: 1,
      retain: false,
      subscriptionIdentifiers: [1, 268_435_455],
    } as const
    const original = new Message(5, packet, null, 1_000_000)
    const rest = {
      type: 'message',
      recipients: [{ ...recipient, sharedFilter: '$share/g/#' }],
      retained: 'set',
      inbound: { session: 'account\u0000p', packetId: 65_535 },
      willOf: null,
    } as const
    await store.append(0, [{ ...rest, message: original }])
    const [stored] = await collect(store, 0, 1)
    assert.ok(stored?.record.type === 'message')
    const { message, ...others } = stored.record
    assert.deepEqual(others, rest)
    assert.deepEqual([message.id, message.receivedMs, message.expiresMs], [5, 1_000_000, Number.POSITIVE_INFINITY])
    const { topicName, payload, qos, retain } = message.publish
    assert.deepEqual([topicName, [...payload], qos, retain], ['커피/정보', [0, 255, 1], 2, true])
    assert.deepEqual(message.publish.properties, properties)
  })
}

/** Records that can be told apart. */
function batchOf(...texts: string[]): CoreRecord[] {
  return texts.map((session) => ({ type: 'session-ended', session }))
}

async function readAll(store: LogPort, shard: number, from: Seq = 1): Promise<string[]> {
  const stored = await collect(store, shard, from)
  return stored.map(({ seq, record }) => `${seq} ${'session' in record ? record.session : ''}`)
}

async function collect(store: LogPort, shard: number, from: Seq): Promise<StoredRecord[]> {
  const all: StoredRecord[] = []
  for await (const stored of store.read(shard, from)) all.push(stored)
  return all
}
