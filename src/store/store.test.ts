import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
