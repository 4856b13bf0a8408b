/**
 * Callbacks of a host that fail: whoever they were asked about is refused, and the host hears of it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BrokerOptions } from '../../src/index.ts'
import { startTestBroker } from '../support/test-broker.ts'

const failures: readonly (readonly [how: string, fail: () => never | Promise<never>])[] = [
  [
    'throws',
    () => {
      throw new Error('it broke')
    },
  ],
  ['rejects', async () => Promise.reject(new Error('it broke'))],
]

async function faultsOf(options: BrokerOptions) {
  const tested = await startTestBroker(options)
  const faults: string[] = []
  tested.broker.on('fault', (error) => faults.push(String(error)))
  return { tested, faults }
}

for (const [how, fail] of failures) {
  test(`nobody is let in while authenticate ${how}`, async () => {
    const { tested, faults } = await faultsOf({ authenticate: fail })
    await using _ = tested
    for (const [version, code] of [
      [5, 0x87],
      [4, 5],
    ] as const) {
      const client = await tested.open(version)
      assert.equal((await client.connect({ userName: 'a', password: Buffer.from('b') })).reasonCode, code)
      assert.equal(await client.nextOrClosed('publish'), null)
    }
    assert.deepEqual(faults, ['Error: it broke', 'Error: it broke'])
  })

  test(`nothing is published, subscribed to or left as a Will Message while authorize ${how}`, async () => {
    const { tested, faults } = await faultsOf({ authorize: fail })
    await using _ = tested
    const client = await tested.client(5)
    client.publish({ topicName: 'a', qos: 1, packetId: 1, payload: Buffer.from('x') })
    assert.equal((await client.next('puback')).reasonCode, 0x87)
    assert.equal(await client.subscribe('a'), 0x87)
    const will = { topicName: 'w', payload: Buffer.from('x'), qos: 0, retain: false, properties: {} } as const
    const other = await tested.open(5)
    assert.equal((await other.connect({ will })).reasonCode, 0x87)
    assert.deepEqual([...new Set(faults)], ['Error: it broke'])
    assert.equal(tested.broker.tally.messages.routed, 0)
  })
}

test('what is no verdict is none: only true lets in, and the host hears what was no verdict', async () => {
  for (const verdict of [1, 'yes', null, undefined, {}, { ok: true }, { type: 'accepted', account: 7 }]) {
    // What a program without types may answer.
    const { tested, faults } = await faultsOf({ authenticate: () => verdict as never })
    await using _ = tested
    const client = await tested.open(5)
    const { reasonCode } = await client.connect({ userName: 'a', password: Buffer.from('b') })
    assert.ok(reasonCode >= 0x80, `${String(verdict)}: ${reasonCode}`)
    assert.match(
      faults.join(),
      /authenticate answered .* must answer true, false, \{ type|account of a client must be a text, found 7/,
    )
  }
})

test('to refuse is no fault', async () => {
  for (const verdict of [false, { type: 'refused' }] as const) {
    const { tested, faults } = await faultsOf({ authenticate: () => verdict })
    await using _ = tested
    const client = await tested.open(5)
    assert.equal((await client.connect({ userName: 'a', password: Buffer.from('b') })).reasonCode, 0x86)
    assert.deepEqual(faults, [])
  }
})

test('authorize that answers neither true nor false refuses, and the host hears of it', async () => {
  for (const verdict of [1, undefined, Promise.resolve('yes')]) {
    // As above.
    const { tested, faults } = await faultsOf({ authorize: () => verdict as never })
    await using _ = tested
    const client = await tested.client(5)
    assert.equal(await client.subscribe('a'), 0x87)
    assert.match(
      faults.join(),
      /^TypeError: authorize answered (1|nothing|"yes"), which refuses; it must answer true or false$/,
    )
  }
})

test('a client whose login the host never answers is told after connectSecondsMax, and so is the host', async () => {
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  const authenticate = (): Promise<never> => {
    resolve()
    return new Promise(() => {})
  }
  const { tested } = await faultsOf({ authenticate, limits: { connectSecondsMax: 10 } })
  await using _ = tested
  const reasons: string[] = []
  tested.broker.on('refused', ({ reason }) => reasons.push(reason))
  const client = await tested.open(5)
  client.sendConnect({ userName: 'a', password: Buffer.from('b') })
  await asked
  tested.advanceBy(10)
  assert.equal((await client.next('connack')).reasonCode, 0x87)
  assert.deepEqual(reasons, [
    'no answer of the host to the question whether it may connect within 10 seconds (limits.connectSecondsMax)',
  ])
})

test('a client that does not go on with its enhanced authentication is waited for as long, and the host hears for what', async () => {
  const step = () => ({ type: 'continue', data: Buffer.from('go on') }) as const
  const { tested } = await faultsOf({ authenticationMethods: [{ name: 'M', begin: () => ({ step }) }] })
  await using _ = tested
  const reasons: string[] = []
  tested.broker.on('refused', ({ reason }) => reasons.push(reason))
  const client = await tested.open(5)
  client.sendConnect({ properties: { authenticationMethod: 'M' } })
  await client.next('auth')
  tested.advanceBy(10)
  assert.equal((await client.next('connack')).reasonCode, 0x87)
  assert.deepEqual(reasons, ['no AUTH within 10 seconds (limits.connectSecondsMax)'])
})
