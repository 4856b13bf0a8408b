import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpProblem } from '../problem.ts'
import { checkHost } from './hosts.ts'

function isOurs(header: string | undefined, ...names: string[]): boolean {
  try {
    checkHost(header, names)
    return true
  } catch (error) {
    assert.ok(error instanceof HttpProblem && error.status === 421)
    return false
  }
}

test('addresses, localhost and the names it was given are ours, whatever the port, and nothing else is', () => {
  const given = 'broker.example'
  for (const header of [
    '10.0.0.7',
    '[::1]:18083',
    'localhost',
    'LocalHost:1',
    'localhost.',
    given,
    'BROKER.example:443',
  ]) {
    assert.equal(isOurs(header, given), true, header)
  }
  const others = [
    undefined,
    '',
    ':1',
    'broker',
    'x.broker.example',
    'broker.example.evil',
    'localhost.evil',
    '10.0.0.7.evil',
  ]
  for (const header of [...others, '[::1', '::1', 'a@localhost', 'localhost/']) {
    assert.equal(isOurs(header, given), false, header)
  }
  assert.equal(isOurs(given), false)
})
