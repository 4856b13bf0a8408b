/**
 * Passwords at rest in any of the forms that are understood: Pabal's `$scrypt$`, and what mosquitto's password files hold,
 * `$argon2id$`, `$7$` (PBKDF2 with SHA-512) and `$6$` (one round of SHA-512).
 *
 * Every check goes through one gate, and every form is checked in a time that does not depend on the answer.
 */
import * as crypto from 'node:crypto'
import { createHash, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import {
  checkGate,
  hashPassword,
  makeDecoyHash,
  PasswordHashError,
  parsePasswordHash,
  requireRange,
  verifyPassword,
} from './password-hash.ts'

export type HashKind = 'scrypt' | 'argon2id' | 'sha512-pbkdf2' | 'sha512'

/** Only from Node 24 on. */
const hasArgon2 = typeof Reflect.get(crypto, 'argon2') === 'function'

/** The kinds this process can make, and check. */
export const hashKinds: readonly HashKind[] = Object.freeze(
  hasArgon2 ? ['scrypt', 'argon2id', 'sha512-pbkdf2', 'sha512'] : ['scrypt', 'sha512-pbkdf2', 'sha512'],
)

/** What a password is hashed to where nobody says: mosquitto 2.1 reads it, too, where it is argon2id. */
export const bestHashKind: HashKind = hasArgon2 ? 'argon2id' : 'scrypt'

/** As OWASP advises for PBKDF2 with SHA-512; a hash of fewer is weak. */
const iterationsStrong = 210_000
const iterationsMax = 10_000_000
/** As mosquitto 2.0 makes them: older versions read no more. */
export const mosquittoIterations = 101
/** KiB, as mosquitto 2.1 has it; a check may need four times as much. */
const argon2Memory = 47_104
const argon2MemoryMax = 4 * argon2Memory
const digestBytes = 64

interface Sha512 {
  readonly kind: 'sha512'
  readonly salt: Buffer
  readonly hash: Buffer
}

interface Pbkdf2 {
  readonly kind: 'sha512-pbkdf2'
  readonly iterations: number
  readonly salt: Buffer
  readonly hash: Buffer
}

interface Argon2id {
  readonly kind: 'argon2id'
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
  readonly salt: Buffer
  readonly hash: Buffer
}

type StoredPassword = { readonly kind: 'scrypt' } | Argon2id | Pbkdf2 | Sha512

const base64 = '([A-Za-z0-9+/]+={0,2})'
const sha512Layout = new RegExp(`^\\$6\\$${base64}\\$${base64}$`)
const pbkdf2Layout = new RegExp(`^\\$7\\$(\\d{1,8})\\$${base64}\\$${base64}$`)
const argon2Layout = new RegExp(`^\\$argon2id\\$v=19\\$m=(\\d{1,8}),t=(\\d{1,4}),p=(\\d{1,3})\\$${base64}\\$${base64}$`)

/** Takes a stored password apart and checks it; the message of the error never repeats it. @throws PasswordHashError */
export function parseStoredPassword(text: string): StoredPassword {
  if (text.startsWith('$6$')) return parseSha512(text)
  if (text.startsWith('$7$')) return parsePbkdf2(text)
  if (text.startsWith('$argon2id$')) return parseArgon2(text)
  parsePasswordHash(text)
  return { kind: 'scrypt' }
}

function parseSha512(text: string): Sha512 {
  const [, salt = '', hash = ''] = sha512Layout.exec(text) ?? []
  const parsed = { kind: 'sha512', salt: decode(salt), hash: decode(hash) } as const
  return checked(parsed, '$6$salt$hash')
}

function parsePbkdf2(text: string): Pbkdf2 {
  const [, iterations = '0', salt = '', hash = ''] = pbkdf2Layout.exec(text) ?? []
  const parsed = {
    kind: 'sha512-pbkdf2',
    iterations: Number(iterations),
    salt: decode(salt),
    hash: decode(hash),
  } as const
  checked(parsed, '$7$iterations$salt$hash')
  requireRange('the number of iterations', parsed.iterations, 1, iterationsMax)
  return parsed
}

function parseArgon2(text: string): Argon2id {
  if (!hasArgon2) throw new PasswordHashError('argon2id needs Node.js 24 or newer; make another hash with pabal passwd')
  const [, memory = '0', passes = '0', parallelism = '0', salt = '', hash = ''] = argon2Layout.exec(text) ?? []
  if (hash === '') throw new PasswordHashError('it does not have the form $argon2id$v=19$m=47104,t=1,p=1$salt$hash')
  const numbers = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) }
  const parsed = { kind: 'argon2id', ...numbers, salt: decode(salt), hash: decode(hash) } as const
  requireRange('p', parsed.parallelism, 1, 16)
  requireRange('m', parsed.memory, 8 * parsed.parallelism, argon2MemoryMax)
  requireRange('t', parsed.passes, 1, 100)
  requireRange('the number of salt bytes', parsed.salt.length, 8, 64)
  requireRange('the number of hash bytes', parsed.hash.length, 16, 64)
  return parsed
}

