/**
 * Whose a Client Identifier is, on a running broker: the account that has a Session with it keeps everybody else out.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BrokerEvent, type BrokerOptions, sqlite } from '../../src/index.ts'
import { startApi, temporaryFolder } from '../admin/api.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import { type ConnectFields, staying } from '../support/wire-client.ts'

const versions: readonly (4 | 5)[] = [4, 5]

/** Clients log in with any User Name, which is their account. */
const anybody: BrokerOptions = { listen: ['tcp://127.0.0.1:0'], authenticate: () => true }

function as(version: 4 | 5, userName: string, clientIdentifier: string): ConnectFields {
  return { ...staying(version, clientIdentifier), userName }
}

/** What CONNACK says: whether its Session was there, or the Reason Code. */
async function answer(running: TestBroker, version: 4 | 5, fields: ConnectFields): Promise<boolean | number> {
  await using stack = new AsyncDisposableStack()
  const client = stack.use(await running.open(version))
  const { reasonCode, sessionPresent, properties } = await client.connect(fields)
  if (reasonCode !== 0) {
    await client.closed()
    const others = ['alice', 'bob'].filter((name) => name !== fields.userName).join('|')
    assert.doesNotMatch(JSON.stringify(properties), new RegExp(others))
    return reasonCode
  }
  await running.lose(client)
  return sessionPresent
}

for (const version of versions) {
  const refused = version === 5 ? 0x85 : 2

  test(`the Client Identifier of another account is refused in ${version}, connected or away, and free when the Session has expired`, async () => {
    await using running = await startTestBroker({ ...anybody, limits: { sessionExpirySecondsMax: 100 } })
    const told: BrokerEvent[] = []
    running.broker.on('refused', (event) => told.push(event))
    using alice = await running.client(version, as(version, 'alice', 'meter'))
    await alice.subscribe('a', { qos: 1 })
    for (const cleanStart of [false, true]) {
      assert.equal(await answer(running, version, { ...as(version, 'bob', 'meter'), cleanStart }), refused)
    }
    await running.broker.publish({ topicName: 'a', payload: 'still hers' })
    assert.equal((await alice.message()).text, 'still hers')
    await running.lose(alice)
    assert.equal(await answer(running, version, as(version, 'bob', 'meter')), refused)
    assert.equal(await answer(running, version, as(version, 'alice', 'meter')), true)
    assert.deepEqual(
      told.map((event) => event.type === 'refused' && [event.account, event.otherAccount, event.reasonCode]),
      [0, 1, 2].map(() => ['bob', 'alice', 0x85]),
    )
    running.advanceBy(100)
    assert.equal(await answer(running, version, as(version, 'bob', 'meter')), false)
    assert.equal(await answer(running, version, as(version, 'alice', 'meter')), refused)
  })
}

test('it is so after a restart; Sessions of two accounts that were stored go on, each for its owner', async () => {
  using folder = temporaryFolder()
  const options = (clientIdentifierScope: 'broker' | 'account'): BrokerOptions => ({
    ...anybody,
    clientIdentifierScope,
    store: sqlite(folder.path),
  })
  {
    await using running = await startTestBroker(options('account'))
    for (const name of ['alice', 'bob']) assert.equal(await answer(running, 5, as(5, name, 'meter')), false)
    assert.equal(await answer(running, 5, as(5, 'alice', 'pump')), false)
  }
  {
    await using running = await startTestBroker(options('broker'))
    for (const name of ['alice', 'bob']) assert.equal(await answer(running, 5, as(5, name, 'meter')), true)
    assert.equal(await answer(running, 4, as(4, 'eve', 'meter')), 2)
    assert.equal(await answer(running, 5, as(5, 'bob', 'pump')), 0x85)
  }
})

test('what an operator ends makes room; the option changes while the broker runs', async () => {
  await using api = await startApi(anybody)
  const { at } = api
  for (const [index, name] of ['alice', 'bob'].entries()) {
    assert.equal(await answer(at, 5, as(5, name, 'meter')), index === 0 ? false : 0x85)
  }
  assert.equal((await api.send('DELETE', '/sessions/meter')).status, 204)
  assert.equal(await answer(at, 5, as(5, 'bob', 'meter')), false)
  const { applied } = await at.broker.reload({ ...anybody, clientIdentifierScope: 'account' })
  assert.deepEqual(applied, ['clientIdentifierScope'])
  assert.equal(await answer(at, 5, as(5, 'alice', 'meter')), false)
  assert.equal((await api.send('DELETE', '/sessions/meter')).status, 409, 'which of the two is for the operator to say')
  const { data } = (await api.get('/clients/meter')).body
  assert.deepEqual(
    data.map(({ account }: { account: string }) => account),
    ['bob', 'alice'],
  )
  assert.equal((await api.send('DELETE', '/sessions/meter?account=bob')).status, 204)
  await at.broker.reload(anybody)
  assert.equal(await answer(at, 5, as(5, 'bob', 'meter')), 0x85)
})

