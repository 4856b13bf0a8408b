import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAssigned } from '../core/access/identifier-patterns.ts'
import { newClientIdentifier } from './client-identifier.ts'

test('a Client Identifier that the broker gives is known by its form, and given once', () => {
  const given = newClientIdentifier()
  assert.equal(isAssigned(given), true)
  assert.notEqual(newClientIdentifier(), given)
  for (const name of ['pabal-', 'pabal-http-1', `x${given}`, `${given}1`]) assert.equal(isAssigned(name), false, name)
})
