/**
 * Opens the database: makes it if it is new, upgrades it if it is older, and refuses what is not ours, with the way out.
 */
import { existsSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { CorruptError } from '../rest-bytes.ts'
import { DataDirectoryError, errorCode } from './data-directory.ts'
import { Database, logPagesMax } from './database.ts'
import { applicationId, createTables, currentFormat, type Format, type Migration } from './format.ts'

export interface WritingOptions {
  readonly synchronous: 'FULL' | 'NORMAL'
  /** An upgrade may discard what it says. */
  readonly acceptLoss: boolean
}

/**
 * For the one who holds the directory's lock.
 *
 * @throws DataDirectoryError if the file is not ours, or of a version that cannot be used or upgraded without loss.
 */
export function openForWriting(path: string, options: WritingOptions, format: Format = currentFormat): Database {
  const connection = connect(path, false)
  try {
    if (isEmpty(connection, path)) createTables(connection)
    else upgrade(connection, path, format, options.acceptLoss)
    connection.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${options.synchronous}`)
    connection.exec(`PRAGMA wal_autocheckpoint = ${logPagesMax}; PRAGMA cache_size = -16384`)
  } catch (error) {
    connection.close()
    throw error
  }
  return new Database(connection, path)
}

/**
 * Beside a broker that runs, or without one: takes no lock that anybody would wait for, changes nothing.
 *
 * @throws DataDirectoryError if there is no such file, or it is not one that this version reads.
 */
export function openForReading(path: string): Database {
  if (!holdsBytes(path)) throw new DataDirectoryError(`${path} ${existsSync(path) ? 'is empty' : 'does not exist'}.`)
  const connection = connect(path, true)
  try {
    if (isEmpty(connection, path)) throw new DataDirectoryError(`${path} is empty.`)
    const version = versionOf(connection, path)
    if (version > currentFormat.version) throw tooNew(path, version, currentFormat)
    if (version < currentFormat.version) {
      throw new DataDirectoryError(
        `${path} has the older format version ${version}; this version of Pabal reads version ${currentFormat.version}.\n` +
          'Start the broker on it once, which upgrades it, or use the version of Pabal that wrote it.',
      )
    }
  } catch (error) {
    connection.close()
    throw error
  }
  return new Database(connection, path)
}

/** Whether there is a database with something in it, perhaps only in what SQLite has not moved into the file yet. */
export function holdsBytes(path: string): boolean {
  return [path, `${path}-wal`].some((file) => existsSync(file) && statSync(file).size > 0)
}

function connect(path: string, readOnly: boolean): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout: 5000, readOnly })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new DataDirectoryError(`${path} cannot be opened: ${reason}.\nLook at its permissions and its disk.`)
  }
}

function isEmpty(connection: DatabaseSync, path: string): boolean {
  return pragma(connection, path, 'application_id') === 0 && pragma(connection, path, 'schema_version') === 0
}

/** @throws DataDirectoryError if it is another program's. */
function versionOf(connection: DatabaseSync, path: string): number {
  const id = pragma(connection, path, 'application_id')
  if (id === applicationId) return pragma(connection, path, 'user_version')
  throw new DataDirectoryError(
    `${path} is a database of another program (application id ${id}, expected ${applicationId}).\nName another directory with --data.`,
  )
}

function pragma(connection: DatabaseSync, path: string, name: string): number {
  try {
    return Number(Object.values(connection.prepare(`PRAGMA ${name}`).get() ?? {})[0])
  } catch (error) {
    if (errorCode(error) === notADatabaseCode) {
      throw new DataDirectoryError(
        `${path} is not a database.\nIf it was one of Pabal's, its beginning is damaged: "pabal restore" brings a backup back. If it is not, name another directory with --data.`,
      )
    }
    if (!isDamage(error)) throw error
    throw new CorruptError(`${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const corruptCode = 11
const notADatabaseCode = 26

/** Whether SQLite found something else than it wrote. */
export function isDamage(error: unknown): boolean {
  return [corruptCode, notADatabaseCode].includes(errorCode(error))
}

function upgrade(connection: DatabaseSync, path: string, format: Format, acceptLoss: boolean): void {
  for (;;) {
    const version = versionOf(connection, path)
    if (version === format.version) return
    if (version > format.version) throw tooNew(path, version, format)
    const migration = format.migrations.get(version)
    if (migration === undefined) {
      throw new DataDirectoryError(
        `${path} has format version ${version}, and this version of Pabal knows no way from there to version ${format.version}.\n` +
          'Start an earlier version of Pabal on it first, which upgrades it part of the way.',
      )
    }
    const loss = migration.discards(connection)
    if (loss !== null && !acceptLoss) {
      throw new DataDirectoryError(
        `${path} has format version ${version}; making version ${version + 1} of it would lose ${loss}. Nothing was changed.\n` +
          'Use the version of Pabal that wrote it until that is delivered, or start with --accept-loss.',
      )
    }
    applyMigration(connection, migration, version + 1)
  }
}

/** All of it with the new version, or nothing. */
function applyMigration(connection: DatabaseSync, migration: Migration, version: number): void {
  connection.exec('BEGIN IMMEDIATE')
  try {
    migration.apply(connection)
    connection.exec(`PRAGMA user_version = ${version}; COMMIT`)
  } catch (error) {
    if (connection.isTransaction) connection.exec('ROLLBACK')
    throw error
  }
}

function tooNew(path: string, version: number, format: Format): DataDirectoryError {
  return new DataDirectoryError(
    `${path} has format version ${version}; this version of Pabal reads version ${format.version}.\n` +
      'Use the version of Pabal that wrote it, or a newer one.',
  )
}
