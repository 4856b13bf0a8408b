/**
 * Listeners of a host that fail: the broker goes on, for clients as if nothing had been, and the host hears of it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BrokerEvents, createBroker } from '../../src/index.ts'
import { startTestBroker } from '../support/test-broker.ts'

function fail(): never {
  throw new Error('it broke')
}

test('a listener that throws breaks off nothing: the client is served, and the host hears of a fault', async () => {
  await using tested = await startTestBroker()
  const faults: unknown[] = []
  tested.broker.on('fault', (error) => faults.push(error))
  tested.broker.on('connected', fail)
  tested.broker.on('subscribed', fail)
  tested.broker.on('published', fail)
  const client = await tested.client(5)
  assert.equal(await client.subscribe('a'), 2)
  client.publish({ topicName: 'a', qos: 1, packetId: 1 })
  const types = [await client.nextOf('puback', 'publish'), await client.nextOf('puback', 'publish')]
  assert.deepEqual(types.map(({ type }) => type).sort(), ['puback', 'publish'])
  assert.deepEqual(faults.map(String), ['Error: it broke', 'Error: it broke', 'Error: it broke'])
})

test('a fault that nobody listens for is shown as a warning of the process, once', async (t) => {
  const emitWarning = t.mock.method(process, 'emitWarning', () => {})
  await using tested = await startTestBroker({ authenticate: fail })
  for (let count = 0; count < 2; count++) {
    const client = await tested.open(5)
    assert.equal((await client.connect({ userName: 'a', password: Buffer.from('b') })).reasonCode, 0x87)
  }
  assert.equal(emitWarning.mock.callCount(), 1)
  const [text, options] = emitWarning.mock.calls[0]?.arguments ?? []
  assert.match(String(text), /broker\.on\('fault'/)
  assert.match(JSON.stringify(options), /it broke/)
})

test('what a listener for faults throws is an uncaught exception, and the broker goes on', async (t) => {
  await using tested = await startTestBroker({ authorize: fail })
  tested.broker.on('fault', () => {
    throw new Error('the listener, too')
  })
  const client = await tested.client(5)
  const uncaught = new Promise((resolve) => {
    process.setUncaughtExceptionCaptureCallback(resolve)
    t.after(() => process.setUncaughtExceptionCaptureCallback(null))
  })
  assert.equal(await client.subscribe('a'), 0x87)
  assert.match(String(await uncaught), /the listener, too/)
})

test('messages make events while somebody listens for them, and no longer', async () => {
  let makesEvents = false
  const afterTurn = ({ state }: { state: { reportsMessages: boolean } }) => {
    makesEvents = state.reportsMessages
  }
  await using tested = await startTestBroker({}, { afterTurn })
  const { broker } = tested
  const listener = () => {}
  broker.on('published', listener)
  await broker.publish({ topicName: 'a' })
  assert.equal(makesEvents, true)
  broker.off('published', listener)
  await broker.publish({ topicName: 'b' })
  assert.equal(makesEvents, false)
  const loop = broker.events('published')
  await broker.publish({ topicName: 'c' })
  assert.equal(makesEvents, true)
  await loop.return?.()
  await broker.publish({ topicName: 'd' })
  assert.equal(makesEvents, false)
  broker.once('published', listener)
  await broker.publish({ topicName: 'e' })
  await broker.publish({ topicName: 'f' })
  assert.equal(makesEvents, false, 'the one it was for has come')
})

test('a listener for the next time is called once, may listen again, and can be taken off', async () => {
  await using tested = await startTestBroker()
  const { broker } = tested
  const heard: string[] = []
  const again = ({ message }: BrokerEvents['published'][0]): void => {
    heard.push(message.topicName)
    if (heard.length < 2) broker.once('published', again)
  }
  const never = () => heard.push('never')
  assert.equal(broker.once('published', again).once('published', never).off('published', never), broker)
  for (const topicName of ['a', 'b', 'c']) await broker.publish({ topicName })
  assert.deepEqual(heard, ['a', 'b'])
  const faults: unknown[] = []
  broker.on('fault', (error) => faults.push(error)).once('published', fail)
  for (const topicName of ['d', 'e']) await broker.publish({ topicName })
  assert.deepEqual(faults.map(String), ['Error: it broke'])
})

test('events of several types are taken in a loop, in the order in which they came, until the broker stops', async () => {
  await using tested = await startTestBroker()
  const { broker } = tested
  const loop = broker.events(['connected', 'subscribed', 'disconnected'])
  const client = await tested.client(5, { clientIdentifier: 'pump' })
  await client.subscribe('a')
  await client.leave()
  const taken: string[] = []
  const taking = (async () => {
    for await (const { type, clientIdentifier } of loop) taken.push(`${type} ${clientIdentifier}`)
    return 'over'
  })()
  await broker.stop()
  assert.equal(await taking, 'over')
  assert.deepEqual(taken, ['connected pump', 'subscribed pump', 'disconnected pump'])
  assert.equal((await broker.events('connected').next()).done, true, 'nothing happens any more')
})

test('a loop is left by break and by a signal, and types that there are not are named', async () => {
  await using tested = await startTestBroker()
  const { broker } = tested
  const looping = new AbortController()
  const waits = broker.events('connected', looping).next()
  looping.abort(new Error('enough'))
  await assert.rejects(waits, /enough/)
  await assert.rejects(broker.events('connected', looping).next(), /enough/)
  const loop = broker.events('connected')
  await tested.client(5, { clientIdentifier: 'a' })
  for await (const { clientIdentifier } of loop) {
    assert.equal(clientIdentifier, 'a')
    break
  }
  // What a program without types may hand over.
  assert.throws(
    () => broker.events(['connected', 'conected'] as never),
    /^Error: there are no events conected, but connected, /,
  )
})

test('a listener is a function', () => {
  // What a program without types may hand over.
  assert.throws(() => createBroker({ listen: [] }).on('fault', 5 as never), /must be of type function/)
})
