/**
 * Guessing passwords: an address that fails too often is turned away unasked, and nobody else suffers for it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FailedLogins } from '../../src/server/authentication/failed-logins.ts'
import { startTestBroker } from '../support/test-broker.ts'

test('so many logins may fail at once and in each second; then the address is refused without being asked', async () => {
  let asked = 0
  const authenticate = async ({ userName }: { userName: string | null }) => {
    asked += 1
    return userName === 'ann'
  }
  await using running = await startTestBroker({ authenticate, limits: { failedLoginsPerSecondMax: 3 } })
  const login = async (userName: string, version: 4 | 5 = 5) => {
    using client = await running.open(version)
    return (await client.connect({ userName })).reasonCode
  }
  const codes = []
  for (const name of ['eve', 'ann', 'eve', 'ann', 'eve', 'ann', 'eve']) codes.push(await login(name))
  assert.deepEqual([codes, asked], [[0x86, 0, 0x86, 0, 0x86, 0x9f, 0x9f], 5])
  assert.equal(await login('ann', 4), 3)
  running.advanceBy(1)
  assert.deepEqual([await login('ann'), await login('eve')], [0, 0x86])
})

test('connections that end without a CONNECT count like logins that fail', async () => {
  await using running = await startTestBroker({ authenticate: () => true, limits: { failedLoginsPerSecondMax: 3 } })
  const codes = []
  for (const bytes of ['c000', '', '10ff', 'ffffffff']) {
    {
      using client = await running.open(5)
      codes.push((await client.connect({ userName: 'ann' })).reasonCode)
      await client.leave()
    }
    const refused = running.event('refused')
    const client = await running.open(5)
    client.sendBytes(bytes)
    if (bytes === '' || bytes === '10ff') client[Symbol.dispose]()
    await refused
  }
  using last = await running.open(5)
  const { reasonCode, properties } = await last.connect({ userName: 'ann' })
  assert.deepEqual([...codes, reasonCode], [0, 0, 0, 0x9f, 0x9f])
  assert.match(
    properties.reasonString ?? '',
    /^more than \d+ logins a second from this address have failed; wait a moment \(limits\.failedLoginsPerSecondMax\)$/,
  )
})

test('logins that succeed do not count, nor refusals that say nothing of the client', async () => {
  const authenticate = ({ userName }: { userName: string | null }) =>
    userName === 'busy' ? ({ type: 'refused', reasonCode: 0x89 } as const) : true
  await using running = await startTestBroker({ authenticate, limits: { failedLoginsPerSecondMax: 1 } })
  for (let count = 0; count < 5; count++) {
    for (const [userName, expected] of [
      ['busy', 0x89],
      ['ann', 0],
    ] as const) {
      using client = await running.open(5)
      assert.equal((await client.connect({ userName })).reasonCode, expected)
    }
  }
})

test('each address has its own bound, and of IPv6 each network', () => {
  let nowMs = 0
  const failed = new FailedLogins(
    () => 2,
    () => nowMs,
  )
  const fail = (address: string, times: number) => {
    for (let count = 0; count < times; count++) failed.note(address)
    return failed.areTooMany(address)
  }
  assert.deepEqual([fail('10.0.0.1:1', 1), fail('10.0.0.1:2', 1), fail('10.0.0.2:1', 1)], [false, true, false])
  assert.equal(fail('[2001:db8:1:2:3::4]:5', 2), true)
  assert.deepEqual(
    [failed.areTooMany('[2001:db8:1:2:9::9]:6'), failed.areTooMany('[2001:db8:1:3::1]:5')],
    [true, false],
  )
  assert.deepEqual([fail('[::ffff:10.9.0.1]:1', 2), failed.areTooMany('[::ffff:10.9.0.2]:1')], [true, false])
  assert.deepEqual([fail('[::1]:9', 2), failed.areTooMany('[2001:db8::1]:1')], [true, false])
  nowMs = 600
  assert.equal(failed.areTooMany('10.0.0.1:3'), false)
  for (let number = 0; number < 25_000; number++) failed.note(`10.1.${number >> 8}.${number & 255}:1`)
  assert.equal(failed.areTooMany('10.0.0.1:3'), false, 'what is kept of addresses is bounded')
})
