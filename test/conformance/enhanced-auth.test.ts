/**
 * AUTH and enhanced authentication: MQTT 5.0 sections 3.15 and 4.12.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BrokerOptions, EnhancedAuthenticationMethod, EnhancedAuthenticationStep } from '../../src/index.ts'
import { connectPacket, exchange, field, packet } from '../support/packet-hex.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import type { WireClient } from '../support/wire-client.ts'

/** Asks for a word, and judges by it. */
const toy: EnhancedAuthenticationMethod = {
  name: 'toy',
  begin: () => ({
    step(data): EnhancedAuthenticationStep {
      const word = data === null ? '' : Buffer.from(data).toString()
      if (word === 'hello') return { type: 'continue', data: Buffer.from('word?') }
      if (word === 'open') return { type: 'accepted', account: 'minji', data: Buffer.from('welcome') }
      return { type: 'refused', reasonCode: word === 'liar' ? 0x86 : 0x87 }
    },
  }),
}
const options: BrokerOptions = { authenticationMethods: [toy], allowAnonymous: true }

function auth(reasonCode: number, word: string, authenticationMethod = 'toy') {
  return {
    type: 'auth',
    reasonCode,
    properties: { authenticationMethod, authenticationData: Buffer.from(word) },
  } as const
}

/** Opens a connection and sends CONNECT with the method; what comes back is the caller's to read. */
async function begin(broker: TestBroker, word = 'hello', authenticationMethod = 'toy', more = ''): Promise<WireClient> {
  const client = await broker.open(5)
  const properties = `15${field(authenticationMethod)}16${field(word)}${more}`
  client.sendBytes(connectPacket(5, 2, field('c'), properties))
  return client
}

async function login(broker: TestBroker): Promise<WireClient> {
  const client = await begin(broker)
  await client.next('auth')
  client.send(auth(0x18, 'open'))
  assert.equal((await client.next('connack')).reasonCode, 0)
  return client
}

/** The broker refuses the CONNECT that is under way. */
async function refusesConnect(client: WireClient, reasonCode: number): Promise<void> {
  assert.equal((await client.next('connack')).reasonCode, reasonCode)
  await client.closed()
}

test('[MQTT-3.15.1-1] AUTH with flags that are not 0 is malformed, before and after CONNACK', async () => {
  await using broker = await startTestBroker(options)
  for (const flags of ['1', '2', '4', '8', 'f']) {
    using early = await begin(broker)
    await early.next('auth')
    early.sendBytes(packet(`f${flags}`, '18'))
    await refusesConnect(early, 0x81)
    using late = await login(broker)
    late.sendBytes(packet(`f${flags}`, '19'))
    await late.refused(0x81)
  }
})

test('[MQTT-3.15.2-1] AUTH with a Reason Code that it does not have is a Protocol Error', async () => {
  await using broker = await startTestBroker(options)
  for (const code of [0x01, 0x17, 0x1a, 0x80, 0x87, 0xff]) {
    using early = await begin(broker)
    await early.next('auth')
    early.send(auth(code, 'open'))
    await refusesConnect(early, 0x82)
    using late = await login(broker)
    late.send(auth(code, 'hello'))
    await late.refused(0x82)
  }
})

test('[MQTT-4.12.0-1] an Authentication Method that is not known is refused with 0x8C', async () => {
  for (const each of [options, { authenticate: () => true }, {}]) {
    await using broker = await startTestBroker(each)
    using client = await begin(broker, 'hello', 'Toy')
    await refusesConnect(client, 0x8c)
  }
})

test('[MQTT-4.12.0-2] an AUTH of the broker that asks for more carries 0x18', async () => {
  await using broker = await startTestBroker(options)
  using client = await begin(broker)
  for (let count = 0; count < 3; count++) {
    const { reasonCode, properties } = await client.next('auth')
    assert.equal(reasonCode, 0x18)
    assert.equal(Buffer.from(properties.authenticationData ?? '').toString(), 'word?')
    client.send(auth(0x18, 'hello'))
  }
  await client.next('auth')
  client.send(auth(0x18, 'open'))
  await client.next('connack')
})

test('[MQTT-4.12.0-3] an AUTH of the client that answers with another code than 0x18 is a Protocol Error', async () => {
  await using broker = await startTestBroker(options)
  for (const code of [0x00, 0x19]) {
    using early = await begin(broker)
    await early.next('auth')
    early.send(auth(code, 'open'))
    await refusesConnect(early, 0x82)
    using late = await login(broker)
    late.send(auth(0x19, 'hello'))
    await late.next('auth')
    late.send(auth(code, 'open'))
    await late.refused(0x82)
  }
})

test('[MQTT-4.12.0-3] an AUTH 0x18 that nobody asked for is a Protocol Error', async () => {
  await using broker = await startTestBroker(options)
  using client = await login(broker)
  client.send(auth(0x18, 'open'))
  await client.refused(0x82)
})

