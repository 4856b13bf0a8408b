/**
 * The disk is full: nothing is acknowledged that is not stored, what is stored is delivered, and when there is room again
 * the broker goes on by itself.
 */
import assert from 'node:assert/strict'
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sqlite } from '../../src/index.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import type { WireClient } from '../support/wire-client.ts'
import { LoopFileSystem, whyNoLoopFileSystem } from './loop-file-system.ts'

const skip = (await whyNoLoopFileSystem()) ?? false
const mebibyte = 1024 * 1024
const stays = { cleanStart: false, properties: { sessionExpiryInterval: 1000 } }
const body = Buffer.alloc(16 * 1024, 'x')

function startBroker(fileSystem: LoopFileSystem): Promise<TestBroker> {
  const store = sqlite(join(fileSystem.path, 'data'), { freeBytesMin: 8 * mebibyte })
  return startTestBroker({ store, limits: { parkedSecondsMax: 600 } })
}

/** A durable Session that subscribes to `a`, and is away. */
async function leaveSession(broker: TestBroker): Promise<void> {
  using subscriber = await broker.client(5, { clientIdentifier: 's', ...stays })
  await subscriber.subscribe('a', { qos: 1 })
  await subscriber.leave()
}

function text(number: number): Buffer {
  return Buffer.concat([Buffer.from(`${number} `), body])
}

/** Publishes one after the other until one is refused; resolves to how many were acknowledged with success. */
async function publishUntilRefused(publisher: WireClient, from: number): Promise<number> {
  for (let number = from; ; number++) {
    publisher.publish({ topicName: 'a', qos: 1, packetId: 1, payload: text(number) })
    const { reasonCode } = await publisher.next('puback')
    if (reasonCode === 0x97) return number
    assert.equal(reasonCode, 0)
  }
}

/**
 * Takes messages up to this number, which must come in order from `from` on. Earlier ones may come again, if their
 * acknowledgement was lost with a connection.
 */
async function drain(subscriber: WireClient, from: number, through: number): Promise<void> {
  for (let number = from; number <= through; ) {
    const message = await subscriber.message()
    subscriber.acknowledge('puback', message.packetId)
    const received = Number.parseInt(message.text, 10)
    if (message.dup && received < from) continue
    assert.equal(received, number)
    number += 1
  }
}

/** A file of somebody else's that takes what is left. */
function fill(fileSystem: LoopFileSystem): string {
  const path = join(fileSystem.path, 'foreign')
  const file = openSync(path, 'w')
  const chunk = Buffer.alloc(mebibyte)
  for (let size = chunk.length; size > 0; ) {
    try {
      writeSync(file, chunk, 0, size)
    } catch (error) {
      assert.ok(error instanceof Error && 'code' in error && error.code === 'ENOSPC')
      size = size >> 1
    }
  }
  closeSync(file)
  return path
}

test('the messages of a Session that is away fill the disk: 0x97, and room again when it has taken them', {
  skip,
}, async () => {
  await using fileSystem = new LoopFileSystem(40)
  await using broker = await startBroker(fileSystem)
  await leaveSession(broker)
  using publisher = await broker.client(5)
  using old = await broker.client(4, { clientIdentifier: 'old', cleanStart: false })
  const count = await publishUntilRefused(publisher, 0)
  assert.ok(count > 300, `${count} messages`)
  old.publish({ topicName: 'a', qos: 1, packetId: 7, payload: text(count) })
  await old.quiet()
  using subscriber = await broker.client(5, { clientIdentifier: 's', ...stays })
  await drain(subscriber, 0, count)
  assert.equal((await old.next('puback')).packetId, 7)
  const more = await publishUntilRefused(publisher, count + 1)
  assert.ok(more > count + 1, 'there is room for more')
  await drain(subscriber, count + 1, more - 1)
})

test('a foreign file fills the disk: what is acknowledged is there, a restart works, and room is noticed', {
  skip,
}, async () => {
  await using fileSystem = new LoopFileSystem(64)
  let count = 0
  {
    await using broker = await startBroker(fileSystem)
    await leaveSession(broker)
    using publisher = await broker.client(5)
    for (; count < 200; count++) {
      publisher.publish({ topicName: 'a', qos: 1, packetId: 1, payload: text(count) })
      await publisher.next('puback')
    }
    fill(fileSystem)
    const { bavail, bsize } = statfsSync(fileSystem.path)
    assert.ok(bavail * bsize < mebibyte)
    count = await publishUntilRefused(publisher, count)
    using subscriber = await broker.client(5, { clientIdentifier: 's', ...stays })
    await drain(subscriber, 0, 49)
    await broker.lose(subscriber)
  }
  await using broker = await startBroker(fileSystem)
  using publisher = await broker.client(5)
  assert.equal(await publishUntilRefused(publisher, count), count)
  using old = await broker.client(4, { clientIdentifier: 'old', cleanStart: false })
  old.publish({ topicName: 'a', qos: 2, packetId: 7, payload: text(count) })
  await old.quiet()
  using subscriber = await broker.client(5, { clientIdentifier: 's', ...stays })
  await drain(subscriber, 50, 149)
  rmSync(join(fileSystem.path, 'foreign'))
  assert.equal((await old.next('pubrec')).packetId, 7)
  await drain(subscriber, 150, count)
  publisher.publish({ topicName: 'a', qos: 1, packetId: 1, payload: text(count + 1) })
  assert.equal((await publisher.next('puback')).reasonCode, 0)
  await drain(subscriber, count + 1, count + 1)
})
