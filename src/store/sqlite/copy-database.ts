/**
 * Whole databases: copied, and put in place of another. What is half done is never under its final name.
 */
import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DataDirectoryError, databaseName } from './data-directory.ts'
import type { Database } from './database.ts'

/** Removes what was left half done under this name, and makes an empty file that nobody else can read. */
export function makePrivateFile(path: string): void {
  removeDatabase(path)
  closeSync(openSync(path, 'wx', 0o600))
}

/** With what SQLite keeps beside it. */
export function removeDatabase(path: string): void {
  for (const companion of ['', '-wal', '-shm']) rmSync(`${path}${companion}`, { force: true })
}

/**
 * Copies what `database` holds at one moment to a new file, which gets its name when `check` has not thrown; returns what that found.
 *
 * @throws DataDirectoryError if there is such a file already; what was begun is removed.
 */
export function copyDatabase<Result>(database: Database, path: string, check: (path: string) => Result): Result {
  const partial = `${path}.partial`
  makePrivateFile(partial)
  try {
    database.copyTo(partial)
    const found = check(partial)
    sync(partial)
    nameNew(partial, path)
    sync(dirname(path))
    return found
  } finally {
    removeDatabase(partial)
  }
}

/**
 * Makes `replacement`, a closed database in the same directory, the directory's own. The one before stays under a name that
 * says `why` it was set aside, which is returned; null if there was none. The caller holds the directory's lock.
 */
export function replaceDatabase(directory: string, replacement: string, why: string): string | null {
  const path = join(directory, databaseName)
  const kept = existsSync(path) ? freeName(`${path}.${why}`) : null
  sync(replacement)
  if (kept !== null) {
    foldIn(path)
    // Only what could not be folded in: left here, SQLite would take it for part of the replacement.
    if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${kept}-wal`)
    rmSync(`${path}-shm`, { force: true })
    nameNew(path, kept)
  }
  renameSync(replacement, path)
  sync(directory)
  return kept === null ? null : basename(kept)
}

/** Moves what SQLite has written ahead into the file, if it can still be read. */
function foldIn(path: string): void {
  let connection: DatabaseSync | null = null
  try {
    connection = new DatabaseSync(path, { timeout: 5000 })
    connection.exec('PRAGMA journal_mode = DELETE')
  } catch {
    // Too damaged: then it is kept as two files.
  } finally {
    connection?.close()
  }
}

/** Gives a file a second name that nothing has yet; where files have one name only, that one. */
function nameNew(path: string, name: string): void {
  try {
    // Unlike renaming, linking never replaces a file.
    linkSync(path, name)
  } catch (error) {
    if (existsSync(name))
      throw new DataDirectoryError(`${name} exists already.\nGive another name, or remove it first.`)
    if (!(error instanceof Error && 'code' in error && ['EPERM', 'ENOTSUP', 'ENOSYS'].includes(String(error.code))))
      throw error
    renameSync(path, name)
  }
}

function freeName(wanted: string): string {
  for (let number = 1; ; number++) if (!existsSync(`${wanted}-${number}`)) return `${wanted}-${number}`
}

function sync(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
