/**
 * A password file: one `NAME:HASH` a line, as mosquitto has it, and comments that begin with `#`.
 *
 * A line that is anything else, a blank one too, is a fault: never a user without a password (CVE-2018-12551). Files are written
 * beside the old one and put in its place whole, readable by their owner only.
 */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fchownSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { PasswordHashError } from './password-hash.ts'
import { parseStoredPassword } from './stored-password.ts'

export interface PasswordFileEntry {
  readonly userName: string
  readonly passwordHash: string
}

/** Line and column count from 1; nothing repeats what may be a password. */
export interface PasswordFileFault {
  readonly line: number
  readonly column: number
  readonly found: string
  readonly expected: string
  readonly advice: string
}

const form = 'NAME:HASH, with a hash as pabal passwd or mosquitto_passwd makes it'

/** Every entry, or what is wrong with the file. */
export function parsePasswordFile(text: string): {
  readonly entries: readonly PasswordFileEntry[]
  readonly faults: readonly PasswordFileFault[]
} {
  const entries: PasswordFileEntry[] = []
  const faults: PasswordFileFault[] = []
  const seen = new Map<string, number>()
  const lines = text.split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  for (const [index, content] of lines.entries()) {
    if (content.startsWith('#')) continue
    const line = index + 1
    const split = content.indexOf(':')
    const fault = (column: number, found: string, advice: string) =>
      faults.push({ line, column, found, expected: form, advice })
    const userName = content.slice(0, Math.max(0, split))
    const passwordHash = content.slice(split + 1)
    const before = seen.get(userName)
    if (content.trim() === '') fault(1, 'a blank line', 'remove it')
    else if (split < 0) fault(1, 'a line without a colon', 'correct it, or put # in front of it')
    else if (split === 0) fault(1, 'a line without a name', 'write the User Name in front of the colon')
    else if (before !== undefined) fault(1, `a name that stands on line ${before} already`, 'remove one of the two')
    else if (!passwordHash.startsWith('$')) {
      fault(
        split + 2,
        'a text that is no hash',
        'if it is the password itself: pabal passwd -U FILE hashes all of them',
      )
    } else {
      const reason = hashFault(passwordHash)
      if (reason === null) entries.push({ userName, passwordHash })
      else fault(split + 2, `a hash that is none: ${reason}`, 'make a new one: pabal passwd FILE NAME')
      seen.set(userName, line)
    }
  }
  return { entries, faults }
}

function hashFault(text: string): string | null {
  try {
    parseStoredPassword(text)
    return null
  } catch (error) {
    if (error instanceof PasswordHashError) return error.message
    throw error
  }
}

/**
 * Puts another hash in the place of one, if that is still there: somebody may have given the user another password, or removed it.
 * True if it was. @throws an Error of the file system.
 */
function replaceHash(path: string, { userName, passwordHash }: PasswordFileEntry, newHash: string): boolean {
  const before = readFileSync(path, 'utf8')
  const old = `${userName}:${passwordHash}`
  const lines = before.split('\n')
  const at = lines.findIndex((line) => line === old || line === `${old}\r`)
  if (at < 0) return false
  lines[at] = `${userName}:${newHash}`
  writePasswordFile(path, lines.join('\n'))
  return true
}

/** Hashes this process has put in the place of others: the same passwords. */
const originals = new Map<string, string>()

/** Hashes a user's password anew in the file; from then on the two count as one. As `replaceHash`. */
export function strengthenHash(path: string, entry: PasswordFileEntry, stronger: string): boolean {
  if (!replaceHash(path, entry, stronger)) return false
  originals.set(stronger, originalHash(entry.passwordHash))
  return true
}

/** The hash that stood in the file when this process first read it, if it is one of the same password. */
export function originalHash(passwordHash: string): string {
  return originals.get(passwordHash) ?? passwordHash
}

/** Whole or not at all, with mode 0600 and the owner of what was there. @throws an Error of the file system. */
export function writePasswordFile(path: string, text: string): void {
  const target = realPath(path)
  const written = `${target}.${randomBytes(6).toString('hex')}.new`
  const file = openSync(written, 'wx', 0o600)
  try {
    // All of it: one call to the system may write a part where there is no more room, and say so only by a number.
    writeFileSync(file, text)
    keepOwner(target, file)
    fsyncSync(file)
  } catch (error) {
    rmSync(written, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
  renameSync(written, target)
  const directory = openSync(dirname(target), 'r')
  fsyncSync(directory)
  closeSync(directory)
}

/** A link stays one. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    // There is nothing yet.
    return path
  }
}

/** Only root may give a file away; whoever else writes it owns it. */
function keepOwner(target: string, file: number): void {
  if (process.getuid?.() !== 0) return
  const owner = statSync(target, { throwIfNoEntry: false })
  if (owner !== undefined) fchownSync(file, owner.uid, owner.gid)
}
