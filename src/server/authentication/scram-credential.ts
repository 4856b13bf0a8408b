/**
 * What a server keeps of a password for SCRAM-SHA-256 or SCRAM-SHA-512: RFC 5802 section 3, RFC 7677. Neither the password nor anything
 * that would let its holder log in as the user can be read from it; but it should be kept as safe as a password hash.
 *
 * As text: `SCRAM-SHA-256$<iterations>:<salt>$<storedKey>:<serverKey>`, the last three in base64, as PostgreSQL writes it; or with
 * `SCRAM-SHA-512`.
 */
import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { saslprep } from '@mongodb-js/saslprep'

export type ScramHash = 'sha256' | 'sha512'

/** Authentication Methods, the stronger first. */
export const scramMethods: readonly { readonly name: string; readonly hash: ScramHash }[] = Object.freeze([
  { name: 'SCRAM-SHA-512', hash: 'sha512' },
  { name: 'SCRAM-SHA-256', hash: 'sha256' },
])

/** What a server keeps of a password: RFC 5802 section 3. It must be kept as safe as a password hash. */
export interface ScramCredential {
  hash: ScramHash
  salt: Uint8Array
  iterations: number
  /** As many bytes as the hash has: hash of the key whose possession the client proves. */
  storedKey: Uint8Array
  /** As many: the key whose possession the server proves. */
  serverKey: Uint8Array
}

/** The text is not a SCRAM credential; the message says what is wrong with it and never repeats it. */
export class ScramCredentialError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ScramCredentialError'
  }
}

/** How a credential is made. */
export interface ScramCredentialOptions {
  /** Default `sha256`: what most clients know. */
  hash?: ScramHash
  /** At least 4096, the lowest RFC 7677 allows. */
  iterations?: number
  /** Default: 16 random bytes. */
  salt?: Uint8Array
}

/** Bytes in a hash. */
export const keyBytes: Readonly<Record<ScramHash, number>> = { sha256: 32, sha512: 64 }
const iterationsMin = 4096
/** More would let one credential keep a client busy for minutes. */
export const iterationsMax = 10_000_000
export const defaultIterations = 4096
export const defaultSaltBytes = 16

const layout = /^SCRAM-SHA-(256|512)\$(\d{1,8}):([A-Za-z0-9+/]+={0,2})\$([A-Za-z0-9+/]+={0,2}):([A-Za-z0-9+/]+={0,2})$/

/** Makes the credential of a password, prepared with SASLprep. @throws ScramCredentialError if it cannot be prepared. */
export async function makeScramCredential(
  password: string,
  options: ScramCredentialOptions = {},
): Promise<ScramCredential> {
  const prepared = preparePassword(password)
  const { hash = 'sha256', iterations = defaultIterations } = options
  const salt = options.salt ?? randomBytes(defaultSaltBytes)
  requireIterations(iterations)
  const saltedPassword = await stretch(hash, prepared, salt, iterations)
  return {
    hash,
    salt,
    iterations,
    storedKey: createHash(hash)
      .update(hmac(hash, saltedPassword, 'Client Key'))
      .digest(),
    serverKey: hmac(hash, saltedPassword, 'Server Key'),
  }
}

/**
 * The password as SASLprep (RFC 4013) has it. Characters younger than Unicode 3.2 are let through, as clients do.
 * @throws ScramCredentialError if it is empty or has characters that SASLprep forbids.
 */
export function preparePassword(password: string): string {
  let prepared: string
  try {
    prepared = saslprep(password, { allowUnassigned: true })
  } catch {
    throw new ScramCredentialError('the password has characters that SASLprep forbids, such as control characters')
  }
  if (prepared === '') throw new ScramCredentialError('the password is empty')
  return prepared
}

/** The credential as the one line a configuration file holds. */
export function formatScramCredential(credential: ScramCredential): string {
  const [salt, storedKey, serverKey] = [credential.salt, credential.storedKey, credential.serverKey].map((bytes) =>
    Buffer.from(bytes).toString('base64'),
  )
  return `SCRAM-SHA-${credential.hash === 'sha512' ? 512 : 256}$${credential.iterations}:${salt}$${storedKey}:${serverKey}`
}

/** The credential of such a line. @throws ScramCredentialError that says what is wrong with it and never repeats it. */
export function parseScramCredential(text: string): ScramCredential {
  const match = layout.exec(text)
  if (match === null) {
    throw new ScramCredentialError(
      'it does not have the form SCRAM-SHA-256$<iterations>:<salt>$<storedKey>:<serverKey>, or with 512',
    )
  }
  const [, bits, iterations, salt = '', storedKey = '', serverKey = ''] = match
  const hash: ScramHash = bits === '512' ? 'sha512' : 'sha256'
  const credential = {
    hash,
    iterations: Number(iterations),
    salt: Buffer.from(salt, 'base64'),
    storedKey: Buffer.from(storedKey, 'base64'),
    serverKey: Buffer.from(serverKey, 'base64'),
  }
  requireIterations(credential.iterations)
  if (credential.salt.length < 8 || credential.salt.length > 64) {
    throw new ScramCredentialError(`the salt has ${credential.salt.length} bytes, and may have 8 to 64`)
  }
  for (const name of ['storedKey', 'serverKey'] as const) {
    const size = credential[name].length
    if (size === keyBytes[hash]) continue
    throw new ScramCredentialError(`${name} has ${size} bytes, and must have ${keyBytes[hash]}`)
  }
  return credential
}

export function hmac(hash: ScramHash, key: Uint8Array, message: string | Uint8Array): Buffer {
  return createHmac(hash, key).update(message).digest()
}

function requireIterations(iterations: number): void {
  if (Number.isInteger(iterations) && iterations >= iterationsMin && iterations <= iterationsMax) return
  throw new ScramCredentialError(`iterations is ${iterations}, and may be ${iterationsMin} to ${iterationsMax}`)
}

function stretch(hash: ScramHash, password: string, salt: Uint8Array, iterations: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    pbkdf2(password, salt, iterations, keyBytes[hash], hash, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })
}
