/**
 * The data directory: what lies in it, whose it is, and that only one broker uses it at a time. docs/disk-format.md.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { closeToOthers, type PrivateFiles } from './private-files.ts'
import { isNoSpace } from './reserve.ts'

export const databaseName = 'pabal.db'
const lockName = 'lock.db'
const ownerName = 'owner'

/** A data directory that cannot be used, with what can be done about it. */
export class DataDirectoryError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'DataDirectoryError'
  }
}

/** What to do about a database that is not what was written. */
export function repairAdvice(directory: string): string {
  return (
    'The broker does not go on from what it cannot trust. Stop it if it runs; then\n' +
    `"pabal repair --data ${directory}" keeps what can be read, sets the rest aside and says what was lost.`
  )
}

/** Holds the directory until `release`, or until the process ends however it ends. */
export interface DirectoryLock {
  /** What was found open to other users. */
  readonly files: PrivateFiles
  release(): void
}

/** @throws DataDirectoryError if another broker holds it, or it cannot be used. */
export function lockDirectory(directory: string): DirectoryLock {
  const files = makePrivate(directory)
  let lock: DatabaseSync | null = null
  try {
    lock = new DatabaseSync(join(directory, lockName), { timeout: 0 })
    // Locks of the operating system: they go with the process, also with one that is killed.
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    lock?.close()
    if (errorCode(error) !== busyCode) throw unusable(directory, error)
    throw new DataDirectoryError(
      `The data directory ${directory} is in use by another broker${ownerOf(directory)}.\n` +
        'Stop that one first, or give this one a directory of its own with --data.',
    )
  }
  writeOwner(directory)
  const held = lock
  return { files, release: () => held.close() }
}

/** Creates what is missing, readable by nobody else, so that it is there after a power cut, too; closes what is not. */
function makePrivate(directory: string): PrivateFiles {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === false) {
    throw new DataDirectoryError(`The data directory ${directory} is a file.\nName a directory with --data.`)
  }
  try {
    const made = mkdirSync(directory, { recursive: true, mode: 0o700 })
    for (const name of [databaseName, lockName]) createIfMissing(join(directory, name))
    syncDirectories(directory, made === undefined ? directory : dirname(made))
    return closeToOthers(directory)
  } catch (error) {
    throw unusable(directory, error)
  }
}

/** Never opens one that is there: whoever closes it gives up every lock that this process has on it. */
function createIfMissing(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
}

/** From the innermost to the outermost. */
function syncDirectories(innermost: string, outermost: string): void {
  for (let path = innermost; ; path = dirname(path)) {
    const directory = openSync(path, 'r')
    fsyncSync(directory)
    closeSync(directory)
    if (path === outermost) return
  }
}

/** For the message that another broker gives if it is started here. */
function writeOwner(directory: string): void {
  try {
    writeFileSync(join(directory, ownerName), `${process.pid}\n`, { mode: 0o600 })
  } catch (error) {
    // On a full disk the broker must start all the same, or nothing would ever be taken away.
    if (!isNoSpace(error)) throw unusable(directory, error)
  }
}

function unusable(directory: string, error: unknown): DataDirectoryError {
  const reason = error instanceof Error ? error.message : String(error)
  return new DataDirectoryError(
    `The data directory ${directory} cannot be used: ${reason}.\nMake it writable for this user, or name another one with --data.`,
  )
}

function ownerOf(directory: string): string {
  try {
    return `, process ${readFileSync(join(directory, ownerName), 'utf8').trim()}`
  } catch {
    // Written by the other one in a moment; its number is a help, not a need.
    return ''
  }
}

const busyCode = 5

/** SQLite's result code, without what extends it; 0 for another error. */
export function errorCode(error: unknown): number {
  return extendedErrorCode(error) & 255
}

const fullCode = 13
/** The index of the write-ahead log, a file of its own, could not grow. */
const indexFullCode = 10 | (19 << 8)

/** There is no room on the disk. Nothing was written, or only what is written again by the same transaction. */
export function isDiskFull(error: unknown): boolean {
  return errorCode(error) === fullCode || extendedErrorCode(error) === indexFullCode
}

function extendedErrorCode(error: unknown): number {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return 0
  return error.errcode
}
