/**
 * How many logins of one address may fail: at once, in time, and of how many addresses that is known.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FailedLogins } from './failed-logins.ts'

/** Two failures a second, and a clock to be moved. */
function watched(perSecond = 2) {
  const clock = { nowMs: 0, reached: 0 }
  const failed = new FailedLogins(
    () => perSecond,
    () => clock.nowMs,
    () => {
      clock.reached += 1
    },
  )
  const fail = (address: string, times = 1): boolean => {
    for (let count = 0; count < times; count++) failed.note(address)
    return failed.areTooMany(address)
  }
  return { clock, failed, fail }
}

const guesser = '192.0.2.7:50312'

test('as many as in a second may fail at once, and then one whenever its time has passed', () => {
  const { clock, failed, fail } = watched()
  assert.deepEqual([failed.areTooMany(guesser), fail(guesser), fail(guesser)], [false, false, true])
  clock.nowMs = 499
  assert.equal(failed.areTooMany(guesser), true)
  clock.nowMs = 500
  assert.deepEqual([failed.areTooMany(guesser), fail(guesser)], [false, true])
})

test('to ask does not make time pass', () => {
  const { clock, failed, fail } = watched()
  fail(guesser, 2)
  clock.nowMs = 300
  for (let count = 0; count < 10; count++) assert.equal(failed.areTooMany(guesser), true)
})

test('whoever has waited for long may fail no more often than anybody else', () => {
  const { clock, fail } = watched()
  fail(guesser)
  clock.nowMs = 3_600_000
  assert.equal(fail(guesser, 2), true)
  clock.nowMs += 3_600_000
  assert.deepEqual([fail(guesser), fail(guesser)], [false, true])
})

test('more failures than may be at once are waited for, each of them', () => {
  const { clock, failed, fail } = watched()
  fail(guesser, 6)
  clock.nowMs = 2499
  assert.equal(failed.areTooMany(guesser), true)
  clock.nowMs = 2500
  assert.equal(failed.areTooMany(guesser), false)
})

test('a clock that is set back locks nobody out for longer', () => {
  const { clock, failed, fail } = watched()
  clock.nowMs = 3_600_000
  fail(guesser, 2)
  clock.nowMs = 0
  assert.equal(failed.areTooMany(guesser), true)
  clock.nowMs = 500
  assert.equal(failed.areTooMany(guesser), false)
})

test('a refusal says what bound was reached, and is counted; to ask alone is not', () => {
  const { clock, failed, fail } = watched()
  assert.equal(failed.fault(guesser), null)
  fail(guesser, 2)
  assert.equal(clock.reached, 0)
  for (let count = 1; count <= 2; count++) {
    assert.match(failed.fault(guesser) ?? '', /^more than 2 logins a second from this address/)
    assert.equal(clock.reached, count)
  }
})

test('an address is one with any port, and of IPv6 so is a network, on each link and however it is written', () => {
  for (const [one, same, other] of [
    ['192.0.2.7:1', '192.0.2.7:2', '192.0.2.8:1'],
    ['[2001:db8:1:2:3::4]:5', '[2001:db8:1:2:9::9]:6', '[2001:db8:1:3::1]:5'],
    ['[2001::1:2:3:4:5]:1', '[2001:0:0:1::9]:1', '[2001::2:2:3:4:5]:1'],
    ['[1:2:3:4:5:6:7:8]:1', '[1:2:3:4::]:1', '[1:2:3::4]:1'],
    ['[::1]:1', '[::2:3:4:5]:1', '[::1:2:3:4:5]:1'],
    ['[fe80::1%eth0]:5', '[fe80::2%eth0]:6', '[fd00::1]:5'],
    ['[::ffff:192.0.2.7]:1', '192.0.2.7:2', '[::ffff:192.0.2.8]:1'],
  ] as const) {
    const { failed, fail } = watched()
    fail(one, 2)
    assert.deepEqual([failed.areTooMany(same), failed.areTooMany(other)], [true, false], one)
  }
})

test('ten thousand addresses are known at a time; with one more, it begins anew', () => {
  const { failed, fail } = watched()
  fail(guesser, 2)
  for (let number = 1; number < 10_000; number++) failed.note(`10.0.${number >> 8}.${number & 255}:1`)
  assert.equal(failed.areTooMany(guesser), true)
  failed.note('10.1.0.0:1')
  assert.equal(failed.areTooMany(guesser), false)
})

test('an address that has waited and comes back takes no place', () => {
  const { clock, failed, fail } = watched()
  const addresses = Array.from({ length: 9000 }, (_, number) => `10.0.${number >> 8}.${number & 255}:1`)
  for (const address of addresses) failed.note(address)
  clock.nowMs = 1000
  for (const address of addresses) assert.equal(failed.areTooMany(address), false)
  fail(guesser, 2)
  for (let number = 0; number < 9000; number++) failed.note(`10.1.${number >> 8}.${number & 255}:1`)
  assert.equal(failed.areTooMany(guesser), true)
})
