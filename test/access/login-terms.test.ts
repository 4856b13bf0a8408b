/**
 * What a client logs in with beside its account, on a running broker: groups for access rules, and until when it holds.
 */
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { plainLogin } from '../../src/core/question.ts'
import {
  type AccessRuleOptions,
  accessRules,
  type BrokerOptions,
  type EnhancedAuthenticationMethod,
  sqlite,
} from '../../src/index.ts'
import type { WillMessage } from '../../src/protocol/index.ts'
import { temporaryFolder } from '../admin/api.ts'
import { connectPacket, DrivenCore } from '../support/driven-core.ts'
import { patient, startTestBroker, type TestBroker } from '../support/test-broker.ts'
import { type ConnectFields, staying, type WireClient } from '../support/wire-client.ts'

const groups = [{ name: 'ops' }, { name: 'guest' }, { name: 'listed', accounts: ['carol'] }]

/** The Password is the client's groups, with commas between them. */
function grouped(rules: readonly AccessRuleOptions[], more: BrokerOptions = {}): BrokerOptions {
  return {
    listen: ['tcp://127.0.0.1:0'],
    authenticate: ({ password }) => ({
      type: 'accepted',
      groups: Buffer.from(password ?? [])
        .toString()
        .split(',')
        .filter((name) => name !== ''),
    }),
    access: accessRules({ rules, groups }),
    ...more,
  }
}

function as(userName: string, ofGroups: string, more: ConnectFields = {}): ConnectFields {
  return { clientIdentifier: userName, userName, password: Buffer.from(ofGroups), ...more }
}

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

const forOps: AccessRuleOptions[] = [
  { allow: ['publish'], topics: ['#'] },
  { allow: ['subscribe'], topics: ['a', 'b'], groups: ['ops'] },
  { deny: ['receive'], topics: ['b'], groups: ['guest'] },
]
const held = { topics: [{ filter: 'b', whenNobody: 'hold' }] } as const

/**
 * Ann subscribes to `a` and `b` as one of `ops`, and goes; then she is in these groups. `leave` is called before the broker stops, which
 * takes a snapshot.
 */
async function leaveStored(
  options: BrokerOptions,
  fields: ConnectFields,
  ofGroups: string,
  leave: () => void = () => {},
): Promise<void> {
  await using running = await startTestBroker(options)
  const ann = await running.client(5, as('ann', 'ops', fields))
  for (const topic of ['a', 'b']) assert.equal(await ann.subscribe(topic, { qos: 1 }), 1)
  await running.lose(ann)
  await running.lose(await running.client(5, as('ann', ofGroups, fields)))
  leave()
}

for (const what of ['the log', 'a snapshot']) {
  test(`the groups of a stored Session outlive a restart in ${what}: what is decided while its client is away stays as it was`, async () => {
    using folder = temporaryFolder()
    const fields = staying(5, 'ann')
    const crashed = join(folder.path, 'crashed')
    const first = join(folder.path, 'first')
    await leaveStored(grouped(forOps, { store: sqlite(first) }), fields, 'guest,ops', () =>
      cpSync(first, crashed, { recursive: true }),
    )
    const options = () => grouped(forOps, { store: sqlite(what === 'the log' ? crashed : first), ...held })
    {
      await using running = await startTestBroker(options())
      const { broker } = running
      assert.equal((await broker.publish({ topicName: 'a', payload: 'a' })).matched, 1)
      // Nobody who may have it listens, so it is held and not put where it would be lost.
      assert.equal((await broker.publish({ topicName: 'b', payload: 'b' })).matched, 0)
      assert.equal(broker.tally.messages.held, 1)
    }
    await using running = await startTestBroker(options())
    const ann = await running.client(5, as('ann', 'ops', fields))
    assert.deepEqual([(await ann.message()).text, (await ann.message()).text], ['a', 'b'])
    assert.equal(running.broker.tally.copies.accessRevoked, 0)
  })
}

test('groups that a client gets when it authenticates anew outlive a restart', async () => {
  using folder = temporaryFolder()
  const rules: AccessRuleOptions[] = [
    { allow: ['publish', 'subscribe'], topics: ['#'] },
    { deny: ['receive'], topics: ['a'], groups: ['guest'] },
  ]
  const options = (): BrokerOptions => ({
    listen: ['tcp://127.0.0.1:0'],
    store: sqlite(folder.path),
    authenticationMethods: [renewable],
    access: accessRules({ rules, groups }),
  })
  const properties = (word: string) => ({ authenticationMethod: 'renew', authenticationData: Buffer.from(word) })
  {
    await using running = await startTestBroker(options())
    const lasting = { sessionExpiryInterval: 0xffff_ffff, ...properties('60 ops') }
    const client = await running.client(5, { clientIdentifier: 'c', properties: lasting })
    await client.subscribe('a', { qos: 1 })
    client.send({ type: 'auth', reasonCode: 0x19, properties: properties('60 guest') })
    assert.equal((await client.next('auth')).reasonCode, 0)
  }
  await using running = await startTestBroker(options())
  assert.equal((await running.broker.publish({ topicName: 'a', payload: 'x' })).matched, 0)
})

