/**
 * Who may do what, on a running broker: each known failure of brokers is named by its source.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AccessRuleOptions, accessRules, type BrokerOptions } from '../../src/index.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import { type ConnectFields, staying, type WireClient } from '../support/wire-client.ts'

const everything: AccessRuleOptions = { allow: ['publish', 'subscribe'], topics: ['#'] }

/** Clients log in with any User Name, which is their account. */
function options(rules: readonly AccessRuleOptions[], more: BrokerOptions = {}): BrokerOptions {
  return { listen: ['tcp://127.0.0.1:0'], authenticate: () => true, access: accessRules({ rules }), ...more }
}

function as(userName: string, more: ConnectFields = {}): ConnectFields {
  return { userName, clientIdentifier: userName, ...more }
}

let packetId = 0

async function publish(client: WireClient, topicName: string, more: { qos?: 1 | 2; retain?: boolean } = {}) {
  packetId = (packetId % 60_000) + 1
  const { qos = 1, retain = false } = more
  client.publish({ topicName, payload: Buffer.from(topicName), qos, retain, packetId })
  const { reasonCode } = await client.next(qos === 1 ? 'puback' : 'pubrec')
  return reasonCode
}

/** Topic Names of what has come, once everything has. */
async function received(client: WireClient): Promise<string[]> {
  const names: string[] = []
  client.send({ type: 'pingreq' })
  for (let rounds = 0; rounds < 2; ) {
    const packet = await client.nextOf('publish', 'pingresp')
    if (packet.type === 'publish') {
      names.push(packet.topicName)
      if (packet.qos === 1) client.acknowledge('puback', packet.packetId)
    } else {
      rounds += 1
      if (rounds < 2) client.send({ type: 'pingreq' })
    }
  }
  return names
}

const denied = 0x87

test('what no rule allows is refused: PUBLISH by its acknowledgement, each Topic Filter of its own in SUBACK', async () => {
  await using running = await startTestBroker(
    options([{ allow: ['publish', 'subscribe'], topics: ['a/#'], accounts: ['ann'] }]),
  )
  const ann = await running.client(5, as('ann'))
  const bob = await running.client(5, as('bob'))
  assert.deepEqual([await ann.subscribe('a/+'), await bob.subscribe('a/+')], [2, denied])
  const other = await running.client(5, as('ann', { clientIdentifier: 'other' }))
  assert.deepEqual(
    [await publish(other, 'a/1'), await publish(bob, 'a/1'), await publish(other, 'b')],
    [0, denied, denied],
  )
  assert.deepEqual(await received(ann), ['a/1'])
  const older = await running.client(4, as('eve'))
  assert.equal(await older.subscribe('a/1'), 0x80)
})

test('mosquitto CVE-2017-7650, RabbitMQ CVE-2026-44838: names like + # a/b %u never widen access on the wire', async () => {
  const own: AccessRuleOptions = { allow: ['publish', 'subscribe'], topics: ['own/%u/%c/#'] }
  await using running = await startTestBroker(options([own]))
  for (const name of ['+', '#', 'a/b', '%u', '%c', '.*', '../']) {
    const client = await running.client(5, as(name))
    assert.equal(await client.subscribe('own/+/+/x'), denied, name)
    assert.equal(await client.subscribe('own/#'), denied, name)
    assert.equal(await publish(client, 'own/a/b/x'), denied, name)
    await client.leave()
  }
  const ann = await running.client(5, as('ann'))
  assert.deepEqual([await publish(ann, 'own/ann/ann/x'), await ann.subscribe('own/ann/ann/#')], [0x10, 2])
})

test('mosquitto CVE-2018-12546, NATS 2026-26: retained and queued messages are not delivered after rights were taken', async () => {
  const given = options([everything])
  await using running = await startTestBroker(given)
  const publisher = await running.client(5, as('p'))
  const away = await running.client(5, { ...as('s'), ...staying(5, 's') })
  await away.subscribe('#', { qos: 1 })
  await running.lose(away)
  for (const name of ['kept', 'secret', 'ours']) await publish(publisher, name, { retain: true })
  const rules: AccessRuleOptions[] = [
    everything,
    { deny: ['receive'], topics: ['secret'], accounts: ['s'] },
    { deny: ['publish'], topics: ['ours'], accounts: ['p'] },
  ]
  await running.broker.reload({ ...given, access: accessRules({ rules }) })
  const back = await running.client(5, { ...as('s'), ...staying(5, 's') })
  assert.deepEqual(await received(back), ['kept', 'ours'])
  await back.subscribe('+', { qos: 1 })
  assert.deepEqual(await received(back), ['kept'], 'who published it may not any more')
  assert.equal(running.broker.tally.copies.accessRevoked, 1)
})

