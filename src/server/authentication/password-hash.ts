/**
 * Passwords at rest: scrypt (RFC 7914) in a text that describes itself, `$scrypt$ln=15,r=8,p=1$salt$hash`, where `ln` is
 * the logarithm of the cost, `r` the block size, `p` the parallelism, and salt and hash are base64 without padding.
 *
 * At most two checks run at a time and 256 wait: a flood of logins is refused, not queued without end.
 */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { WorkGate } from './work-gate.ts'

/** How much work one hash is: 2^`costLog2` rounds over blocks of 128 * `blockSize` bytes. */
export interface ScryptCost {
  costLog2: number
  blockSize: number
  parallelism: number
}

export interface PasswordHash extends ScryptCost {
  salt: Buffer
  hash: Buffer
}

/** The text is not a password hash; the message says what is wrong with it and never repeats it. */
export class PasswordHashError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'PasswordHashError'
  }
}

/** About 32 MiB and a tenth of a second per check. */
export const defaultScryptCost: Readonly<ScryptCost> = Object.freeze({ costLog2: 15, blockSize: 8, parallelism: 1 })

const saltBytes = 16
const hashBytes = 32
const memoryBytesMax = 256 * 1024 * 1024
/** Every check of a password passes it, whatever it is hashed with. */
export const checkGate = new WorkGate(2, 256)
const layout = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

/**
 * Hashes a password with scrypt (RFC 7914) and a new salt, for the configuration file or a table of users of one's own: `verifyPassword`
 * checks it.
 */
export async function hashPassword(password: string, cost: ScryptCost = defaultScryptCost): Promise<string> {
  const salt = randomBytes(saltBytes)
  const hash = await derive(Buffer.from(password, 'utf8'), salt, hashBytes, cost)
  const parameters = `ln=${cost.costLog2},r=${cost.blockSize},p=${cost.parallelism}`
  return `$scrypt$${parameters}$${encodeUnpadded(salt)}$${encodeUnpadded(hash)}`
}

/**
 * Whether `password`, as a client has sent it, is the one `hash` was made from, in a time that does not depend on the answer.
 *
 * @throws PasswordHashError if `hash` is not a hash; TooBusyError if too many checks are waiting.
 */
export async function verifyPassword(password: Uint8Array, hash: string): Promise<boolean> {
  const expected = parsePasswordHash(hash)
  const actual = await checkGate.pass(() => derive(password, expected.salt, expected.hash.length, expected))
  return timingSafeEqual(actual, expected.hash)
}

/** Takes a hash apart and checks its parameters. @throws PasswordHashError */
export function parsePasswordHash(text: string): PasswordHash {
  const match = layout.exec(text)
  if (match === null) throw new PasswordHashError('it does not have the form $scrypt$ln=15,r=8,p=1$salt$hash')
  const [, costLog2, blockSize, parallelism, salt = '', hash = ''] = match
  const parsed: PasswordHash = {
    costLog2: Number(costLog2),
    blockSize: Number(blockSize),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  }
  requireRange('ln', parsed.costLog2, 10, 20)
  requireRange('r', parsed.blockSize, 1, 32)
  requireRange('p', parsed.parallelism, 1, 16)
  requireRange('the number of salt bytes', parsed.salt.length, 8, 64)
  requireRange('the number of hash bytes', parsed.hash.length, 16, 64)
  if (memoryBytes(parsed) > memoryBytesMax) throw new PasswordHashError('one check would need more than 256 MiB')
  return parsed
}

/** A hash that no password is known to match and that costs as much to check as one of `cost`. */
export function makeDecoyHash(cost: ScryptCost): string {
  const parameters = `ln=${cost.costLog2},r=${cost.blockSize},p=${cost.parallelism}`
  return `$scrypt$${parameters}$${encodeUnpadded(randomBytes(saltBytes))}$${encodeUnpadded(randomBytes(hashBytes))}`
}

export function requireRange(name: string, value: number, lowest: number, highest: number): void {
  if (value >= lowest && value <= highest) return
  throw new PasswordHashError(`${name} is ${value}, and may be ${lowest} to ${highest}`)
}

function memoryBytes(cost: ScryptCost): number {
  return 128 * cost.blockSize * (2 ** cost.costLog2 + cost.parallelism)
}

function derive(password: Uint8Array, salt: Buffer, size: number, cost: ScryptCost): Promise<Buffer> {
  const options: ScryptOptions = {
    cost: 2 ** cost.costLog2,
    blockSize: cost.blockSize,
    parallelization: cost.parallelism,
    maxmem: memoryBytes(cost) * 2,
  }
  return new Promise((resolve, reject) => {
    scrypt(password, salt, size, options, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })
}

function encodeUnpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/={1,2}$/, '')
}
