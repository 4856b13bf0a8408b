/**
 * Every policy for messages that nobody listens for, at every QoS, for both versions, with every kind of subscriber: what the
 * publisher is told, what the message counts as, who gets it at once, and who gets it later.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type MessageFates, noMessages } from '../../src/core/routing/fate.ts'
import type { BrokerOptions } from '../../src/index.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import { staying, type WireClient } from '../support/wire-client.ts'

type Rule = NonNullable<BrokerOptions['topics']>[number]
type Version = 4 | 5
type Qos = 0 | 1 | 2

const rules = {
  accept: { whenNobody: 'accept' },
  report: { whenNobody: 'report' },
  'report without telling': { whenNobody: 'report', tellsPublisher: false },
  'reject and close': { whenNobody: 'reject', rejectReasonCode: 0x90 },
  'reject and count': { whenNobody: 'reject', rejectOlder: 'accept-and-count' },
  hold: { whenNobody: 'hold' },
  'dead-letter': { whenNobody: 'dead-letter', deadLetterTopicName: 'dead' },
} as const satisfies Record<string, Omit<Rule, 'filter'>>
type Policy = keyof typeof rules

/** Whether somebody counts as a listener, and at which QoS a subscriber gets the message at once; null if not at all. */
const subscribers: Readonly<Record<string, { listens: boolean; getsAt: (qos: Qos) => Qos | null }>> = {
  nobody: { listens: false, getsAt: () => null },
  'an observer': { listens: false, getsAt: (qos) => qos },
  'the publisher itself, with No Local': { listens: false, getsAt: () => null },
  'a client whose Session ends with it': { listens: true, getsAt: (qos) => qos },
  'a client whose Session stays': { listens: true, getsAt: (qos) => qos },
  'a client that is away': { listens: true, getsAt: (qos) => (qos === 0 ? null : qos) },
  'a client at QoS 0': { listens: true, getsAt: () => 0 },
}

interface Expected {
  /** Null: the connection is closed, or at QoS 0 nothing is said. */
  readonly reasonCode: number | null
  readonly isClosed: boolean
  readonly fate: string | undefined
  readonly counted: Partial<MessageFates>
  /** Where a listener that comes later finds it. */
  readonly waitsOn: 'a' | 'dead' | null
}

/** The table of docs/operating/when-nobody-listens.md. */
function expected(policy: Policy, qos: Qos, version: Version, listens: boolean): Expected {
  const told = (code: number): number | null => (qos === 0 ? null : version === 4 ? 0 : code)
  const fateTold = (fate: string): string | undefined => (qos > 0 && version === 5 ? fate : undefined)
  const plain = { isClosed: false, fate: undefined, waitsOn: null }
  if (listens) return { ...plain, reasonCode: told(0), counted: { routed: 1 } }
  switch (policy) {
    case 'accept':
    case 'report without telling':
      return { ...plain, reasonCode: told(0), counted: { unmatched: 1 } }
    case 'report':
      return { ...plain, reasonCode: told(0x10), counted: { unmatched: 1 } }
    case 'reject and close': {
      const isClosed = version === 4 && qos > 0
      return { ...plain, reasonCode: isClosed ? null : told(0x90), isClosed, counted: { refused: 1 } }
    }
    case 'reject and count':
      return { ...plain, reasonCode: told(0x83), counted: { refused: 1 } }
    case 'hold':
      return { ...plain, reasonCode: told(0x10), fate: fateTold('held'), counted: { held: 1 }, waitsOn: 'a' }
    case 'dead-letter': {
      const counted = { deadLettered: 1, held: 1 }
      return { ...plain, reasonCode: told(0x10), fate: fateTold('dead-lettered'), counted, waitsOn: 'dead' }
    }
  }
}

async function subscriberFor(broker: TestBroker, name: string, version: Version): Promise<WireClient | null> {
  switch (name) {
    case 'an observer': {
      const client = await broker.client(version)
      await client.subscribe('#')
      return client
    }
    case 'a client whose Session ends with it': {
      const client = await broker.client(version)
      await client.subscribe('a')
      return client
    }
    case 'a client whose Session stays':
    case 'a client that is away':
    case 'a client at QoS 0': {
      const client = await broker.client(version, staying(version, 's'))
      await client.subscribe('a', { qos: name === 'a client at QoS 0' ? 0 : 2 })
      if (name === 'a client that is away') await broker.lose(client)
      return client
    }
    default:
      return null
  }
}

/** What the publisher sees of its one message. */
async function answerTo(client: WireClient, qos: Qos, isClosed: boolean) {
  const text = `${qos}`
  client.publish({ topicName: 'a', payload: Buffer.from(text), qos, packetId: qos === 0 ? 0 : 7 })
  if (isClosed) {
    await client.closed()
    return { reasonCode: null, fate: undefined }
  }
  if (qos === 0) {
    await client.quiet()
    return { reasonCode: null, fate: undefined }
  }
  const { reasonCode, properties } = await client.next(qos === 1 ? 'puback' : 'pubrec')
  const fate = properties.userProperties?.find(([name]) => name === 'pabal-fate')?.[1]
  return { reasonCode, fate }
}

async function expectMessage(client: WireClient, topicName: string, text: string, qos: Qos): Promise<void> {
  const message = await client.message()
  assert.deepEqual([message.topicName, message.text, message.qos], [topicName, text, qos])
}

async function tryCell(policy: Policy, qos: Qos, version: Version, name: string): Promise<void> {
  const topics = [{ filter: 'a', ...rules[policy] }]
  await using broker = await startTestBroker({ store: new MemoryStore(true), topics })
  const { listens, getsAt } = subscribers[name] ?? { listens: false, getsAt: () => null }
  const subscriber = await subscriberFor(broker, name, version)
  using publisher = await broker.client(version)
  if (name.includes('No Local')) await publisher.subscribe('a', { noLocal: true })
  const { reasonCode, isClosed, fate, counted, waitsOn } = expected(policy, qos, version, listens)
  assert.deepEqual(await answerTo(publisher, qos, isClosed), { reasonCode, fate })
  assert.deepEqual(broker.broker.tally.messages, { ...noMessages(), ...counted })
  if (subscriber !== null) {
    const isAway = name === 'a client that is away'
    using reader = isAway ? await broker.client(version, staying(version, 's')) : subscriber
    const isRejected = policy.startsWith('reject') && !listens
    const topicNames = isRejected ? [] : getsAt(qos) === null ? [] : ['a']
    // An observer sees what becomes of it, too.
    if (name === 'an observer' && waitsOn === 'dead') topicNames.push('dead')
    for (const topicName of topicNames) await expectMessage(reader, topicName, `${qos}`, getsAt(qos) ?? 0)
    await reader.quiet()
  }
  using late = await broker.client(version, staying(version, 'late'))
  await late.subscribe(waitsOn ?? 'a')
  if (waitsOn !== null) await expectMessage(late, waitsOn, `${qos}`, qos)
  await late.quiet()
  const { held } = broker.broker.tally.messages
  assert.equal(held, 0)
}

// The names are those of the table.
for (const policy of Object.keys(rules) as Policy[]) {
  describe(policy, () => {
    for (const version of [4, 5] as const) {
      for (const qos of [0, 1, 2] as const) {
        for (const name of Object.keys(subscribers)) {
          if (version === 4 && name.includes('No Local')) continue
          const title = `${policy}, MQTT ${version === 4 ? '3.1.1' : '5.0'}, QoS ${qos}, subscribed: ${name}`
          test(title, () => tryCell(policy, qos, version, name))
        }
      }
    }
  })
}