test('mosquitto CVE-2021-34434, 2.0.12: revoked rights stop a live Subscription at once and after reconnect, also at QoS 2', async () => {
  const given = options([everything])
  await using running = await startTestBroker(given)
  const publisher = await running.client(5, as('p'))
  const fields = { ...as('s'), ...staying(5, 's') }
  const live = await running.client(5, fields)
  await live.subscribe('a', { qos: 2 })
  await publish(publisher, 'a', { qos: 2 })
  publisher.acknowledge('pubrel', packetId)
  await publisher.next('pubcomp')
  const inFlight = await live.next('publish')
  const less = [everything, { deny: ['subscribe'], topics: ['a'], accounts: ['s'] }] as const
  await running.broker.reload({ ...given, access: accessRules({ rules: less }) })
  assert.equal(await publish(publisher, 'a'), 0x10)
  await live.quiet()
  await running.lose(live)
  const back = await running.client(5, fields)
  assert.equal(await publish(publisher, 'a'), 0x10)
  await back.quiet()
  assert.equal(await back.subscribe('a'), denied)
  assert.equal(inFlight.qos, 2)
  await running.broker.reload(given)
  assert.equal(await publish(publisher, 'a'), 0)
  assert.deepEqual((await back.message()).text, 'a')
})

test('aedes < 0.35.1, mochi#503, moquette#689, mosquitto 2.0.16: a Will Message that may not be published is refused at CONNECT', async () => {
  await using running = await startTestBroker(options([{ allow: ['publish'], topics: ['wills/%c'] }]))
  const will = { topicName: 'wills/other', payload: Buffer.from('x'), qos: 0, retain: false, properties: {} } as const
  for (const version of [4, 5] as const) {
    const client = await running.open(version)
    assert.equal((await client.connect(as('ann', { will }))).reasonCode, version === 5 ? denied : 5)
    await client.closed()
  }
  const allowed = await running.open(5)
  assert.equal((await allowed.connect(as('ann', { will: { ...will, topicName: 'wills/ann' } }))).reasonCode, 0)
})

test('aedes < 0.35.1, mochi#503: a Will Message is asked about again when it goes out', async () => {
  const given = options([everything])
  await using running = await startTestBroker(given)
  const watcher = await running.client(5, as('w'))
  await watcher.subscribe('will')
  const will = { topicName: 'will', payload: Buffer.from('x'), qos: 0, retain: false, properties: {} } as const
  const leaving = await running.client(5, as('ann', { will }))
  const rules: AccessRuleOptions[] = [everything, { deny: ['publish'], topics: ['will'], accounts: ['ann'] }]
  await running.broker.reload({ ...given, access: accessRules({ rules }) })
  await running.lose(leaving)
  await watcher.quiet()
  assert.equal(running.broker.tally.messages.refused, 1)
})

test('NATS 2026-17, -18, mosquitto 2.0.19: no wildcard and no shared group yields what is denied', async () => {
  const rules: AccessRuleOptions[] = [
    { allow: ['publish'], topics: ['#'], accounts: ['p'] },
    { allow: ['subscribe'], topics: ['a/+'], accounts: ['s', 't'] },
    { allow: ['subscribe'], topics: ['#'], accounts: ['u'] },
    { deny: ['subscribe'], topics: ['a/secret'], accounts: ['s', 'u'] },
  ]
  await using running = await startTestBroker(options(rules))
  const publisher = await running.client(5, as('p'))
  await publish(publisher, 'a/secret', { retain: true })
  const wide = ['a/#', '+/secret', '$share/g/a/secret', '$share/g/#', '#', 'a/secret', '+/+', '$share/g/a/+', 'a/+']
  const s = await running.client(5, as('s'))
  const answers = []
  for (const filter of wide) answers.push(await s.subscribe(filter, { qos: 1 }))
  assert.deepEqual(answers, [denied, denied, denied, denied, denied, denied, denied, 1, 1])
  // It may subscribe to everything, and gets everything but that.
  const u = await running.client(5, as('u'))
  for (const filter of wide) await u.subscribe(filter, { qos: 1 })
  assert.deepEqual(await received(u), [])
  await publish(publisher, 'a/secret')
  await publish(publisher, 'a/open')
  assert.deepEqual([...new Set([...(await received(s)), ...(await received(u))])], ['a/open'])
})

