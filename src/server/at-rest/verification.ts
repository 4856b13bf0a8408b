/**
 * Whether a database can be relied on: SQLite finds it in order, every checksum fits, every record and snapshot is one, and
 * all of it makes a state.
 */

import { CorruptError } from '../../store/rest-bytes.ts'
import type { Database } from '../../store/sqlite/database.ts'
import { openForReading } from '../../store/sqlite/open-database.ts'
import { loadStoredState } from './stored-state.ts'

export interface Contents {
  readonly sessions: number
  /** Copies that wait or are in flight. */
  readonly messages: number
  readonly retained: number
  readonly records: number
}

/** @throws an Error that says what is wrong with the file. */
export function verifyFile(path: string): Contents {
  const database = openForReading(path)
  try {
    return database.readTransaction(() => verify(database))
  } finally {
    database.close()
  }
}

function verify(database: Database): Contents {
  const faults = database.integrityFaults()
  if (faults.length > 0) throw new CorruptError(`${database.path}: SQLite finds it damaged: ${faults.join('; ')}`)
  const { core, sessions } = loadStoredState(database)
  let messages = 0
  for (const { session } of sessions) messages += session.outbound.queuedMessages + session.outbound.inFlightMessages
  const { records } = database.sizes()
  return { sessions: sessions.length, messages, retained: core.retained.count, records }
}
