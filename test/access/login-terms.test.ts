/**
 * What a client logs in with beside its account, on a running broker: groups for access rules, and until when it holds.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AccessRuleOptions, accessRules, type BrokerOptions } from '../../src/index.ts'
import { patient, startTestBroker, type TestBroker } from '../support/test-broker.ts'
import { type ConnectFields, staying, type WireClient } from '../support/wire-client.ts'
import { as, grouped, groups, renewable } from './grouped.ts'

async function publish(client: WireClient, topicName: string): Promise<number> {
  client.publish({ topicName, payload: Buffer.from(topicName), qos: 1, packetId: 1 })
  return (await client.next('puback')).reasonCode
}

const denied = 0x87

test('rules for a group hold for whoever came with it; a group with accounts is these, whatever anybody comes with', async () => {
  const rules: AccessRuleOptions[] = [
    { allow: ['publish', 'subscribe'], topics: ['a/#'], groups: ['ops'] },
    { deny: ['publish'], topics: ['a/1'], groups: ['guest'] },
    { allow: ['publish'], topics: ['b'], groups: ['listed'] },
  ]
  await using running = await startTestBroker(grouped(rules))
  const ann = await running.client(5, as('ann', 'ops'))
  assert.equal(await ann.subscribe('a/#', { qos: 0 }), 0)
  assert.equal(await publish(await running.client(5, as('bob', 'ops,guest')), 'a/2'), 0)
  assert.equal((await ann.message()).topicName, 'a/2')
  const codes: number[] = []
  for (const [userName, ofGroups, topicName] of [
    ['bob', 'ops,guest', 'a/1'],
    ['bob', '', 'a/2'],
    ['bob', 'listed', 'b'],
    ['carol', '', 'b'],
  ] as const) {
    codes.push(await publish(await running.client(5, as(userName, ofGroups)), topicName))
  }
  assert.deepEqual(codes, [denied, denied, denied, 0x10])
  const will = { topicName: 'a/will', payload: Buffer.from('gone'), qos: 0, retain: false, properties: {} } as const
  for (const [ofGroups, reasonCode] of [
    ['', denied],
    ['ops', 0],
  ] as const) {
    const dying = await running.open(5)
    assert.equal((await dying.connect(as('dan', ofGroups, { will }))).reasonCode, reasonCode)
    if (reasonCode === 0) await running.lose(dying)
  }
  assert.equal((await ann.message()).text, 'gone')
})

test('who comes back with other groups has their rights at once, for what waits, for events and for the next message', async () => {
  const rules: AccessRuleOptions[] = [
    { allow: ['publish'], topics: ['#'] },
    { allow: ['subscribe', 'observe'], topics: ['#'], groups: ['ops'] },
  ]
  await using running = await startTestBroker(grouped(rules))
  const fields = staying(5, 'ann')
  const ann = await running.client(5, as('ann', 'ops', fields))
  await ann.subscribe('a', { qos: 1 })
  assert.equal(await ann.subscribe('$pabal/events/#', { qos: 0 }), 0)
  await running.lose(ann)
  await running.broker.publish({ topicName: 'a', payload: 'waits' })
  const less = await running.client(5, as('ann', '', fields))
  await less.quiet()
  assert.equal(running.broker.tally.copies.accessRevoked, 1)
  assert.equal((await running.broker.publish({ topicName: 'a', payload: 'not hers' })).matched, 0)
  await running.lose(less)
  const more = await running.client(5, as('ann', 'ops', fields))
  assert.equal((await running.broker.publish({ topicName: 'a', payload: 'hers' })).matched, 1)
  assert.equal((await more.message()).text, 'hers')
  await running.lose(await running.client(5, as('eve', '')))
  await more.quiet()
})

/** The User Name says how many seconds it may stay. */
const timed: BrokerOptions = { listen: ['tcp://127.0.0.1:0'] }

function startTimed(): Promise<TestBroker> {
  return startTestBroker({
    ...timed,
    ...patient,
    authenticate: ({ userName }) => ({
      type: 'accepted',
      account: 'ann',
      expiresAtMs: Date.now() + Number(userName) * 1000,
    }),
  })
}

