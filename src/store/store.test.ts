import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Snapshot } from '../core/rest/snapshot-round.ts'
import { MemoryStore } from './memory-store.ts'
import { SqliteStore } from './sqlite/sqlite-store.ts'
import { type StoreUnderTest, testStore } from './store-contract.ts'

testStore('in memory', 50, async () => {
  const store = new MemoryStore(true)
  await store.open()
  return {
    next: async () => store,
    reopen: async () => {
      await store.close()
      await store.open()
    },
    remove: () => store.close(),
  }
})

testStore('SQLite', 10, () => sqliteUnderTest({ isReopenedEachStep: false, durability: 'fsync' }))
testStore('SQLite, opened anew for each step', 2, () =>
  sqliteUnderTest({ isReopenedEachStep: true, durability: 'interval' }),
)

async function sqliteUnderTest(options: {
  isReopenedEachStep: boolean
  durability: 'fsync' | 'interval'
}): Promise<StoreUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'pabal-store-'))
  let store = new SqliteStore(directory, options)
  await store.open()
  const reopen = async (): Promise<void> => {
    await store.close()
    store = new SqliteStore(directory, options)
    await store.open()
  }
  return {
    reopen,
    next: async () => {
      if (options.isReopenedEachStep) await reopen()
      return store
    },
    remove: async () => {
      await store.close()
      await rm(directory, { recursive: true })
    },
  }
}

test('SQLite is given a snapshot of very many Retained Messages a little in each turn of the event loop', async () => {
  const subject = await sqliteUnderTest({ isReopenedEachStep: false, durability: 'fsync' })
  const store = await subject.next()
  let walked = 0
  let walkedMost = 0
  const seqs = {
    length: 50_000,
    *[Symbol.iterator]() {
      for (let seq = 1; seq <= 50_000; seq++) {
        walked += 1
        walkedMost = Math.max(walkedMost, walked)
        yield seq
      }
    },
  }
  let isPut = false
  const countTurn = (): void => {
    walked = 0
    if (!isPut) setImmediate(countTurn)
  }
  setImmediate(countTurn)
  await store.put(0, 7, [{ type: 'retained', seqs }])
  isPut = true
  // A step begins with the number that the one before had come to.
  assert.ok(walkedMost <= 10_001, `${walkedMost} in one turn`)
  const found: Snapshot[] = []
  await store.snapshots(0, (snapshot) => found.push(snapshot))
  assert.deepEqual(found, [{ type: 'retained', seqs: [...seqs] }])
  await subject.remove()
})

test('SQLite that was abandoned carries out nothing more, and somebody else may open it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'pabal-store-'))
  const store = new SqliteStore(directory)
  store.onFailure = (error) => assert.fail(error)
  await store.abandon()
  await store.open()
  await store.append(0, 1, [{ type: 'settled', session: 1, orders: [] }])
  const underWay = store.append(0, 2, [{ type: 'settled', session: 1, orders: [] }]).then(
    () => 2,
    () => 1,
  )
  await store.abandon()
  await assert.rejects(store.head(0), /the store was closed/)
  const acknowledged = await underWay
  await store.close()
  const next = new SqliteStore(directory)
  await next.open()
  const head = await next.head(0)
  assert.ok(head >= acknowledged && head <= 2, `${head} of ${acknowledged} acknowledged`)
  await next.close()
  await store.open()
  assert.equal(await store.head(0), head)
  await store.close()
  await rm(directory, { recursive: true })
})