test('EMQX #13742, #13024, #10172: neither # nor +/# nor a rule for # yields what begins with $', async () => {
  await using running = await startTestBroker(options([everything], { limits: { sysIntervalSeconds: 1 } }))
  const client = await running.client(5, as('ann'))
  for (const filter of ['#', '+/#', '+/broker/#']) assert.equal(await client.subscribe(filter, { qos: 0 }), 0)
  assert.equal(await client.subscribe('$SYS/#', { qos: 0 }), denied)
  running.advanceBy(2)
  assert.deepEqual(await received(client), [])
  const rules: AccessRuleOptions[] = [everything, { allow: ['subscribe'], topics: ['$SYS/#'] }]
  await running.broker.reload(options(rules))
  const monitor = await running.client(5, as('ops'))
  assert.equal(await monitor.subscribe('$SYS/broker/version', { qos: 0 }), 0)
  assert.match((await monitor.message()).text, /^pabal version/)
})

test('mosquitto#3672: the account a callback answers with is the one the rules are asked about, and no account is no client', async () => {
  const rules: AccessRuleOptions[] = [{ allow: ['publish'], topics: ['admin'], accounts: ['root'] }]
  const accounts: Record<string, unknown> = { ann: 'root', root: 'guest', eve: 'ro\u0000ot', mal: 7 }
  // As somebody might who has no types.
  const authenticate = ({ userName }: { userName: string | null }) =>
    ({ type: 'accepted', account: accounts[userName ?? ''] }) as never
  await using running = await startTestBroker(options(rules, { authenticate }))
  assert.equal(await publish(await running.client(5, as('ann')), 'admin'), 0x10)
  assert.equal(await publish(await running.client(5, as('root')), 'admin'), denied)
  for (const name of ['eve', 'mal']) {
    assert.equal((await (await running.open(5)).connect(as(name))).reasonCode, denied, name)
  }
})

test('EMQX #17589, #17674: a callback that throws, rejects, rejects late or says nothing of use denies, and rules are not asked away', async () => {
  const verdicts: Record<string, () => unknown> = {
    throws: () => {
      throw new Error('down')
    },
    rejects: async () => {
      throw new Error('down')
    },
    late: () => new Promise((_, reject) => setImmediate(reject, new Error('down'))),
    undefined: () => undefined,
    truthy: () => 'yes',
    object: async () => ({ allowed: true }),
    yes: () => true,
  }
  const authorize = ({ topic }: { topic: string }) => verdicts[topic]?.() as boolean
  await using running = await startTestBroker({ ...options([{ ...everything, topics: ['+'] }]), authorize })
  running.broker.on('fault', () => {})
  const client = await running.client(5, as('ann'))
  for (const name of Object.keys(verdicts)) {
    assert.equal(await publish(client, name), name === 'yes' ? 0x10 : denied, name)
    assert.equal(await client.subscribe(name), name === 'yes' ? 2 : denied, name)
  }
  const asked: string[] = []
  const deaf = { ...options([]), authorize: ({ topic }: { topic: string }) => asked.push(topic) > 0 }
  await running.broker.reload(deaf)
  assert.equal(await publish(client, 'yes'), denied)
  assert.deepEqual(asked, [], 'what a rule denies no callback allows')
})