test('a Will Message that waited over a restart goes out only if the groups its client came with still allow it', async () => {
  using folder = temporaryFolder()
  const options = (more: readonly AccessRuleOptions[]) =>
    grouped(
      [...more, { allow: ['publish'], topics: ['a', 'b'], groups: ['ops'] }, { allow: ['subscribe'], topics: ['#'] }],
      {
        store: sqlite(folder.path),
      },
    )
  const will = (topicName: string): WillMessage => ({
    ...{ topicName, payload: Buffer.from(topicName), qos: 1, retain: false },
    properties: { willDelayInterval: 60 },
  })
  {
    await using running = await startTestBroker(options([]))
    for (const name of ['a', 'b']) {
      await running.lose(
        await running.client(5, as(`will-${name}`, 'ops', { ...staying(5, `will-${name}`), will: will(name) })),
      )
    }
  }
  await using running = await startTestBroker(options([{ deny: ['publish'], topics: ['a'], groups: ['ops'] }]))
  const watcher = await running.client(5, as('eve', ''))
  for (const topic of ['a', 'b']) await watcher.subscribe(topic, { qos: 0 })
  running.advanceBy(120)
  assert.equal((await watcher.message()).text, 'b')
  await watcher.quiet()
})

test('a Session that was stored without its groups misses nothing they may allow; they are looked at when its client is there', async () => {
  using folder = temporaryFolder()
  const fields = staying(5, 'ann')
  // As an older version left it, or one whose rules named no groups.
  const { access: _, ...older } = grouped([], { store: sqlite(folder.path), authenticate: () => true })
  await leaveStored(older, fields, '')
  await using running = await startTestBroker(grouped(forOps, { store: sqlite(folder.path) }))
  for (const topicName of ['a', 'b']) {
    assert.equal((await running.broker.publish({ topicName, payload: topicName })).matched, 1)
  }
  const ann = await running.client(5, as('ann', 'ops,guest', fields))
  assert.equal((await ann.message()).text, 'a')
  await ann.quiet()
  assert.equal(running.broker.tally.copies.accessRevoked, 1)
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

/** Each word is how many seconds it holds, and the groups behind it. */
const renewable: EnhancedAuthenticationMethod = {
  name: 'renew',
  begin: () => ({
    step(data) {
      const [seconds, ...ofGroups] = Buffer.from(data ?? [])
        .toString()
        .split(' ')
      return { type: 'accepted', account: 'ann', expiresAtMs: Date.now() + Number(seconds) * 1000, groups: ofGroups }
    },
  }),
}

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
  // With many others a time that is void is not dropped at once.
  for (let count = 0; count < 30; count++) await running.client(5, { properties: properties('9000') })
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

test('groups are written down when they are others than those in the store, and where nobody asks for them not at all', () => {
  const written = (asked: boolean, ...logins: readonly (readonly string[])[]): unknown[] => {
    const access = accessRules({ rules: asked ? [{ allow: ['publish'], topics: ['a'], groups: ['ops'] }] : [], groups })
    const driven = new DrivenCore({}, { asksAuthentication: true, access })
    return logins.map((ofGroups, index) => {
      const origin = { remoteAddress: '', listener: '', assignedClientIdentifier: 'assigned', tellsPublisher: true }
      const connection = driven.core.open({}, origin, driven.nowMs)
      const [question] = driven.receive(connection, connectPacket('c', { cleanStart: index === 0 })).questions
      assert.ok(question)
      const answer = { ...plainLogin('ann'), groups: ofGroups }
      const answered = driven.input((core, nowMs, next) => core.answered(question, answer, nowMs, next))
      driven.breakOff(connection)
      return answered.records.flatMap((each) => (each.type === 'session-groups' ? [each.groups] : []))
    })
  }
  const logins = [['ops'], ['ops'], ['ops', 'dev'], [], [], ['ops']]
  assert.deepEqual(written(true, ...logins), [[['ops']], [], [['ops', 'dev']], [[]], [], [['ops']]])
  assert.deepEqual(written(false, ...logins), [[['ops']], [], [['ops', 'dev']], [[]], [], [['ops']]])
  assert.deepEqual(written(true, [], []), [[[]], []])
  assert.deepEqual(written(false, [], []), [[], []])
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
