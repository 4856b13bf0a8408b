/**
 * Bans of the running broker: by code that embeds it and over MQTT, through restarts and reloads.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createBroker, memory, sqlite } from '../../src/index.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { patient, startTestBroker, type TestBroker } from '../support/test-broker.ts'
import { staying } from '../support/wire-client.ts'
import { Asker } from '../who/asker.ts'

async function answerTo(at: TestBroker, version: 4 | 5, clientIdentifier: string, userName?: string): Promise<number> {
  using client = await at.open(version)
  return (await client.connect({ clientIdentifier, ...(userName === undefined ? {} : { userName }) })).reasonCode
}

test('a ban outlives a restart; one that has ended meanwhile, and one that was lifted, do not', async () => {
  const directory = temporaryDirectory()
  {
    await using at = await startTestBroker({ store: sqlite(directory) })
    await at.broker.bans.add({ as: 'clientid', who: 'c', reason: 'it floods', by: 'ann' })
    await at.broker.bans.add({ as: 'clientid', who: 'ends', untilMs: Date.now() + 10_000 })
    await at.broker.bans.add({ as: 'username', who: 'u', untilMs: Date.now() + 1_000_000 })
    await at.broker.bans.add({ as: 'peerhost_net', who: '10.0.0.0/8' })
    await at.broker.bans.remove('peerhost_net', '10.0.0.0/8')
  }
  const later = () => Date.now() + 20_000
  await using at = await startTestBroker({ store: sqlite(directory) }, { clock: later })
  assert.deepEqual(
    at.broker.bans
      .list()
      .map(({ as, who, reason, by }) => [as, who, reason, by])
      .sort(),
    [
      ['clientid', 'c', 'it floods', 'ann'],
      ['username', 'u', '', ''],
    ],
  )
  assert.equal(await answerTo(at, 5, 'c'), 0x8a)
  assert.equal(await answerTo(at, 4, 'c'), 5)
  assert.equal(await answerTo(at, 5, 'd', 'u'), 0x8a)
  assert.equal(await answerTo(at, 5, 'ends'), 0)
})

test('with a store in memory bans last as long as the broker, and so they do through a reload', async () => {
  await using at = await startTestBroker({ store: memory(), ...patient })
  await at.broker.bans.add({ as: 'clientid', who: 'c', untilMs: Date.now() + 60_000 })
  await at.broker.reload({ listen: [at.url], ...patient })
  assert.equal(await answerTo(at, 5, 'c'), 0x8a)
  at.advanceBy(61)
  assert.equal(await answerTo(at, 5, 'c'), 0)
  assert.deepEqual(at.broker.bans.list(), [])
})

test('whoever is connected is gone when the ban is made, and what was sent to it meanwhile waits for it', async () => {
  await using at = await startTestBroker({ store: sqlite(temporaryDirectory()) })
  const client = await at.client(5, staying(5, 'c'))
  await client.subscribe('a', { qos: 1 })
  await at.broker.bans.add({ as: 'peerhost', who: '127.0.0.1', reason: 'it floods' })
  const { reasonCode, properties } = await client.next('disconnect')
  assert.deepEqual([reasonCode, properties.reasonString], [0x87, 'this client is banned'])
  await at.broker.publish({ topicName: 'a', payload: 'later', qos: 1 })
  assert.equal(await at.broker.bans.removeAll(), 1)
  const again = await at.client(5, staying(5, 'c'))
  assert.equal((await again.next('publish')).payload.toString(), 'later')
})

test('a banned client is refused whether its password is right or wrong, and nobody is asked', async () => {
  const asked: (string | null)[] = []
  const authenticate = ({ userName, password }: { userName: string | null; password: Buffer | Uint8Array | null }) => {
    asked.push(userName)
    return Buffer.from(password ?? []).toString() === 'right'
  }
  await using at = await startTestBroker({ authenticate })
  await at.broker.bans.add({ as: 'username', who: 'eve' })
  for (const password of ['right', 'wrong']) {
    using client = await at.open(5)
    const { reasonCode } = await client.connect({ userName: 'eve', password: Buffer.from(password) })
    assert.equal(reasonCode, 0x8a)
  }
  using other = await at.open(5)
  const { reasonCode } = await other.connect({ userName: 'ann', password: Buffer.from('right') })
  assert.deepEqual([reasonCode, asked], [0, ['ann']])
})

test('a broker does not start past a file of bans that cannot be read, and does when it is put right', async () => {
  const directory = temporaryDirectory()
  const path = join(directory, 'banned.jsonl')
  writeFileSync(path, '{"pabal":"banned","version":1}\n{"ban":\n', { mode: 0o600 })
  const options = { listen: ['tcp://127.0.0.1:0'], store: sqlite(directory) }
  await assert.rejects(createBroker(options).start(), ({ message }: Error) => message.startsWith(`${path}, line 2, `))
  writeFileSync(path, '{"pabal":"banned","version":1}\n')
  const broker = createBroker(options)
  await broker.start()
  await broker.stop()
})

test('what cannot be banned is refused, naming what was found and what is expected', async () => {
  await using at = await startTestBroker({ limits: { bansMax: 2 } })
  const { bans } = at.broker
  const nowMs = Date.now()
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ as: 'client', who: 'c' }, /^as: found "client"; expected one of clientid, username, peerhost, peerhost_net$/],
    [{ as: 'clientid', who: 7 }, /^who: found 7; expected a text$/],
    [{ as: 'peerhost', who: '10.0.0.0/8' }, /^who: found "10\.0\.0\.0\/8"; expected an address/],
    [{ as: 'clientid', who: 'c', reason: 'x'.repeat(1001) }, /^reason: found 1001 characters; expected .* 1000 /],
    [{ as: 'clientid', who: 'c', by: 'x'.repeat(257) }, /^by: found 257 characters/],
    [{ as: 'clientid', who: 'c', untilMs: nowMs - 1 }, /^until: found .*; expected a time after /],
    [{ as: 'clientid', who: 'c', untilMs: Number.NaN }, /^until: found NaN/],
    [{ as: 'clientid', who: 'c', forSeconds: 0 }, /^forSeconds: found 0; expected seconds, above 0$/],
    [{ as: 'clientid', who: 'c', forSeconds: 1, untilMs: nowMs + 1e6 }, /^until: found a number of seconds, too/],
    [{ as: 'clientid', who: 'c', untilMs: 1e300 }, /^until: found 1e\+300/],
  ]
  for (const [options, message] of cases) await assert.rejects(bans.add(options as never), { message })
  await bans.add({ as: 'clientid', who: 'c' })
  await assert.rejects(bans.add({ as: 'clientid', who: 'c', untilMs: nowMs + 60_000 }), {
    message: 'found a ban of clientid "c" until for ever; expected none that ends later',
  })
  await bans.add({ as: 'clientid', who: 'c', reason: 'another one' })
  await bans.add({ as: 'clientid', who: 'd' })
  await assert.rejects(bans.add({ as: 'clientid', who: 'e' }), {
    message: 'found 2 bans already (limits.bansMax); expected at most 2',
  })
  await assert.rejects(bans.remove('clientid', 'e'), {
    message: 'found no ban of clientid "e"; expected one that there is',
  })
  assert.equal(bans.list().length, 2)
  const idle = createBroker()
  await assert.rejects(idle.bans.add({ as: 'clientid', who: 'c' }), /has not been started/)
})

test('bans made at the same time are all kept', async () => {
  const directory = temporaryDirectory()
  const names = Array.from({ length: 50 }, (_, index) => `c${index}`)
  {
    await using at = await startTestBroker({ store: sqlite(directory) })
    await Promise.all(names.map((who) => at.broker.bans.add({ as: 'clientid', who })))
    await Promise.all(names.slice(25).map((who) => at.broker.bans.remove('clientid', who)))
  }
  await using at = await startTestBroker({ store: sqlite(directory) })
  assert.deepEqual(
    at.broker.bans
      .list()
      .map(({ who }) => who)
      .sort(),
    names.slice(0, 25).sort(),
  )
})

test('an account with the permission bans over MQTT, one without does not, and the audit log has both', async () => {
  const authenticate = () => true
  await using at = await startTestBroker({ authenticate, permissions: { admin: ['ann'], observe: ['ann', 'bob'] } })
  const audited: string[] = []
  at.broker.on('adminRequest', ({ account, request, outcome }) => audited.push(`${account} ${request} ${outcome}`))
  const ann = await Asker.open(at, 5, { clientIdentifier: 'ann', userName: 'ann' })
  const bob = await Asker.open(at, 5, { clientIdentifier: 'bob', userName: 'bob' })
  const ban = { as: 'clientid', who: 'c', reason: 'r', forSeconds: 60 }
  assert.equal((await bob.ask(ban, 'ban-add')).error?.found, 'no permission to admin')
  const { as, who, reason, by } = Object(await ann.ask(ban, 'ban-add'))
  assert.deepEqual([as, who, reason, by], ['clientid', 'c', 'r', 'ann'])
  const { bans: number, banned } = Object(await bob.ask('', 'bans'))
  assert.equal(number, 1)
  assert.deepEqual(
    banned.map((each: { who: string }) => each.who),
    ['c'],
  )
  assert.equal((await ann.ask({ as: 'clientid', who: 'd' }, 'ban-remove')).error?.found, 'no ban of clientid "d"')
  await ann.ask({ as: 'clientid', who: 'c' }, 'ban-remove')
  assert.equal(Object(await ann.ask({}, 'ban-remove-all')).removed, 0)
  assert.match((await ann.ask({ as: 'clientid' }, 'ban-add')).error?.found ?? '', /no field "who"/)
  assert.deepEqual(audited, [
    'bob ban-add refused',
    'ann ban-add done',
    'ann ban-remove refused',
    'ann ban-remove done',
    'ann ban-remove-all done',
    'ann ban-add refused',
  ])
})

test('many who are connected are put out a part at a time, all of them by the time the ban is told to be made', async () => {
  await using at = await startTestBroker()
  const names = Array.from({ length: 600 }, (_, index) => `c${index}`)
  const clients = await Promise.all(names.map((clientIdentifier) => at.client(5, { clientIdentifier })))
  await at.broker.bans.add({ as: 'peerhost_net', who: '127.0.0.0/8' })
  const codes = await Promise.all(clients.map(async (client) => (await client.next('disconnect')).reasonCode))
  assert.deepEqual([...new Set(codes)], [0x87])
  assert.equal(await answerTo(at, 5, 'c0'), 0x8a)
})