for (const version of [4, 5] as const) {
  test(`a connection ends when what it logged in with is over, in ${version}, and its Session stays`, async () => {
    await using running = await startTimed()
    const will = { topicName: 'will', payload: Buffer.from('gone'), qos: 0, retain: false, properties: {} } as const
    const fields = { ...staying(version, 'c'), userName: '60' }
    const client = await running.client(version, { ...fields, will })
    using watcher = await running.client(5, { userName: '600' })
    await watcher.subscribe('will', { qos: 0 })
    running.advanceBy(50)
    await client.quiet()
    const ended: unknown[] = []
    running.broker.on('disconnected', ({ reasonCode, reason }) => ended.push([reasonCode, reason]))
    running.advanceBy(10)
    if (version === 5) await client.refused(0xa0)
    await client.closed()
    assert.deepEqual(ended, [[0xa0, 'what the client logged in with is over; log in anew']])
    assert.equal((await watcher.message()).text, 'gone')
    using again = await running.open(version)
    assert.equal((await again.connect({ ...fields, userName: '600' })).sessionPresent, true)
  })
}

test('what is over already lets nobody in, and a time without end is none', async () => {
  await using running = await startTimed()
  assert.equal((await (await running.open(5)).connect({ userName: '-1' })).reasonCode, denied)
  const client = await running.client(5, { userName: 'Infinity' })
  running.advanceBy(400 * 24 * 3600)
  await client.quiet()
})

test('what a callback says that is no list of names, or no time, refuses and is a fault', async () => {
  const terms = [
    { groups: 'ops' },
    { groups: [''] },
    { groups: [7] },
    { groups: null },
    { expiresAtMs: 'later' },
    { expiresAtMs: Number.NaN },
  ]
  await using running = await startTestBroker({
    listen: ['tcp://127.0.0.1:0'],
    // What a callback in JavaScript may say.
    authenticate: ({ userName }) => ({ type: 'accepted', ...terms[Number(userName)] }) as never,
  })
  const faults: unknown[] = []
  running.broker.on('fault', (error) => faults.push(error))
  for (const index of terms.keys()) {
    assert.equal((await (await running.open(5)).connect({ userName: `${index}` })).reasonCode, denied)
  }
  assert.equal(faults.length, terms.length)
})

test('a client that authenticates anew goes on for as long as that says, with the groups it says', async () => {
  const rules: AccessRuleOptions[] = [
    { allow: ['subscribe'], topics: ['#'] },
    { allow: ['publish', 'receive'], topics: ['a'], groups: ['ops'] },
  ]
  await using running = await startTestBroker({
    listen: ['tcp://127.0.0.1:0'],
    authenticationMethods: [renewable],
    access: accessRules({ rules: [...rules, { deny: ['receive'], topics: ['a'], groups: ['guest'] }], groups }),
  })
  const properties = (word: string) => ({ authenticationMethod: 'renew', authenticationData: Buffer.from(word) })
  const client = await running.client(5, { clientIdentifier: 'c', properties: properties('60 guest') })
  await client.subscribe('a', { qos: 0 })
  assert.equal(await publish(client, 'a'), denied)
  running.advanceBy(50)
  client.send({ type: 'auth', reasonCode: 0x19, properties: properties('200 ops') })
  assert.equal((await client.next('auth')).reasonCode, 0)
  client.publish({ topicName: 'a', payload: Buffer.from('x'), qos: 1, packetId: 2 })
  const packets = [await client.nextOf('puback', 'publish'), await client.nextOf('puback', 'publish')]
  assert.deepEqual(packets.map(({ type }) => type).sort(), ['puback', 'publish'])
  running.advanceBy(100)
  await client.quiet()
  client.send({ type: 'auth', reasonCode: 0x19, properties: properties('160') })
  assert.equal((await client.next('auth')).reasonCode, 0)
  running.advanceBy(10)
  await client.refused(0xa0)
})

