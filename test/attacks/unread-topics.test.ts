/**
 * A flood of messages to Topic Names that nobody reads, where they are held: what the broker keeps of it is bounded, one account
 * does not take the room of the others, and whoever can be told is told 0x97.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BrokerProcess } from '../crash/broker-process.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startTestBroker } from '../support/test-broker.ts'
import { openWire } from '../support/wire-client.ts'

const root = temporaryDirectory()

const payload = Buffer.alloc(1000, 'x')
const messages = 60_000
const heldMax = 10_000
/** Over eight such floods it levels out at 270 MB, most of it room the garbage collector has taken; what is held is 14 MB. */
const grownKibMax = 400 * 1024

/** Publishes to as many Topic Names, 200 at a time; how often each Reason Code came back. */
async function flood(port: number, qos: 1 | 2): Promise<Map<number, number>> {
  using client = await openWire(`tcp://127.0.0.1:${port}`, 5)
  await client.connect()
  const codes = new Map<number, number>()
  let sent = 0
  let answered = 0
  while (answered < messages) {
    while (sent < messages && sent - answered < 200) {
      sent += 1
      client.publish({ topicName: `flood/${qos}/${sent}`, payload, qos, packetId: (sent % 60_000) + 1 })
    }
    const packet = await client.nextOf('puback', 'pubrec', 'pubcomp')
    if (packet.type === 'pubcomp') {
      answered += 1
      continue
    }
    if (packet.type !== 'puback' && packet.type !== 'pubrec') continue
    codes.set(packet.reasonCode, (codes.get(packet.reasonCode) ?? 0) + 1)
    if (packet.type === 'pubrec' && packet.reasonCode < 0x80) client.acknowledge('pubrel', packet.packetId)
    else answered += 1
  }
  return codes
}

function residentKib(processId: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${processId}/status`, 'utf8'))?.[1])
}

test(`held and dead letters (ours): a flood to ${messages} Topic Names nobody reads is held up to the bound, refused with 0x97 beyond it, and costs bounded memory`, async () => {
  const config = join(root, 'pabal.yaml')
  const limits = `limits:\n  heldMessagesMax: ${heldMax}\n  heldMessagesPerAccountMax: ${heldMax}\n`
  writeFileSync(config, `topics:\n  - filter: '#'\n    whenNobody: hold\n${limits}`)
  const broker = new BrokerProcess(['--config', config, '--data', join(root, 'data')])
  try {
    const port = (await broker.ready()) ?? 0
    const before = residentKib(broker.processId)
    assert.deepEqual(
      await flood(port, 1),
      new Map([
        [0x10, heldMax],
        [0x97, messages - heldMax],
      ]),
    )
    assert.deepEqual(await flood(port, 2), new Map([[0x97, messages]]))
    const grown = residentKib(broker.processId) - before
    assert.ok(grown < grownKibMax, `${grown} KiB more`)
    // Somebody else is served as ever.
    using subscriber = await openWire(`tcp://127.0.0.1:${port}`, 5)
    await subscriber.connect()
    await subscriber.subscribe('news')
    subscriber.publish({ topicName: 'news', payload, qos: 0 })
    assert.equal((await subscriber.message()).topicName, 'news')
  } finally {
    await broker.end('SIGKILL')
  }
})

test('held and dead letters (ours): an account that has filled its share leaves room for the others, and QoS 0 beyond it is dropped and counted', async () => {
  const topics = [{ filter: '#', whenNobody: 'hold' }] as const
  const limits = { heldMessagesPerAccountMax: 5, heldMessagesMax: 8 }
  await using running = await startTestBroker({ topics, limits, authenticate: () => true })
  const answers = async (userName: string, count: number): Promise<number[]> => {
    using client = await running.client(5, { userName })
    const codes: number[] = []
    for (let packetId = 1; packetId <= count; packetId++) {
      client.publish({ topicName: `${userName}/${packetId}`, qos: 1, packetId })
      codes.push((await client.next('puback')).reasonCode)
    }
    client.publish({ topicName: `${userName}/0`, qos: 0 })
    await client.quiet()
    return codes
  }
  assert.deepEqual(await answers('mallory', 7), [0x10, 0x10, 0x10, 0x10, 0x10, 0x97, 0x97])
  assert.deepEqual(await answers('alice', 2), [0x10, 0x10])
  const { held, refused, droppedHoldFull } = running.broker.tally.messages
  assert.deepEqual([held, refused, droppedHoldFull], [8, 2, 1])
})
