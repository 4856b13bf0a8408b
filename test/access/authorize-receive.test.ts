/**
 * The callback that is asked who may receive what, on a running broker: when it is asked, and what its answer does.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessRules, type BrokerOptions } from '../../src/index.ts'
import type { ReceiveRequest } from '../../src/server/authentication/authentication.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import { staying } from '../support/wire-client.ts'

const noMatchingSubscribers = 0x10

const authenticate = () => true

/** Keeps back what stands in `kept`, for example `bob plant/secret`, and notes what it is asked. */
class Judge {
  readonly kept: Set<string>
  readonly asked: string[] = []

  constructor(...kept: string[]) {
    this.kept = new Set(kept)
  }

  readonly authorizeReceive = ({ account, topic }: ReceiveRequest): boolean => {
    this.asked.push(`${account} ${topic}`)
    return !this.kept.has(`${account} ${topic}`)
  }

  options(more: BrokerOptions = {}): BrokerOptions {
    const { authorizeReceive } = this
    return { listen: ['tcp://127.0.0.1:0'], authenticate, authorizeReceive, ...more }
  }
}

async function published({ broker }: TestBroker, ...topicNames: string[]): Promise<number[]> {
  const codes: number[] = []
  for (const topicName of topicNames) codes.push((await broker.publish({ topicName, payload: topicName })).reasonCode)
  return codes
}

test('what it keeps back is not delivered, live or retained, and nobody listened for it', async () => {
  const judge = new Judge('ann plant/secret', 'bob plant/1')
  await using running = await startTestBroker(judge.options())
  await running.broker.publish({ topicName: 'plant/secret', payload: 'kept', retain: true })
  const ann = await running.client(5, { userName: 'ann', clientIdentifier: 'a' })
  await ann.subscribe('plant/+', { qos: 1 })
  await ann.quiet()
  const codes = await published(running, 'plant/secret', 'plant/1')
  assert.deepEqual(codes, [noMatchingSubscribers, 0])
  assert.equal((await ann.message()).topicName, 'plant/1')
  const bob = await running.client(5, { userName: 'bob', clientIdentifier: 'b' })
  const eve = await running.client(5, { userName: 'eve', clientIdentifier: 'e' })
  for (const member of [bob, eve]) await member.subscribe('$share/g/plant/1', { qos: 0 })
  await published(running, 'plant/1', 'plant/1')
  for (const turn of [1, 2]) assert.equal((await eve.message()).topicName, 'plant/1', `turn ${turn} of the group`)
  await bob.quiet()
})

test('it is asked once for a Session and a Topic Name, and again when its client logs in, at a reload and when told to', async () => {
  const judge = new Judge()
  await using running = await startTestBroker(judge.options())
  const connect = () => running.client(5, { ...staying(5, 'a'), userName: 'ann' })
  const ann = await connect()
  await ann.subscribe('plant/+', { qos: 0 })
  const askedNow = async (): Promise<string[]> => {
    judge.asked.length = 0
    await published(running, 'plant/1', 'plant/1', 'plant/1')
    return [...judge.asked]
  }
  assert.deepEqual([await askedNow(), await askedNow()], [['ann plant/1'], []])
  running.broker.askAgain()
  assert.deepEqual([await askedNow(), await askedNow()], [['ann plant/1'], []])
  await running.lose(ann)
  await connect()
  assert.deepEqual([await askedNow(), await askedNow()], [['ann plant/1'], []])
  const { authorizeReceive } = new Judge('ann plant/1')
  assert.deepEqual((await running.broker.reload(judge.options({ authorizeReceive }))).applied, ['authorizeReceive'])
  assert.deepEqual(await published(running, 'plant/1'), [noMatchingSubscribers])
  assert.deepEqual((await running.broker.reload(judge.options())).applied, ['authorizeReceive'])
  assert.deepEqual(await askedNow(), ['ann plant/1'])
})

test('a right that is taken back stops what waits as well, and one that is given releases what is held', async () => {
  const judge = new Judge('ann held')
  const topics = [{ filter: 'held', whenNobody: 'hold' }] as const
  await using running = await startTestBroker(judge.options({ topics }))
  const ann = await running.client(5, { ...staying(5, 'a'), userName: 'ann' })
  for (const topic of ['a', 'b', 'held']) await ann.subscribe(topic, { qos: 1 })
  await published(running, 'held')
  assert.equal(running.broker.tally.messages.held, 1)
  await running.lose(ann)
  assert.deepEqual(await published(running, 'a', 'b'), [0, 0])
  judge.kept.add('ann a')
  judge.kept.delete('ann held')
  const again = await running.client(5, { ...staying(5, 'a'), userName: 'ann' })
  assert.equal((await again.message()).topicName, 'b')
  assert.equal(running.broker.tally.copies.accessRevoked, 1)
  running.broker.askAgain()
  assert.equal((await again.message()).topicName, 'held')
})

test('it is not asked about what the rules deny, nor about what the broker says, nor for code in this process', async () => {
  const judge = new Judge()
  const rules = [
    { allow: ['publish', 'subscribe', 'observe'], topics: ['#'] },
    { deny: ['receive'], topics: ['no'] },
  ] as const
  await using running = await startTestBroker(judge.options({ access: accessRules({ rules }) }))
  await running.broker.subscribe('#', {}, () => {})
  const ann = await running.client(5, { userName: 'ann', clientIdentifier: 'a' })
  for (const topic of ['no', 'yes', '$pabal/events/#']) await ann.subscribe(topic, { qos: 0 })
  await running.client(5, { userName: 'bob' })
  await published(running, 'no', 'yes')
  assert.deepEqual(judge.asked, ['ann yes'])
  const [listener, other] = await running.broker.subscribers('no')
  assert.deepEqual([listener?.acl, other?.acl].map((acl) => acl?.allowed).sort(), [false, true])
})

test('whatever is no answer keeps the message back, and is a fault; so is using the broker while it is asked', async () => {
  const given: Record<string, () => unknown> = {
    throws: () => {
      throw new Error('down')
    },
    later: async () => true,
    fails: async () => Promise.reject(new Error('down')),
    nothing: () => undefined,
    text: () => 'yes',
    yes: () => true,
  }
  let use: () => unknown = () => undefined
  const authorizeReceive = ({ topic }: ReceiveRequest) => (given[topic] ?? use)() as boolean
  await using running = await startTestBroker({ listen: ['tcp://127.0.0.1:0'], authorizeReceive })
  const faults: string[] = []
  running.broker.on('fault', (error) => faults.push(String(error)))
  const client = await running.client(5)
  await client.subscribe('+', { qos: 0 })
  const names = Object.keys(given)
  const codes = await published(running, ...names)
  assert.deepEqual(
    codes,
    names.map((name) => (name === 'yes' ? 0 : noMatchingSubscribers)),
  )
  assert.equal((await client.message()).topicName, 'yes')
  assert.equal(faults.length, names.length - 1)
  let used: Promise<unknown> = Promise.resolve()
  use = () => {
    used = running.broker.publish({ topicName: 'yes', payload: 'x' })
    used.catch(() => {})
    return true
  }
  await published(running, 'reentrant')
  await assert.rejects(used, /authorizeReceive must not use the broker; do it later, with setImmediate/)
  assert.deepEqual(await published(running, 'yes'), [0])
})
