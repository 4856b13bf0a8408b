/**
 * The payload of CONNECT, above all the Client Identifier: MQTT 5.0 and 3.1.1 section 3.1.3.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuthenticationRequest } from '../../src/server/authentication/authentication.ts'
import { assertMalformed, connectPacket, field } from '../support/packet-hex.ts'
import { startTestBroker } from '../support/test-broker.ts'
import { staying } from '../support/wire-client.ts'

const versions: readonly (4 | 5)[] = [4, 5]
const forever = { sessionExpiryInterval: 0xffff_ffff }
/** Not well-formed UTF-8, with its length. */
const illFormed = '000263c3'

test('[MQTT-3.1.3-1] [MQTT3-3.1.3-1] the payload is Client Identifier, will, User Name and Password, in this order', async () => {
  const requests: AuthenticationRequest[] = []
  await using broker = await startTestBroker({ authenticate: (request) => requests.push(request) > 0 })
  using watcher = await broker.client(5)
  await watcher.subscribe('will-topic', { qos: 0 })
  for (const version of versions) {
    requests.length = 0
    const willProperties = version === 5 ? `0703${field('kind')}` : ''
    const will = `${willProperties}${field('will-topic')}${field('will-payload')}`
    using client = await broker.open(version)
    client.sendBytes(connectPacket(version, 0xc6, `${field('id')}${will}${field('user')}${field('secret')}`))
    assert.equal((await client.next('connack')).reasonCode, 0)
    const { clientIdentifier, userName, password } = requests[0] ?? {}
    assert.deepEqual([clientIdentifier, userName, String(password)], ['id', 'user', 'secret'])
    client[Symbol.dispose]()
    const message = await watcher.message()
    assert.equal(message.text, 'will-payload')
    assert.equal(message.properties.contentType, version === 5 ? 'kind' : undefined)
  }
})

test('[MQTT-3.1.3-2] [MQTT3-3.1.3-2] the Client Identifier says which Session a client goes on with', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    const names = [`one${version}`, `two${version}`]
    for (const name of names) {
      using client = await broker.client(version, staying(version, name))
      await client.subscribe(name, { qos: 1 })
      await client.leave()
    }
    for (const name of names) await broker.broker.publish({ topicName: name, payload: `for ${name}` })
    for (const name of names.toReversed()) {
      using client = await broker.open(version)
      assert.equal((await client.connect(staying(version, name))).sessionPresent, true)
      assert.equal((await client.message()).text, `for ${name}`)
      await client.quiet()
    }
  }
})

test('[MQTT-3.1.3-3] [MQTT3-3.1.3-3] a CONNECT without the field for a Client Identifier is malformed, an empty one is not', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    await assertMalformed(broker, version, connectPacket(version, 2, ''))
    using client = await broker.open(version)
    client.sendBytes(connectPacket(version, 2, field('')))
    assert.equal((await client.next('connack')).reasonCode, 0)
  }
})

test('[MQTT-3.1.3-4] [MQTT3-3.1.3-4] a Client Identifier that is not UTF-8 is malformed, any UTF-8 is taken as it is', async () => {
  const identifiers: (string | null)[] = []
  await using broker = await startTestBroker()
  broker.broker.on('connected', ({ clientIdentifier }) => identifiers.push(clientIdentifier))
  for (const version of versions) {
    await assertMalformed(broker, version, connectPacket(version, 2, illFormed))
    using _client = await broker.client(version, { clientIdentifier: '커피 ☕' })
    assert.deepEqual(identifiers.splice(0), ['커피 ☕'])
  }
})

test('[MQTT-3.1.3-5] [MQTT3-3.1.3-5] Client Identifiers of 1 to 23 letters and digits are taken, and told apart', async () => {
  await using broker = await startTestBroker()
  const identifiers = ['0', 'a', 'A', '0123456789abcdefghijklm', 'nopqrstuvwxyzABCDEFGHIJ', 'KLMNOPQRSTUVWXYZ']
  for (const version of versions) {
    for (const isKnown of [false, true]) {
      for (const clientIdentifier of identifiers) {
        using client = await broker.open(version)
        const fields = staying(version, clientIdentifier)
        const { reasonCode, sessionPresent, properties } = await client.connect(fields)
        assert.deepEqual([reasonCode, sessionPresent], [0, isKnown], clientIdentifier)
        assert.equal(properties.assignedClientIdentifier, undefined)
        await client.leave()
      }
    }
    for (const clientIdentifier of identifiers) {
      using client = await broker.client(version, { clientIdentifier, cleanStart: true })
      await client.leave()
    }
  }
})

