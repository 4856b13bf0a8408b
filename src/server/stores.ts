/**
 * The stores a broker can be given.
 */
import { MemoryStore } from '../store/memory-store.ts'
import type { PrivateFiles } from '../store/sqlite/private-files.ts'
import { type SqliteOptions, SqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { Store } from '../store/store.ts'

/** Nothing survives the process. */
export function memory(): Store {
  return new MemoryStore(false)
}

/**
 * Everything that was acknowledged survives, in a directory that is created if it is missing and that one broker uses at a
 * time. Files of it are readable by this user only.
 */
export function sqlite(directory: string, options: SqliteOptions = {}): Store {
  return new SqliteStore(directory, options)
}

/** What of its directory other users could read when it was opened; null for a store without one. */
export function privateFilesOf(store: Store | undefined): PrivateFiles | null {
  return store instanceof SqliteStore ? store.files : null
}
