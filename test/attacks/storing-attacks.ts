/**
 * Attacks that make the broker keep something: for readers that do not read, for clients that are away, for Topic Names nobody reads.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectPacket, field, packet } from '../support/packet-hex.ts'
import { staying, type WireClient } from '../support/wire-client.ts'
import { type Attack, inRounds, type Target } from './attack.ts'

const payload = Buffer.alloc(1000, 'x')
const windowSize = 200

/** Publishes `count` messages at QoS 1, so many unanswered at a time; the Reason Codes, and which were taken in. */
async function publishAll(client: WireClient, count: number, topicNameOf: (number: number) => string, retain = false) {
  const codes = new Map<number, number>()
  const takenIn: number[] = []
  let sent = 0
  let answered = 0
  while (answered < count) {
    while (sent < count && sent - answered < windowSize) {
      const text = `${sent} `.padEnd(payload.length, 'x')
      client.publish({
        topicName: topicNameOf(sent),
        payload: Buffer.from(text),
        qos: 1,
        retain,
        packetId: (sent % 60_000) + 1,
      })
      sent += 1
    }
    const { reasonCode } = await client.next('puback')
    if (reasonCode < 0x80) takenIn.push(answered)
    codes.set(reasonCode, (codes.get(reasonCode) ?? 0) + 1)
    answered += 1
  }
  return { takenIn, refused: codes.get(0x97) ?? 0, codes }
}

/** The worst of what another client waits for PINGRESP while `work` goes on. */
async function withPings<Result>(watcher: WireClient, work: Promise<Result>): Promise<[Result, number]> {
  let worstMs = 0
  let isOver = false
  const pinging = (async () => {
    while (!isOver) {
      const beganMs = performance.now()
      watcher.send({ type: 'pingreq' })
      await watcher.next('pingresp')
      worstMs = Math.max(worstMs, performance.now() - beganMs)
      await sleep(5)
    }
  })()
  const result = await work
  isOver = true
  await pinging
  return [result, Math.ceil(worstMs)]
}

/** So many sockets that subscribe to a Topic Name and are read by nobody. */
async function readersOf(target: Target, topicName: string, count: number): Promise<Socket[]> {
  return inRounds(count, 50, async (number) => {
    const socket = await target.socket()
    socket.write(Buffer.from(connectPacket(5, 2, field(`stuck${number}`)), 'hex'))
    socket.write(Buffer.from(packet('82', '0001', '00', field(topicName), '00'), 'hex'))
    await once(socket, 'readable')
    return socket
  })
}

const stuckReaders: Attack = {
  source: 'aedes, notes on drainTimeout',
  what: '100 readers stop reading a flood',
  async run(target, strength) {
    const sockets = await readersOf(target, 'flood', Math.ceil(100 * strength))
    const [publisher, watcher] = [await target.client('publisher'), await target.client('watcher')]
    await sleep(200)
    const [{ refused, takenIn }, worstMs] = await withPings(
      watcher,
      publishAll(publisher, 20_000, () => 'flood'),
    )
    assert.equal(sockets.filter((socket) => socket.destroyed).length, 0)
    return `${takenIn.length} taken in, ${refused} refused with 0x97; PINGRESP to another client within ${worstMs} ms`
  },
}

/** Publishes a message to `flood` every 10 ms; how long another client's message takes that follows it, there and back, each time. */
async function echoes(publisher: WireClient, other: WireClient, count: number): Promise<number[]> {
  const tookMs: number[] = []
  for (let number = 0; number < count; number++) {
    publisher.publish({ topicName: 'flood', payload, qos: 0 })
    const beganMs = performance.now()
    other.publish({ topicName: 'echo', payload, qos: 0 })
    await other.next('publish')
    tookMs.push(performance.now() - beganMs)
    await sleep(10)
  }
  return tookMs
}

function percentile99(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length * 0.99)] ?? 0
}

