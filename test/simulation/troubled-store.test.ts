/**
 * The troubles of the store of the tests are those a store may have.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreRefusedError } from '../../src/store/store.ts'
import { TroubledStore } from './troubled-store.ts'

const batch = [{ type: 'session-ended', session: 1 }] as const

test('what is refused is not written, and the same batch may be tried again', async () => {
  const store = new TroubledStore()
  store.mode = 'refusing'
  await assert.rejects(store.append(0, 1, batch), StoreRefusedError)
  assert.equal(await store.head(0), 0)
  store.mode = 'prompt'
  await store.append(0, 1, batch)
  assert.equal(await store.head(0), 1)
})

test('what is held is durable once it is released, not before', async () => {
  const store = new TroubledStore()
  store.mode = 'held'
  const appending = store.append(0, 1, batch)
  assert.equal(await store.head(0), 0)
  store.release()
  await appending
  assert.equal(await store.head(0), 1)
})

test('a failure is not a refusal', async () => {
  const store = new TroubledStore()
  store.mode = 'failing'
  await assert.rejects(store.append(0, 1, batch), (error) => !(error instanceof StoreRefusedError))
})
