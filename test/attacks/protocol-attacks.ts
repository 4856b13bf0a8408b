/**
 * Attacks by clients that are in and break, or stretch, what the protocol allows.
 */
import assert from 'node:assert/strict'
import type { SubscriptionRequest } from '../../src/protocol/index.ts'
import { staying, type WireClient } from '../support/wire-client.ts'
import { type Attack, inRounds, type Target } from './attack.ts'

const deepTopicName = '/'.repeat(32_767)
const payload = Buffer.alloc(1000, 'x')

function requests(filters: readonly string[]): SubscriptionRequest[] {
  return filters.map((topicFilter) => ({
    topicFilter,
    qos: 1,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
  }))
}

/** The Reason Codes of SUBACK. */
async function subscribeAll(client: WireClient, filters: readonly string[]): Promise<readonly number[]> {
  client.send({ type: 'subscribe', packetId: 9, subscriptions: requests(filters), properties: {} })
  return (await client.next('suback')).reasonCodes
}

/** The Reason Code of the DISCONNECT that ends it. */
async function endOf(client: WireClient): Promise<number> {
  const last = (await client.untilClosed()).at(-1)
  assert.ok(last?.type === 'disconnect', `it ended with ${last?.type}`)
  return last.reasonCode
}

const deepTopics: Attack = {
  source: 'RabbitMQ CVE-2021-22116; EMQX CVE-2021-33175; VerneMQ CVE-2021-33176; mosquitto CVE-2019-11779',
  what: '32,767 levels in PUBLISH, SUBSCRIBE and Will',
  async run(target) {
    const publisher = await target.client('publisher')
    publisher.publish({ topicName: deepTopicName, qos: 1, packetId: 1 })
    assert.equal(await endOf(publisher), 0x90)
    const subscriber = await target.client('subscriber')
    assert.deepEqual(await subscribeAll(subscriber, [deepTopicName]), [0x8f])
    const dying = await target.open(5)
    const will = { topicName: deepTopicName, payload, qos: 0, retain: false, properties: {} } as const
    assert.equal((await dying.connect({ will })).reasonCode, 0x90)
    return '0x90, 0x8F, 0x90'
  },
}

const deepTopicsAllowed: Attack = {
  source: 'the same, where the operator allows so many levels',
  what: 'thousands of Subscriptions with 32,767 levels, none like another',
  flags: ['--limit', 'topicLevelsMax=65535', '--limit', 'topicBytesMax=65535'],
  async run(target, strength) {
    const client = await target.client('deep')
    const count = Math.ceil(2000 * strength)
    let granted = 0
    for (let number = 0; number < count; number++) {
      const [code] = await subscribeAll(client, [`${number}${deepTopicName}`])
      if (code === 0x97) break
      assert.equal(code, 1)
      granted += 1
    }
    await client.leave()
    return granted < count ? `0x97 after ${granted}` : `${granted} granted`
  },
}

const openIdentifiers: Attack = {
  source: 'mosquitto CVE-2023-28366; EMQX #6981',
  what: 'QoS 2 messages whose Packet Identifiers are never released',
  async run(target, strength) {
    const count = Math.ceil(200 * strength)
    const codes = await inRounds(count, 20, async (number) => {
      const client = await target.client(`c${number}`)
      for (let packetId = 1; packetId <= 257; packetId++) client.publish({ topicName: 'a', payload, qos: 2, packetId })
      return endOf(client)
    })
    assert.deepEqual(new Set(codes), new Set([0x93]))
    return `0x93 at the 257th, ${count} times`
  },
}

const openAndTakenOver: Attack = {
  source: 'mosquitto 1.6.12; the same, by who is taken over',
  what: '65,535 Packet Identifiers of QoS 2 are opened, and the client is taken over: again and again',
  flags: ['--limit', 'receiveMaximum=65535'],
  async run(target, strength) {
    const rounds = 10
    const count = Math.ceil(65_535 * strength)
    const openAll = async (client: WireClient): Promise<void> => {
      for (let packetId = 1; packetId <= count; packetId++) client.publish({ topicName: 'a', qos: 2, packetId })
      for (let packetId = 1; packetId <= count; packetId++) {
        assert.equal((await client.next('pubrec')).packetId, packetId)
      }
    }
    let before: WireClient | null = null
    for (let round = 0; round < rounds; round++) {
      const client = await target.client('open')
      if (before !== null) assert.equal(await endOf(before), 0x8e)
      await openAll(client)
      before = client
    }
    // Whoever stays is owed PUBCOMP for all of them, on whichever connection, and may open them again.
    const first = await target.open(5)
    await first.connect(staying(5, 'stays'))
    await openAll(first)
    const second = await target.open(5)
    assert.equal((await second.connect(staying(5, 'stays'))).sessionPresent, true)
    for (let packetId = 1; packetId <= count; packetId++) second.acknowledge('pubrel', packetId)
    for (let packetId = 1; packetId <= count; packetId++) {
      assert.equal((await second.next('pubcomp')).reasonCode, 0)
    }
    await openAll(second)
    return `free after each of ${rounds} times; those of a Session that stays are released on the next connection`
  },
}