test('[MQTT-4.12.0-4] the broker may refuse at any step, and closes', async () => {
  await using broker = await startTestBroker(options)
  using first = await begin(broker, 'nonsense')
  await refusesConnect(first, 0x87)
  using later = await begin(broker)
  await later.next('auth')
  later.send(auth(0x18, 'hello'))
  await later.next('auth')
  later.send(auth(0x18, 'liar'))
  await refusesConnect(later, 0x86)
})

test('[MQTT-4.12.0-5] every AUTH of the broker and its CONNACK name the method of CONNECT', async () => {
  await using broker = await startTestBroker(options)
  using client = await begin(broker)
  assert.equal((await client.next('auth')).properties.authenticationMethod, 'toy')
  client.send(auth(0x18, 'open'))
  const { properties } = await client.next('connack')
  assert.equal(properties.authenticationMethod, 'toy')
  assert.equal(Buffer.from(properties.authenticationData ?? '').toString(), 'welcome')
  client.send(auth(0x19, 'hello'))
  assert.equal((await client.next('auth')).properties.authenticationMethod, 'toy')
  client.send(auth(0x18, 'open'))
  const { reasonCode, properties: last } = await client.next('auth')
  assert.equal(reasonCode, 0)
  assert.equal(last.authenticationMethod, 'toy')
})

test('[MQTT-4.12.0-5] an AUTH of the client that names another method, or none, is a Protocol Error', async () => {
  await using broker = await startTestBroker(options)
  for (const bad of [auth(0x18, 'open', 'tay'), { type: 'auth', reasonCode: 0x18, properties: {} } as const]) {
    using client = await begin(broker)
    await client.next('auth')
    client.send(bad)
    await refusesConnect(client, 0x82)
  }
})

test('[MQTT-4.12.0-6] a client that names no method meets no AUTH, and no method in CONNACK', async () => {
  await using broker = await startTestBroker(options)
  using client = await broker.open(5)
  const { reasonCode, properties } = await client.connect({ userName: 'minji', password: Buffer.from('hello') })
  assert.equal(reasonCode, 0)
  assert.equal('authenticationMethod' in properties, false)
  await client.quiet()
})

test('[MQTT-4.12.0-6] where a method is demanded, a client that names none is refused without AUTH', async () => {
  await using broker = await startTestBroker({ authenticationMethods: [toy] })
  using client = await broker.open(5)
  const { reasonCode, properties } = await client.connect()
  assert.equal(reasonCode, 0x87)
  assert.equal('authenticationMethod' in properties, false)
  await client.closed()
})

test('[MQTT-4.12.0-7] AUTH from a client that named no method is a Protocol Error', async () => {
  await using broker = await startTestBroker(options)
  for (const code of [0x00, 0x18, 0x19]) {
    using client = await broker.client(5)
    client.send(auth(code, 'hello'))
    await client.refused(0x82)
  }
  assert.equal(await exchange(broker.url, 'f000'), '')
})

test('[MQTT-4.12.1-1] a client that re-authenticates with another method is refused', async () => {
  await using broker = await startTestBroker({ ...options, authenticationMethods: [toy, { ...toy, name: 'tay' }] })
  using client = await login(broker)
  client.send(auth(0x19, 'hello', 'tay'))
  await client.refused(0x82)
})

test('[MQTT-4.12.1-1] a client that re-authenticates with its method goes on as before', async () => {
  await using broker = await startTestBroker(options)
  using client = await login(broker)
  await client.subscribe('a')
  client.send(auth(0x19, 'hello'))
  await client.next('auth')
  client.publish({ topicName: 'a' })
  await client.message()
  client.send(auth(0x18, 'open'))
  assert.equal((await client.next('auth')).reasonCode, 0)
  await client.quiet()
})

test('[MQTT-4.12.1-2] [MQTT-3.14.2-1] a failed re-authentication ends in a DISCONNECT with a code it has', async () => {
  await using broker = await startTestBroker(options)
  for (const word of ['nonsense', 'liar']) {
    using client = await login(broker)
    client.send(auth(0x19, 'hello'))
    await client.next('auth')
    client.send(auth(0x18, word))
    await client.refused(0x87)
  }
})

test('[MQTT-4.12.1-2] re-authentication for another account fails', async () => {
  const accounts = ['minji', 'jiho']
  const fickle: EnhancedAuthenticationMethod = {
    name: 'toy',
    begin: () => ({ step: () => ({ type: 'accepted', account: accounts.shift() ?? '' }) }),
  }
  await using broker = await startTestBroker({ authenticationMethods: [fickle] })
  using client = await begin(broker)
  assert.equal((await client.next('connack')).reasonCode, 0)
  client.send(auth(0x19, 'hello'))
  await client.refused(0x87)
})

test('an AUTH that is larger than what the client takes closes the connection', async () => {
  await using broker = await startTestBroker(options)
  using client = await begin(broker, 'hello', 'toy', '2700000010')
  await client.closed()
})

test('a refusal goes without its Reason String if the client takes no packet of that size', async () => {
  await using broker = await startTestBroker(options)
  using client = await begin(broker, 'hello', 'tay', '2700000010')
  const { reasonCode, properties } = await client.next('connack')
  assert.equal(reasonCode, 0x8c)
  assert.equal(properties.reasonString, undefined)
  await client.closed()
})
