/**
 * The format of the database: its tables, its version, and the way from each older version to this one. docs/disk-format.md.
 */
import type { DatabaseSync } from 'node:sqlite'

/** "Pabl": the first bytes of the file that SQLite leaves to its user. */
export const applicationId = 0x5061626c

/** Makes of a database of one version one of the next, in one transaction. */
export interface Migration {
  readonly apply: (connection: DatabaseSync) => void
  /** What of what is stored would be lost by it, in words and numbers; null if nothing would. */
  readonly discards: (connection: DatabaseSync) => string | null
}

export interface Format {
  readonly version: number
  /** By the version they start from. */
  readonly migrations: ReadonlyMap<number, Migration>
}

/** What older versions hold means the same in newer ones, which know more kinds of records. */
const nothingToDo: Migration = { apply: () => {}, discards: () => null }

export const currentFormat: Format = {
  version: 3,
  migrations: new Map([
    [1, nothingToDo],
    [2, nothingToDo],
  ]),
}

const schema = `
  CREATE TABLE log (
    shard INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    records INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (shard, first)
  ) STRICT;
  CREATE TABLE snapshot (
    shard INTEGER NOT NULL,
    key TEXT NOT NULL,
    at INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (shard, key)
  ) STRICT;
  CREATE TABLE head (shard INTEGER PRIMARY KEY, seq INTEGER NOT NULL) STRICT;
  CREATE TABLE claim (key TEXT PRIMARY KEY, value BLOB NOT NULL, endsAtMs INTEGER) STRICT;
`

/** Lays out an empty database. */
export function createTables(connection: DatabaseSync): void {
  connection.exec('PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL')
  const { version } = currentFormat
  connection.exec(
    `BEGIN; ${schema}; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version}; COMMIT`,
  )
}