function checked<Parsed extends Sha512 | Pbkdf2>(parsed: Parsed, form: string): Parsed {
  if (parsed.hash.length === 0) throw new PasswordHashError(`it does not have the form ${form}`)
  requireRange('the number of salt bytes', parsed.salt.length, 8, 64)
  requireRange('the number of hash bytes', parsed.hash.length, digestBytes, digestBytes)
  return parsed
}

/** Whether `password` is the one that is stored. @throws PasswordHashError, TooBusyError */
export async function verifyStoredPassword(password: Uint8Array, text: string): Promise<boolean> {
  const stored = parseStoredPassword(text)
  if (stored.kind === 'scrypt') return verifyPassword(password, text)
  const actual = await checkGate.pass(() => derive(password, stored))
  return timingSafeEqual(actual, stored.hash)
}

/** Whether a thief of the file could try so many passwords that it should be hashed again. */
export function isWeak(text: string): boolean {
  const stored = parseStoredPassword(text)
  return stored.kind === 'sha512' || (stored.kind === 'sha512-pbkdf2' && stored.iterations < iterationsStrong)
}

/** Hashes a password, with a new salt. `iterations` is for PBKDF2 alone. */
export async function hashForStorage(
  password: string,
  kind: HashKind = bestHashKind,
  iterations: number = mosquittoIterations,
): Promise<string> {
  if (kind === 'scrypt') return hashPassword(password)
  const bytes = Buffer.from(password, 'utf8')
  const salt = randomBytes(kind === 'argon2id' ? 16 : 12)
  const hash = Buffer.alloc(kind === 'argon2id' ? 32 : digestBytes)
  switch (kind) {
    case 'sha512': {
      const made = await derive(bytes, { kind, salt, hash })
      return `$6$${salt.toString('base64')}$${made.toString('base64')}`
    }
    case 'sha512-pbkdf2': {
      const made = await derive(bytes, { kind, iterations, salt, hash })
      return `$7$${iterations}$${salt.toString('base64')}$${made.toString('base64')}`
    }
    case 'argon2id': {
      const made = await derive(bytes, { kind, memory: argon2Memory, passes: 1, parallelism: 1, salt, hash })
      return `$argon2id$v=19$m=${argon2Memory},t=1,p=1$${unpadded(salt)}$${unpadded(made)}`
    }
  }
}

/** One that no password is known to match, and that costs as much to check. */
export function decoyOf(text: string): string {
  const stored = parseStoredPassword(text)
  if (stored.kind === 'scrypt') return makeDecoyHash(parsePasswordHash(text))
  const [salt, hash] = [randomBytes(stored.salt.length), randomBytes(stored.hash.length)]
  switch (stored.kind) {
    case 'sha512':
      return `$6$${salt.toString('base64')}$${hash.toString('base64')}`
    case 'sha512-pbkdf2':
      return `$7$${stored.iterations}$${salt.toString('base64')}$${hash.toString('base64')}`
    case 'argon2id': {
      const { memory, passes, parallelism } = stored
      return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(hash)}`
    }
  }
}

function derive(password: Uint8Array, stored: Argon2id | Pbkdf2 | Sha512): Promise<Buffer> {
  const { salt, hash } = stored
  if (stored.kind === 'sha512') {
    return Promise.resolve(createHash('sha512').update(password).update(salt).digest())
  }
  return new Promise((resolve, reject) => {
    const settle = (error: Error | null, key: Buffer): void => (error === null ? resolve(key) : reject(error))
    if (stored.kind === 'sha512-pbkdf2') {
      pbkdf2(password, salt, stored.iterations, digestBytes, 'sha512', settle)
      return
    }
    const { memory, passes, parallelism } = stored
    const parameters = { message: password, nonce: salt, memory, passes, parallelism, tagLength: hash.length }
    crypto.argon2('argon2id', parameters, settle)
  })
}

function decode(text: string): Buffer {
  return Buffer.from(text, 'base64')
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/={1,2}$/, '')
}
