/**
 * What is at rest in a data directory, counted: Sessions and what waits in them, Retained Messages, the log, and which
 * Sessions keep the log from being trimmed.
 */
import { existsSync, statfsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { CoreRecord, Seq } from '../../core/record.ts'
import { type Readable, readableRecord } from '../../store/readable.ts'
import { CorruptError } from '../../store/rest-bytes.ts'
import { databaseName, repairAdvice } from '../../store/sqlite/data-directory.ts'
import type { Database } from '../../store/sqlite/database.ts'
import { currentFormat } from '../../store/sqlite/format.ts'
import { isDamage, openForReading } from '../../store/sqlite/open-database.ts'
import { inspectSessions, type SessionReport } from './session-report.ts'
import { eachRecord, loadStoredState, recordsAt, type StoredState } from './stored-state.ts'

export interface Inspection {
  readonly directory: string
  readonly formatVersion: number
  readonly file: {
    readonly bytes: number
    /** In the file SQLite writes ahead to. */
    readonly walBytes: number
    /** In the file and free for new rows. */
    readonly freeBytes: number
    /** Of the file system, for this user. */
    readonly fileSystemFreeBytes: number
  }
  readonly log: {
    readonly lastSeq: Seq
    readonly blocks: number
    readonly records: number
    readonly bytes: number
    /** Still needed by somebody. */
    readonly liveRecords: number
  }
  readonly snapshots: { readonly count: number; readonly bytes: number }
  readonly recipientSets: number
  readonly retained: { readonly messages: number; readonly bytes: number }
  /** Messages that wait for a listener, dead letters among them. */
  readonly held: { readonly messages: number; readonly bytes: number }
  readonly waiting: { readonly sessions: number; readonly messages: number; readonly bytes: number }
  readonly inFlight: { readonly messages: number }
  /** Those with the most bytes waiting first. */
  readonly sessions: readonly SessionReport[]
  /** Client Identifiers and accounts of the Sessions that hold the oldest live records, the oldest first. */
  readonly pins: readonly Pin[]
}

export interface Pin {
  readonly clientIdentifier: string
  readonly account: string
  readonly oldestSeq: Seq
  readonly oldestMs: number | null
  readonly messages: number
  readonly bytes: number
  /** Bytes that no other Session, and no Retained Message, needs. */
  readonly bytesOfItsOwn: number
}

const pinsMax = 10

/** @throws an Error that says what is wrong with the directory and what to do. */
export function inspectDirectory(directory: string): Inspection {
  return readDirectory(directory, (database) => {
    const state = loadStoredState(database)
    const sessions = inspectSessions(database, state)
    const { blocks, records, blockBytes, snapshots, snapshotBytes } = database.sizes()
    return {
      directory,
      formatVersion: currentFormat.version,
      file: filesOf(database),
      log: { lastSeq: state.head, blocks, records, bytes: blockBytes, liveRecords: state.core.live.count },
      snapshots: { count: snapshots, bytes: snapshotBytes },
      recipientSets: state.core.recipientSets.recorded.size,
      retained: retainedOf(state),
      held: { messages: state.core.held.count, bytes: state.core.held.bytes },
      waiting: {
        sessions: sessions.filter(({ waiting }) => waiting.messages > 0).length,
        messages: sessions.reduce((sum, { waiting }) => sum + waiting.messages, 0),
        bytes: sessions.reduce((sum, { waiting }) => sum + waiting.bytes, 0),
      },
      inFlight: { messages: sessions.reduce((sum, { inFlight }) => sum + inFlight.length, 0) },
      sessions,
      pins: pinsOf(sessions),
    }
  })
}

/** Hands over every record that is left, as JSON would have it. */
export function readStoredRecords(directory: string, onRecord: (record: { [name: string]: Readable }) => void): void {
  readDirectory(directory, (database) =>
    eachRecord(database, (seq: Seq, record: CoreRecord) => onRecord(readableRecord(seq, record))),
  )
}

export interface StoredMessage {
  readonly seq: Seq
  readonly receivedMs: number
  readonly topicName: string
  readonly qos: number
  /** Bytes of Topic Name and payload. */
  readonly size: number
}

/** What the records with these seqs say of their messages, as far as they are still there. */
export function readStoredMessages(directory: string, seqs: readonly Seq[]): StoredMessage[] {
  return readDirectory(directory, (database) => {
    const found: StoredMessage[] = []
    for (const [seq, record] of recordsAt(database, seqs)) {
      if (record.type !== 'message') continue
      const { receivedMs, topicName, publish, size } = record.message
      found.push({ seq, receivedMs, topicName, qos: publish.qos, size })
    }
    return found
  })
}

/** Reads what the directory's database holds at one moment. */
function readDirectory<Result>(directory: string, read: (database: Database) => Result): Result {
  return withDatabase(directory, (database) => database.readTransaction(() => read(database)))
}

/** Opens the directory's database for reading. What is corrupt is told with the way out. */
export function withDatabase<Result>(directory: string, work: (database: Database) => Result): Result {
  const path = join(directory, databaseName)
  const database = openForReading(path)
  try {
    return work(database)
  } catch (error) {
    if (error instanceof CorruptError) throw new CorruptError(`${error.message}.\n${repairAdvice(directory)}`)
    if (isDamage(error)) throw new CorruptError(`${path}: ${String(error)}.\n${repairAdvice(directory)}`)
    throw error
  } finally {
    database.close()
  }
}

function filesOf(database: Database): Inspection['file'] {
  const { path } = database
  const { bavail, bsize } = statfsSync(dirname(path))
  const wal = `${path}-wal`
  return {
    bytes: statSync(path).size,
    walBytes: existsSync(wal) ? statSync(wal).size : 0,
    freeBytes: database.freeBytes(),
    fileSystemFreeBytes: bavail * bsize,
  }
}

function retainedOf({ core }: StoredState): Inspection['retained'] {
  let bytes = 0
  for (const message of core.retained.all()) bytes += message.size
  return { messages: core.retained.count, bytes }
}

function pinsOf(sessions: readonly SessionReport[]): Pin[] {
  return sessions
    .flatMap(({ clientIdentifier, account, oldest, holds }): Pin[] => {
      if (oldest === null) return []
      return [{ clientIdentifier, account, oldestSeq: oldest.seq, oldestMs: oldest.receivedMs, ...holds }]
    })
    .sort((one, other) => one.oldestSeq - other.oldestSeq)
    .slice(0, pinsMax)
}
