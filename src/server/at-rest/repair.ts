/**
 * Repair of a damaged data directory: what can be relied on is copied to a new database, the damaged one is set aside as it
 * is, and what was lost by it is told.
 */
import { join } from 'node:path'
import type { CoreRecord, Seq } from '../../core/record.ts'
import { makePrivateFile, removeDatabase, replaceDatabase } from '../../store/sqlite/copy-database.ts'
import { DataDirectoryError, databaseName, lockDirectory } from '../../store/sqlite/data-directory.ts'
import { holdsBytes, isDamage, openForReading, openForWriting } from '../../store/sqlite/open-database.ts'
import { type Lost, salvage } from '../../store/sqlite/salvage.ts'
import { eachRecord, eachSnapshot } from './stored-state.ts'
import { type Contents, verifyFile } from './verification.ts'

export interface Repair {
  /** What is there now. */
  readonly contents: Contents
  /** Nothing was damaged, and nothing was changed. */
  readonly wasSound: boolean
  readonly lost: readonly Lost[]
  /** Seqs of messages that were kept and whose recipients were lost. */
  readonly withoutRecipients: readonly Seq[]
  /** The file of the directory that holds everything as it was; null if nothing was changed. */
  readonly kept: string | null
}

/** @throws an Error if a broker runs, or if it is not a database of ours as far as can be told. */
export function repairDirectory(directory: string): Repair {
  const path = join(directory, databaseName)
  if (!holdsBytes(path))
    throw new DataDirectoryError(`${path} does not exist, or is empty: there is nothing to repair.`)
  const lock = lockDirectory(directory)
  const partial = `${path}.partial`
  try {
    openForReading(path).close()
    makePrivateFile(partial)
    const lost: Lost[] = []
    const target = openForWriting(partial, { synchronous: 'FULL', acceptLoss: false })
    try {
      salvage(path, target, (each) => lost.push(each))
    } finally {
      target.close()
    }
    const contents = verifyFile(partial)
    const wasSound = lost.length === 0 && isInOrder(path)
    if (wasSound) return { contents, wasSound, lost, withoutRecipients: [], kept: null }
    const withoutRecipients = messagesWithoutRecipients(partial)
    return { contents, wasSound, lost, withoutRecipients, kept: replaceDatabase(directory, partial, 'damaged') }
  } finally {
    removeDatabase(partial)
    lock.release()
  }
}

function isInOrder(path: string): boolean {
  const database = openForReading(path)
  try {
    return database.integrityFaults().length === 0
  } catch (error) {
    if (!isDamage(error)) throw error
    return false
  } finally {
    database.close()
  }
}

/** Only those behind the last snapshots: before, a set that nobody waits in may be gone with good reason. */
function messagesWithoutRecipients(path: string): Seq[] {
  const database = openForReading(path)
  try {
    const known = new Set<Seq>()
    const found: Seq[] = []
    let covered = 0
    eachSnapshot(database, (snapshot) => {
      if (snapshot.type === 'recipients') known.add(snapshot.id)
      if (snapshot.type === 'covered') covered = snapshot.through
    })
    eachRecord(database, (seq: Seq, record: CoreRecord) => {
      if (record.type === 'recipients') known.add(seq)
      if (record.type !== 'message' || seq <= covered) return
      if (record.recipients.some((set) => !known.has(set))) found.push(seq)
    })
    return found
  } finally {
    database.close()
  }
}