test('[MQTT-3.1.3-6] [MQTT-3.2.2-16] [MQTT3-3.1.3-6] clients without a Client Identifier get one each, which no Session has', async () => {
  await using broker = await startTestBroker()
  const identifiers: string[] = []
  broker.broker.on('connected', ({ clientIdentifier }) => identifiers.push(clientIdentifier))
  for (const version of versions) {
    using stack = new DisposableStack()
    const clients = []
    while (clients.length < 10) {
      const client = stack.use(await broker.open(version))
      const { reasonCode, properties } = await client.connect({ clientIdentifier: '' })
      assert.equal(reasonCode, 0)
      if (version === 5) assert.equal(properties.assignedClientIdentifier, identifiers.at(-1))
      clients.push(client)
    }
    for (const client of clients) await client.quiet()
  }
  assert.ok(identifiers.every((identifier) => identifier.length > 0))
  assert.equal(new Set(identifiers).size, 20)
})

test('[MQTT3-3.1.3-6] an assigned Client Identifier is the one of that client: whoever else sends it takes over', async () => {
  await using broker = await startTestBroker()
  let assigned = ''
  broker.broker.on('connected', ({ clientIdentifier }) => {
    assigned = clientIdentifier
  })
  using nameless = await broker.client(4, { clientIdentifier: '' })
  using _named = await broker.client(4, { clientIdentifier: assigned })
  await nameless.closed()
})

test('[MQTT-3.1.3-7] an assigned Client Identifier is told, and names the Session from then on', async () => {
  await using broker = await startTestBroker()
  using first = await broker.open(5)
  const connack = await first.connect({ clientIdentifier: '', cleanStart: false, properties: forever })
  const assigned = connack.properties.assignedClientIdentifier ?? ''
  await first.subscribe('a')
  await first.leave()
  await broker.broker.publish({ topicName: 'a', payload: 'waits' })
  using again = await broker.open(5)
  const { sessionPresent, properties } = await again.connect(staying(5, assigned))
  assert.deepEqual([sessionPresent, properties.assignedClientIdentifier], [true, undefined])
  assert.equal((await again.message()).text, 'waits')
})

test('[MQTT-3.1.3-8] [MQTT3-3.1.3-9] a Client Identifier that is not wanted is refused with 0x85, in 3.1.1 with 2, and the connection closed', async () => {
  await using broker = await startTestBroker({
    authenticate: ({ clientIdentifier }) => clientIdentifier === 'wanted' || { type: 'refused', reasonCode: 0x85 },
  })
  for (const version of versions) {
    using unwanted = await broker.open(version)
    assert.equal((await unwanted.connect({ clientIdentifier: 'unwanted' })).reasonCode, version === 5 ? 0x85 : 2)
    await unwanted.closed()
    using _wanted = await broker.client(version, { clientIdentifier: 'wanted' })
  }
})

test('[MQTT3-3.1.3-7] [MQTT3-3.1.3-8] an empty Client Identifier with CleanSession 0 is refused with 2 and the connection closed', async () => {
  await using broker = await startTestBroker()
  using client = await broker.open(4)
  assert.equal((await client.connect({ clientIdentifier: '', cleanStart: false })).reasonCode, 2)
  await client.closed()
  using _clean = await broker.client(4, { clientIdentifier: '', cleanStart: true })
})

test('[MQTT-3.1.3-12] [MQTT3-3.1.3-11] a User Name that is not UTF-8 is malformed, any UTF-8 is taken as it is', async () => {
  const userNames: (string | null)[] = []
  await using broker = await startTestBroker({ authenticate: ({ userName }) => userNames.push(userName) > 0 })
  for (const version of versions) {
    await assertMalformed(broker, version, connectPacket(version, 0x82, `${field('c')}${illFormed}`))
    using _client = await broker.client(version, { userName: '맥심 ☕' })
    assert.deepEqual(userNames.splice(0), ['맥심 ☕'])
  }
})
