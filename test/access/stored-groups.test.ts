/**
 * Groups that clients came with, over a restart of the broker: what is decided while they are away stays as it was.
 */
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { plainLogin } from '../../src/core/question.ts'
import { type AccessRuleOptions, accessRules, type BrokerOptions, sqlite } from '../../src/index.ts'
import type { WillMessage } from '../../src/protocol/index.ts'
import { temporaryFolder } from '../admin/api.ts'
import { connectPacket, DrivenCore } from '../support/driven-core.ts'
import { startTestBroker } from '../support/test-broker.ts'
import { type ConnectFields, staying } from '../support/wire-client.ts'
import { as, grouped, groups, renewable } from './grouped.ts'

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
