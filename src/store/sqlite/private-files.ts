/**
 * What lies in the data directory is for the user of the broker alone, also where others made the directory or changed its modes.
 *
 * Files of ours are closed to others whenever the directory is opened. The directory itself is closed if nothing but ours is in it:
 * else it is somebody's for other things as well. What belongs to another user stays as it is, and is named.
 */
import { chmodSync, lstatSync, readdirSync, type Stats } from 'node:fs'
import { join } from 'node:path'

export interface PrivateFiles {
  /** What others could read or write, and cannot any more, as `0644 PATH`. */
  readonly closed: readonly string[]
  /** What they still can, with the reason. */
  readonly open: readonly string[]
}

/** How the names of what the broker writes there begin; copies that a repair sets aside are among them. */
const ownNames = ['pabal.db', 'lock.db', 'owner', 'reserve', 'admin.json', 'banned.jsonl']
/** What the system puts into a file system that is there for one directory. */
const foreignButHarmless = 'lost+found'
const forOthers = 0o077

export function closeToOthers(directory: string): PrivateFiles {
  // Where users have no numbers, modes say nothing.
  if (process.getuid === undefined) return { closed: [], open: [] }
  const closed: string[] = []
  const open: string[] = []
  const names = readdirSync(directory).filter((name) => name !== foreignButHarmless)
  const own = names.filter((name) => ownNames.some((beginning) => name.startsWith(beginning)))
  const isOurs = own.length === names.length
  for (const path of [directory, ...own.map((name) => join(directory, name))]) {
    const status = lstatSync(path, { throwIfNoEntry: false })
    if (status === undefined || (status.mode & forOthers) === 0) continue
    const reason = path === directory && !isOurs ? 'other files are in it' : close(path, status)
    if (reason === null) closed.push(`${modeOf(status)} ${path}`)
    else open.push(`${modeOf(status)} ${path}: ${reason}`)
  }
  return { closed, open }
}

/** Null if it is done, or why it is not. */
function close(path: string, status: Stats): string | null {
  if (status.uid !== process.getuid?.()) return `it belongs to user ${status.uid}`
  // What a link leads to need not be ours.
  if (!status.isFile() && !status.isDirectory()) return 'it is no file but a link or something else'
  try {
    chmodSync(path, status.mode & 0o700)
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

export function modeOf({ mode }: Stats): string {
  return (mode & 0o777).toString(8).padStart(4, '0')
}
