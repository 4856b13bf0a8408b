/**
 * The store of the tests is a store, and its troubles are those a store may have.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreRefusedError } from '../../src/store/log-port.ts'
import { testLogPort } from '../../src/store/log-port-contract.ts'
import { TroubledStore } from './troubled-store.ts'

const batch = [{ type: 'session-ended', session: 's' }] as const

testLogPort('troubled, while it has none', () => new TroubledStore())

test('what is refused is not written, and the same batch may be tried again', async () => {
  const store = new TroubledStore()
  store.mode = 'refusing'
  await assert.rejects(store.append(0, batch), StoreRefusedError)
  assert.equal(await store.head(0), 0)
  store.mode = 'prompt'
  assert.deepEqual(await store.append(0, batch), { first: 1 })
})

test('what is held is durable once it is released, not before', async () => {
  const store = new TroubledStore()
  store.mode = 'held'
  const appending = store.append(0, batch)
  assert.equal(await store.head(0), 0)
  store.release()
  assert.deepEqual(await appending, { first: 1 })
})

test('a failure is not a refusal', async () => {
  const store = new TroubledStore()
  store.mode = 'failing'
  await assert.rejects(store.append(0, batch), (error) => !(error instanceof StoreRefusedError))
})
