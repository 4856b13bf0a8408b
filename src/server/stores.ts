/**
 * The stores a broker can be given.
 */
import { MemoryStore } from '../store/memory-store.ts'
import type { PrivateFiles } from '../store/sqlite/private-files.ts'
import { type SqliteOptions, SqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { Store } from '../store/store.ts'
import { describeValue } from './config/reading.ts'

export type { SqliteOptions, Store }

/** Nothing survives the process. */
export function memory(): Store {
  return new MemoryStore(false)
}

/**
 * Everything that was acknowledged survives, in a directory that is created if it is missing and that one broker uses at a
 * time. Files of it are readable by this user only.
 *
 * @throws an Error if the directory is no path, or an option none that there is. What is wrong with the directory, `start` says.
 */
export function sqlite(directory: string, options: SqliteOptions = {}): Store {
  const faults = [...faultsOf('the directory', directory, isPath, "a path, for example sqlite('data')")]
  for (const [name, value] of Object.entries(options)) {
    const known = sqliteOptions.get(name)
    if (known === undefined) faults.push(`found the unknown option ${name}, expected ${listOf(sqliteOptions.keys())}`)
    else if (value !== undefined) faults.push(...faultsOf(name, value, ...known))
  }
  if (faults.length > 0) throw new Error(`sqlite cannot be used so: ${faults.join('; ')}`)
  return new SqliteStore(directory, options)
}

/** What of its directory other users could read when it was opened; null for a store without one. */
export function privateFilesOf(store: Store | undefined): PrivateFiles | null {
  return store instanceof SqliteStore ? store.files : null
}

type IsRight = (value: unknown) => boolean

const isPath: IsRight = (value) => typeof value === 'string' && value !== ''
const isAmount: IsRight = (value) => typeof value === 'number' && value >= 0

const sqliteOptions: ReadonlyMap<string, readonly [isRight: IsRight, expected: string]> = new Map(
  Object.entries({
    durability: [
      (value) => value === 'fsync' || value === 'interval',
      'fsync or interval (with memory() nothing is kept)',
    ],
    intervalMs: [isAmount, 'a number of milliseconds'],
    freeBytesMin: [isAmount, 'a number of bytes'],
    acceptLoss: [(value) => typeof value === 'boolean', 'true or false'],
  } satisfies Record<keyof SqliteOptions, [IsRight, string]>),
)

function faultsOf(name: string, value: unknown, isRight: IsRight, expected: string): string[] {
  return isRight(value) ? [] : [`${name}: found ${describeValue(value)}, expected ${expected}`]
}

function listOf(names: Iterable<string>): string {
  return `one of ${[...names].join(', ')}`
}
