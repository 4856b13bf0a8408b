import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpProblem } from '../problem.ts'
import { Attempts } from './attempts.ts'

function isKeptOut(attempts: Attempts, address: string, nowMs = 0): boolean {
  try {
    attempts.check(address, nowMs)
    return false
  } catch (error) {
    assert.ok(error instanceof HttpProblem && error.status === 429)
    return true
  }
}

/** So many failures, each from an address of its own. */
function failEverywhere(attempts: Attempts, count: number): void {
  for (let index = 0; index < count; index++) attempts.failed(`10.0.${index >> 8}.${index & 255}`, 0)
}

test('sixty failures from anywhere keep everybody out for a minute, but who is on this machine', () => {
  const attempts = new Attempts()
  failEverywhere(attempts, 59)
  assert.equal(isKeptOut(attempts, '192.0.2.1'), false)
  attempts.failed('192.0.2.2', 0)
  assert.equal(isKeptOut(attempts, '192.0.2.1'), true)
  for (const own of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) assert.equal(isKeptOut(attempts, own), false, own)
  assert.equal(isKeptOut(attempts, '192.0.2.1', 59_999), true)
  assert.equal(isKeptOut(attempts, '192.0.2.1', 60_000), false)
})

test('who logs in is no failure, however often it is done and however it was counted before', () => {
  const attempts = new Attempts()
  for (let count = 0; count < 100; count++) {
    attempts.check('192.0.2.1', 0)
    attempts.failed('192.0.2.1', 0)
    attempts.succeeded('192.0.2.1')
  }
  assert.equal(isKeptOut(attempts, '192.0.2.2'), false)
})

test('ten failures are those of one address, and of a whole network of IPv6', () => {
  const attempts = new Attempts()
  for (let count = 0; count < 10; count++) {
    attempts.failed('192.0.2.1', 0)
    attempts.failed(`2001:db8:1:2::${count}`, 0)
  }
  const addresses = ['192.0.2.1', '::ffff:192.0.2.1', '192.0.2.2', '2001:db8:1:2:3::9', '2001:db8:1:3::1']
  assert.deepEqual(
    addresses.map((address) => isKeptOut(attempts, address)),
    [true, true, false, true, false],
  )
})

test('whoever has addresses without end does not make the list of them endless', () => {
  const attempts = new Attempts()
  for (let count = 0; count < 10; count++) attempts.failed('127.0.0.1', 0)
  failEverywhere(attempts, 9999)
  // Who is in it already takes no further place.
  attempts.failed('10.0.0.0', 0)
  assert.equal(isKeptOut(attempts, '127.0.0.1'), true)
  attempts.failed('198.51.100.1', 0)
  assert.equal(isKeptOut(attempts, '127.0.0.1'), false, 'the list was emptied')
})