test('NATS 2026-06, sol#17: another user with the same Client Identifier is refused, or gets a Session of his own, and takes nothing over', async () => {
  for (const clientIdentifierScope of ['broker', 'account'] as const) {
    await using running = await startTestBroker(options([everything], { clientIdentifierScope }))
    const ann = await running.client(5, as('ann', staying(5, 'same')))
    await ann.subscribe('a', { qos: 1 })
    const bob = await running.open(5)
    const { reasonCode, sessionPresent } = await bob.connect(as('bob', staying(5, 'same')))
    assert.deepEqual([reasonCode, sessionPresent], [clientIdentifierScope === 'broker' ? 0x85 : 0, false])
    await publish(reasonCode === 0 ? bob : await running.client(5, as('bob')), 'a')
    assert.deepEqual(await received(ann), ['a'])
    if (reasonCode === 0) await bob.quiet()
  }
})

test('receipts and who (ours): they name other clients only to whom a rule lets observe', async () => {
  const rules: AccessRuleOptions[] = [
    everything,
    { allow: ['observe'], topics: ['a/#'], accounts: ['ops'] },
    { deny: ['observe'], topics: ['a/secret'], accounts: ['root'] },
  ]
  const permissions = { admin: ['root'] }
  await using running = await startTestBroker(options(rules, { permissions }))
  const ask = async (userName: string, topic: string) => {
    const client = await running.client(5, as(userName))
    await client.subscribe('$pabal/who/1/reply', { qos: 0 })
    client.publish({ topicName: '$pabal/who/1', payload: Buffer.from(topic) })
    const answer = JSON.parse((await client.message()).text)
    await client.leave()
    return answer.missingPermission ?? 'told'
  }
  assert.deepEqual(
    [await ask('ops', 'a/1'), await ask('ops', 'b'), await ask('ann', 'a/1')],
    ['told', 'observe', 'observe'],
  )
  assert.deepEqual([await ask('root', 'b'), await ask('root', 'a/secret')], ['told', 'observe'])
  const receipt = await names(running, 'ops', 'a/1')
  assert.deepEqual([receipt, await names(running, 'ann', 'a/1')], [true, false])
})

/** Whether the receipt for a message has room for who got it. */
async function names(running: TestBroker, userName: string, topicName: string): Promise<boolean> {
  const subscriber = await running.client(5, as('reader'))
  await subscriber.subscribe(topicName, { qos: 0 })
  const client = await running.client(5, as(userName))
  await client.subscribe('receipts', { qos: 0 })
  const userProperties: [string, string][] = [
    ['pabal-receipt', 'all'],
    ['pabal-receipt-topic', 'receipts'],
  ]
  client.publish({ topicName, payload: Buffer.from('x'), qos: 1, packetId: 9, properties: { userProperties } })
  const packets = [await client.nextOf('puback', 'publish'), await client.nextOf('puback', 'publish')]
  const text = packets.map((packet) => (packet.type === 'publish' ? packet.payload.toString() : '')).join('')
  assert.match(text, /"delivered"/)
  await subscriber.message()
  await subscriber.leave()
  await client.leave()
  return text.includes('deliveredTo')
}

test('a reload that takes away the right to observe ends Subscriptions to events', async () => {
  const rules: AccessRuleOptions[] = [everything, { allow: ['observe'], topics: ['#'], accounts: ['ops'] }]
  const given = options(rules)
  await using running = await startTestBroker(given)
  const ops = await running.client(5, as('ops'))
  assert.equal(await ops.subscribe('$pabal/events/#', { qos: 0 }), 0)
  await running.client(5, as('ann'))
  assert.match((await ops.message()).topicName, /^\$pabal\/events\//)
  await running.broker.reload({ ...given, access: accessRules({ rules: [everything] }) })
  await received(ops)
  await running.client(5, as('bob'))
  assert.deepEqual(await received(ops), [])
  assert.equal(await ops.subscribe('$pabal/events/#', { qos: 0 }), denied)
})

test('code in this process is denied nothing', async () => {
  await using running = await startTestBroker(options([]))
  const got: string[] = []
  await running.broker.subscribe('a', {}, ({ payload }) => void got.push(payload.toString()))
  assert.equal((await running.broker.publish({ topicName: 'a', payload: 'x' })).matched, 1)
  await new Promise(setImmediate)
  assert.deepEqual(got, ['x'])
})