const manyProperties: Attack = {
  source: 'mosquitto 2.0.12, 2.0.21',
  what: '10,000 User Properties; properties of a megabyte',
  async run(target, strength) {
    const count = Math.ceil(500 * strength)
    const many = Array.from({ length: 10_000 }, (): [string, string] => ['a', 'b'])
    const long = Array.from({ length: 15 }, (): [string, string] => ['a', 'b'.repeat(65_000)])
    const codes = await inRounds(count, 20, async (number) => {
      const client = await target.client(`c${number}`)
      client.publish({ topicName: 'a', properties: { userProperties: number % 2 === 0 ? many : long } })
      return endOf(client)
    })
    assert.deepEqual(new Set(codes), new Set([0x95]))
    return `0x95, ${count} times`
  },
}

const manyFilters: Attack = {
  source: 'mosquitto 2.0.12',
  what: 'SUBSCRIBE with 10,000 Topic Filters, from many clients',
  async run(target, strength) {
    const filters = Array.from({ length: 10_000 }, (_, number) => `${number}/+/x`)
    const watcher = await target.client('watcher')
    let worstMs = 0
    let refused = 0
    const count = Math.ceil(40 * strength)
    for (let number = 0; number < count; number++) {
      const client = await target.client(`s${number}`)
      const answered = subscribeAll(client, filters)
      const beganMs = performance.now()
      watcher.send({ type: 'pingreq' })
      await watcher.next('pingresp')
      worstMs = Math.max(worstMs, performance.now() - beganMs)
      if ((await answered).includes(0x97)) refused += 1
      await client.leave()
    }
    return `${count} times, ${refused} refused; PINGRESP to another client within ${Math.ceil(worstMs)} ms`
  },
}

const topicAliases: Attack = {
  source: 'topic aliases',
  what: 'alias 0, above the Maximum, 65,535 of them for Topic Names of 64 KB',
  flags: ['--limit', 'topicAliasMaximum=65535', '--limit', 'topicBytesMax=65535', '--limit', 'topicLevelsMax=65535'],
  async run(target, strength) {
    const zero = await target.client('zero')
    zero.sendBytes('30 08 0001 61 03 230000 78')
    assert.equal(await endOf(zero), 0x94)
    const count = Math.ceil(200 * strength)
    const codes = await inRounds(count, 10, async (number) => {
      const client = await target.client(`c${number}`)
      for (let alias = 1; alias <= 3; alias++) {
        client.publish({ topicName: `${alias}`.padEnd(60_000, 'x'), properties: { topicAlias: alias } })
      }
      return endOf(client)
    })
    assert.deepEqual(new Set(codes), new Set([0x97]))
    return `0x94; 0x97 above topicAliasBytesMax, ${count} times`
  },
}

const sharedIdentifiers: Attack = {
  source: 'NanoMQ CVE-2026-22040; CVE-2025-59946; EMQX CVE-2026-8741',
  what: '50 clients share 5 Client Identifiers and come, subscribe, publish and go',
  async run(target, strength) {
    const untilMs = performance.now() + 30_000 * strength
    const turns = await Promise.all(Array.from({ length: 50 }, (_, number) => quarrel(target, number, untilMs)))
    return `${turns.reduce((sum, each) => sum + each, 0)} connections, all answered`
  },
}

/** Connects again and again under a Client Identifier that others use, too. */
async function quarrel(target: Target, number: number, untilMs: number): Promise<number> {
  let connections = 0
  while (performance.now() < untilMs) {
    using client = await target.open(number % 3 === 0 ? 4 : 5)
    client.sendConnect({ clientIdentifier: `shared${number % 5}`, cleanStart: (number + connections) % 4 === 0 })
    connections += 1
    if ((await client.nextOrClosed('connack')) === null) continue
    client.send({ type: 'subscribe', packetId: 3, subscriptions: requests([`quarrel/${number % 7}`]), properties: {} })
    client.publish({ topicName: `quarrel/${connections % 7}`, payload, qos: 1, packetId: 1 })
    client.publish({ topicName: `quarrel/${connections % 7}`, payload, qos: 2, packetId: 2 })
    if (connections % 2 === 0) client.send({ type: 'disconnect', reasonCode: 0, properties: {} })
  }
  return connections
}

export const protocolAttacks: readonly Attack[] = [
  deepTopics,
  deepTopicsAllowed,
  openIdentifiers,
  openAndTakenOver,
  manyProperties,
  manyFilters,
  topicAliases,
  sharedIdentifiers,
]