const stuckBesideOthers: Attack = {
  source: 'aedes, notes on drainTimeout',
  what: '100 readers read, stop reading until what is kept for them has reached its limit, and so on, beside another client',
  flags: ['--limit', 'unsentBytesMax=1MiB'],
  async run(target, strength) {
    const sockets = await readersOf(target, 'flood', Math.ceil(100 * strength))
    const [publisher, other] = [await target.client('publisher'), await target.client('other')]
    await other.subscribe('echo', { qos: 0 })
    const samples = Math.ceil(400 * strength)
    const tookMs = { reading: [] as number[], stuck: [] as number[] }
    // In turn, so that whatever else the machine does is in both.
    for (let round = 0; round < 3; round++) {
      for (const socket of sockets) socket.resume()
      await other.quiet()
      tookMs.reading.push(...(await echoes(publisher, other, samples)))
      for (const socket of sockets) socket.pause()
      const large = Buffer.alloc(100_000, 'x')
      // More than the kernel keeps for a connection, and the limit.
      for (let packetId = 1; packetId <= 100; packetId++) {
        publisher.publish({ topicName: 'flood', payload: large, qos: 1, packetId })
        assert.ok((await publisher.next('puback')).reasonCode < 0x80)
      }
      tookMs.stuck.push(...(await echoes(publisher, other, samples)))
    }
    assert.match(target.said(), /"event":"copyDropped".*"stuck\d+"/, 'they were stuck')
    assert.equal(sockets.filter((socket) => socket.destroyed).length, 0)
    const [reading, stuck] = [percentile99(tookMs.reading), percentile99(tookMs.stuck)]
    const text = `99% of another client's messages took ${stuck.toFixed(1)} ms at most, and ${reading.toFixed(1)} ms while all read`
    // With a tenth of the samples, beside a test run, it would be chance.
    if (strength === 1) assert.ok(stuck < 2 * reading, text)
    return text
  },
}

const awayForEver: Attack = {
  source: 'ours: queues of clients that are away',
  what: 'messages for Sessions that nobody comes back to, kept in memory',
  flags: ['--durability', 'memory'],
  async run(target, strength) {
    const sessions = Math.ceil(16 * strength) + 8
    await inRounds(sessions, 10, async (number) => {
      const client = await target.open(5)
      await client.connect(staying(5, `away${number}`))
      await client.subscribe(`away/${number}`, { qos: 1 })
      await client.leave()
    })
    const publisher = await target.client('publisher')
    const { takenIn, refused } = await publishAll(
      publisher,
      320_000 + Math.ceil(160_000 * strength),
      (number) => `away/${number % sessions}`,
    )
    assert.ok(refused > 0, 'there was room for all of them')
    assert.match(target.said(), /"event":"memoryIsShort".*limits\.memoryBytesMax/)
    for (let number = 0; number < sessions; number++) await fetchAll(await target.open(5), number, sessions, takenIn)
    return `${takenIn.length} taken in, ${refused} refused with 0x97; every one taken in was fetched afterwards`
  },
}

/** A client that comes back gets what was taken in for it: all of it, in order. */
async function fetchAll(
  client: WireClient,
  number: number,
  sessions: number,
  takenIn: readonly number[],
): Promise<void> {
  const { sessionPresent } = await client.connect(staying(5, `away${number}`))
  assert.equal(sessionPresent, true)
  for (const expected of takenIn) {
    if (expected % sessions !== number) continue
    const message = await client.message()
    assert.equal(Number.parseInt(message.text, 10), expected)
    client.acknowledge('puback', message.packetId)
  }
  await client.quiet()
  await client.leave(0, { sessionExpiryInterval: 0 })
}

const retainedFlood: Attack = {
  source: 'FlashMQ 1.9; CVE-2026-42209',
  what: 'Retained Messages on Topic Names without end, and subscribing to all of them',
  flags: ['--limit', 'retainedMessagesMax=30000', '--limit', 'retainedBytesMax=20MiB'],
  async run(target, strength) {
    const count = Math.ceil(75_000 * strength) + 25_000
    const [publisher, watcher] = [await target.client('publisher'), await target.client('watcher')]
    const { takenIn, refused } = await publishAll(publisher, count, (number) => `retained/${number}`, true)
    assert.ok(refused > 0 && takenIn.length <= 30_000)
    const reader = await target.client('reader')
    const reading = async (): Promise<void> => {
      await reader.subscribe('#', { qos: 0 })
      for (let number = 0; number < takenIn.length; number++) await reader.message()
    }
    const [, worstMs] = await withPings(watcher, reading())
    const text = `${takenIn.length} kept, ${refused} refused with 0x97`
    return `${text}; while all were read PINGRESP to another client within ${worstMs} ms`
  },
}

const unreadTopics: Attack = {
  source: 'ours: held messages and dead letters',
  what: 'messages to Topic Names nobody reads, where they are held',
  config: "topics:\n  - filter: 'unread/#'\n    whenNobody: hold\nlimits:\n  heldMessagesPerAccountMax: 10000\n",
  async run(target, strength) {
    const publisher = await target.client('publisher')
    const count = Math.ceil(100_000 * strength) + 10_000
    const { codes } = await publishAll(publisher, count, (number) => `unread/${number}`)
    assert.deepEqual(
      codes,
      new Map([
        [0x10, 10_000],
        [0x97, count - 10_000],
      ]),
    )
    return `10000 held (pabal-fate: held), ${count - 10_000} refused with 0x97`
  },
}

export const storingAttacks: readonly Attack[] = [
  stuckReaders,
  stuckBesideOthers,
  awayForEver,
  retainedFlood,
  unreadTopics,
]