test('the history of a client says who was kept out and by whom, for both accounts, and the metrics count it', async () => {
  await using api = await startApi(anybody)
  await answer(api.at, 5, as(5, 'alice', 'meter'))
  await answer(api.at, 5, as(5, 'bob', 'meter'))
  for (const account of ['alice', 'bob']) {
    const [latest] = (await api.get(`/clients/meter/history?account=${account}`)).body.data
    assert.partialDeepStrictEqual(latest, { type: 'refused', account: 'bob', otherAccount: 'alice', reasonCode: 0x85 })
  }
  const [latest] = (await api.get('/clients/meter/history?account=eve')).body.data
  assert.equal(latest, undefined)
  assert.match(
    String((await api.get('/metrics')).body),
    /\npabal_connections_refused_total\{reason="client_identifier_of_another_account"\} 1\n/,
  )
})

test('how many Sessions an account may have, and all, changes while the broker runs; those that are there come back', async () => {
  const options = (sessionsPerAccountMax: number, sessionsMax = 100): BrokerOptions => ({
    ...anybody,
    limits: { sessionsPerAccountMax, sessionsMax },
  })
  await using running = await startTestBroker(options(1))
  const from = (version: 4 | 5, userName: string, name: string) => answer(running, version, as(version, userName, name))
  assert.deepEqual(
    [await from(5, 'alice', 'a'), await from(5, 'alice', 'b'), await from(4, 'alice', 'b')],
    [false, 0x97, 3],
  )
  const { applied } = await running.broker.reload({ ...options(2), authenticate: () => true })
  assert.deepEqual(applied, ['authenticate', 'limits.sessionsPerAccountMax'])
  assert.equal(await from(4, 'alice', 'b'), false)
  await running.broker.reload(options(1, 1))
  assert.deepEqual(
    [await from(5, 'bob', 'c'), await from(4, 'alice', 'b'), await from(5, 'alice', 'a')],
    [0x97, true, true],
  )
})

test('clients choose only Client Identifiers that their account may have, or leave it to the broker', async () => {
  using folder = temporaryFolder()
  const options = (clientIdentifiers?: readonly string[]): BrokerOptions => ({
    ...anybody,
    store: sqlite(folder.path),
    ...(clientIdentifiers === undefined ? {} : { clientIdentifiers }),
  })
  await using running = await startTestBroker(options())
  assert.equal(await answer(running, 5, as(5, 'mallory', 'alice:1')), false, 'mallory was first')
  const { applied } = await running.broker.reload(options(['%u', '%u:*', 'gateway-*']))
  assert.deepEqual(applied, ['clientIdentifiers'])
  const codes: (boolean | number)[] = []
  for (const [version, userName, name] of [
    [5, 'alice', 'alice'],
    [4, 'alice', 'alice:2'],
    [5, 'bob', 'gateway-1'],
    [5, 'bob', 'alice:3'],
    [4, 'bob', 'alice:3'],
    [5, 'mallory', 'alice:1'],
    [5, 'alice', 'alice:1'],
    [5, '', 'alice'],
  ] as const) {
    codes.push(await answer(running, version, as(version, userName, name)))
  }
  assert.deepEqual(codes, [false, false, false, 0x85, 2, 0x85, 0x85, 0x85])
  const told: unknown[] = []
  running.broker.on('refused', ({ reason }) => told.push(reason))
  using refused = await running.open(5)
  const { properties } = await refused.connect({ userName: 'bob', clientIdentifier: 'alice' })
  const words = 'this account may have other Client Identifiers only: bob, bob:*, gateway-* (clientIdentifiers)'
  assert.deepEqual([properties.reasonString, ...told], [words, words])
  using nameless = await running.open(5)
  const lasting = { sessionExpiryInterval: 100 }
  const given = (await nameless.connect({ userName: 'carol', properties: lasting })).properties.assignedClientIdentifier
  assert.ok(given !== undefined)
  await running.lose(nameless)
  assert.equal(await answer(running, 5, { ...as(5, 'carol', given), properties: lasting }), true)
  assert.equal(await answer(running, 5, as(5, 'dave', given.replace(/.$/, 'x'))), 0x85)
  // In the form of those, but given to nobody.
  assert.equal(await answer(running, 5, as(5, 'dave', `pabal-${'0'.repeat(36)}`)), 0x85)
})
