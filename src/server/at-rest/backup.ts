/**
 * Backups: a data directory copied into one file, and such a file made a data directory's again.
 */
import { constants, copyFileSync, existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { copyDatabase, makePrivateFile, removeDatabase, replaceDatabase } from '../../store/sqlite/copy-database.ts'
import { DataDirectoryError, databaseName, lockDirectory } from '../../store/sqlite/data-directory.ts'
import { holdsBytes, openForWriting } from '../../store/sqlite/open-database.ts'
import { withDatabase } from './inspection.ts'
import { type Contents, verifyFile } from './verification.ts'

/**
 * Copies everything that is acknowledged at this moment; the broker may be running.
 *
 * @throws an Error if there is such a file, or if what would be copied is not in order: then no file is left.
 */
export function backUp(directory: string, file: string): Contents & { readonly bytes: number } {
  const path = resolve(file)
  if (existsSync(path)) throw new DataDirectoryError(`${path} exists already.\nGive another name, or remove it first.`)
  const contents = withDatabase(directory, (database) => copyDatabase(database, path, verifyFile))
  return { ...contents, bytes: statSync(path).size }
}

export interface Restored extends Contents {
  /** What was there before is in this file of the directory; null if nothing was. */
  readonly kept: string | null
}

/**
 * Makes a backup the data of a directory. A backup of an older format is upgraded on the way, in the copy.
 *
 * @throws an Error if the backup is not in order, if a broker runs, or if the directory holds data and `force` is not given.
 */
export function restoreBackup(directory: string, file: string, force: boolean): Restored {
  const source = resolve(file)
  if (!existsSync(source)) throw new DataDirectoryError(`${source} does not exist.`)
  const lock = lockDirectory(directory)
  try {
    const path = join(directory, databaseName)
    if (source === path) throw new DataDirectoryError(`${source} is the data of this directory itself.`)
    if (holdsBytes(path) && !force) {
      throw new DataDirectoryError(
        `${directory} holds data already. Nothing was changed.\nName another directory with --data, or give --force: then what is there stays under another name.`,
      )
    }
    const copy = `${path}.partial`
    try {
      makePrivateFile(copy)
      copyFileSync(source, copy, constants.COPYFILE_FICLONE)
      const contents = verifyCopy(copy, source)
      // Whoever takes the lock makes an empty file, which nobody needs to see again.
      if (!holdsBytes(path)) removeDatabase(path)
      return { ...contents, kept: replaceDatabase(directory, copy, 'before-restore') }
    } finally {
      removeDatabase(copy)
    }
  } finally {
    lock.release()
  }
}

/** Upgraded if it is older. @throws an Error that names the source, whose copy it is. */
function verifyCopy(copy: string, source: string): Contents {
  try {
    openForWriting(copy, { synchronous: 'FULL', acceptLoss: false }).close()
    return verifyFile(copy)
  } catch (error) {
    const text = error instanceof Error ? error.message.replaceAll(copy, source) : String(error)
    throw new DataDirectoryError(text.startsWith(source) ? text : `${source}: ${text}`)
  }
}
