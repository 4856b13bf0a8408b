import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Logins } from './logins.ts'

const hourMs = 60 * 60 * 1000

test('a hundred logins are kept: one more takes the place of the oldest', () => {
  const logins = new Logins()
  const tokens = Array.from({ length: 101 }, () => logins.begin(0).token)
  const isThere = tokens.map((token) => logins.find(token, 0) !== null)
  assert.deepEqual([isThere.filter((each) => each).length, isThere[0], isThere[1]], [100, false, true])
})

test('those that have ended make room first', () => {
  const logins = new Logins()
  const used = logins.begin(0)
  for (let count = 0; count < 99; count++) logins.begin(0)
  assert.notEqual(logins.find(used.token, hourMs - 1), null)
  logins.begin(hourMs)
  assert.notEqual(logins.find(used.token, hourMs), null)
})

test('one login is ended and the others stay, or it stays and the others are ended', () => {
  const logins = new Logins()
  const [one, other] = [logins.begin(0), logins.begin(0)]
  assert.deepEqual([logins.has(one.principal, 0), logins.has(one.principal, 12 * hourMs)], [true, false])
  logins.end(one.principal)
  assert.deepEqual([logins.has(one.principal, 0), logins.has(other.principal, 0)], [false, true])
  const third = logins.begin(0)
  logins.endOthers(third.principal)
  assert.deepEqual([logins.has(other.principal, 0), logins.has(third.principal, 0)], [false, true])
})