test('a callback is asked again about a client that authenticates anew with other groups, also about what it has answered', async () => {
  const asked: string[] = []
  await using running = await startTestBroker({
    listen: ['tcp://127.0.0.1:0'],
    authenticationMethods: [renewable],
    authorize: ({ groups: ofGroups, topic }) => asked.push(`${topic} ${ofGroups}`) > 0 && ofGroups.includes('ops'),
  })
  const properties = (word: string) => ({ authenticationMethod: 'renew', authenticationData: Buffer.from(word) })
  const client = await running.client(5, { clientIdentifier: 'c', properties: properties('60 ops') })
  assert.deepEqual([await publish(client, 'a'), await publish(client, 'a')], [0x10, 0x10])
  for (const [word, code] of [
    ['60', denied],
    ['60 ops', 0x10],
  ] as const) {
    client.send({ type: 'auth', reasonCode: 0x19, properties: properties(word) })
    assert.equal((await client.next('auth')).reasonCode, 0)
    assert.equal(await publish(client, 'a'), code)
  }
  assert.deepEqual(asked, ['a ops', 'a ', 'a ops'])
})

test('what a callback has answered late, to a question from before askAgain, holds for that message and no other', async () => {
  const answers: ((allowed: boolean) => void)[] = []
  let wake = (): void => {}
  const asked = async (count: number): Promise<void> => {
    while (answers.length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  await using running = await startTestBroker({
    authorize: () =>
      new Promise<boolean>((resolve) => {
        answers.push(resolve)
        wake()
      }),
  })
  const client = await running.client(5)
  const send = async (before: () => void, allowed: boolean): Promise<number> => {
    const count = answers.length + 1
    client.publish({ topicName: 'a', qos: 1, packetId: 1 })
    await asked(count)
    before()
    answers.at(-1)?.(allowed)
    return (await client.next('puback')).reasonCode
  }
  assert.equal(await send(() => running.broker.askAgain(), true), 0x10)
  assert.equal(await send(() => {}, false), denied)
  client.publish({ topicName: 'a', qos: 1, packetId: 1 })
  assert.equal((await client.next('puback')).reasonCode, denied, 'this one is remembered')
  assert.equal(answers.length, 2)
})

test('other groups end Subscriptions to events that those before allowed, and leave those that something else allows', async () => {
  const rules: AccessRuleOptions[] = [
    { allow: ['subscribe'], topics: ['#', '$SYS/#'] },
    { allow: ['observe'], topics: ['#'], groups: ['ops', 'guest'] },
  ]
  const permissions = { observe: ['root'] }
  await using running = await startTestBroker(grouped(rules, { permissions }))
  const [both, less, root] = ['both', 'less', 'root'].map((name) => staying(5, name))
  assert.ok(both && less && root)
  const filters = ['$SYS/broker/version', '$pabal/events/client/#']
  const subscribed = async (name: string, fields: ConnectFields, ofGroups: string) => {
    const client = await running.client(5, as(name, ofGroups, fields))
    const options = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 2 } as const
    const subscriptions = filters.map((topicFilter) => ({ topicFilter, ...options }))
    client.send({ type: 'subscribe', packetId: 1, subscriptions, properties: {} })
    // What the broker has to say may be faster.
    let packet = await client.nextOf('suback', 'publish')
    while (packet.type === 'publish') packet = await client.nextOf('suback', 'publish')
    assert.deepEqual('reasonCodes' in packet && packet.reasonCodes, [0, 0], name)
    await running.lose(client)
  }
  await subscribed('both', both, 'ops')
  await subscribed('less', less, 'ops')
  await subscribed('root', root, 'dev')
  const left = async (name: string, fields: ConnectFields, ofGroups: string): Promise<string[]> => {
    await running.lose(await running.client(5, as(name, ofGroups, fields)))
    const found: string[] = []
    for (const filter of ['$pabal/events/client/connected', '$SYS/broker/version']) {
      const listeners = await running.broker.subscribers(filter)
      if (listeners.some(({ account }) => account === name)) found.push(filter.slice(0, 5))
    }
    return found
  }
  assert.deepEqual(await left('both', both, 'guest'), ['$paba', '$SYS/'])
  assert.deepEqual(await left('less', less, ''), ['$SYS/'])
  // The account has the permission, and none of its groups had.
  assert.deepEqual(await left('root', root, ''), ['$paba', '$SYS/'])
})
