/**
 * How each value of a user is read: names as they are sent, secrets as they stand here or elsewhere.
 */
import { PasswordHashError } from '../authentication/password-hash.ts'
import { prepareUserName } from '../authentication/scram.ts'
import {
  parseScramCredential,
  preparePassword,
  type ScramCredential,
  ScramCredentialError,
} from '../authentication/scram-credential.ts'
import { ScramSyntaxError } from '../authentication/scram-message.ts'
import { parseStoredPassword } from '../authentication/stored-password.ts'
import type { Reading } from './reading.ts'
import { hideSecret, isReference, readSecret, readSecretFile, type SecretPlaces, SecretText } from './secret.ts'

/** The password of a user: a hash, or the password itself. */
export type Password = { type: 'hash'; hash: string } | { type: 'plain'; password: string }

export function readUserName(value: unknown): Reading<string> {
  const expected = 'a User Name of 1 to 65,535 bytes'
  if (typeof value === 'number' || typeof value === 'boolean') {
    return { type: 'fault', expected, advice: `put it in quotation marks: '${value}'` }
  }
  if (typeof value !== 'string') return { type: 'fault', expected, advice: 'add a line userName: NAME' }
  if (value === '' || Buffer.byteLength(value) > 65_535) {
    return { type: 'fault', expected, advice: 'write the name the client sends' }
  }
  try {
    prepareUserName(value)
  } catch (error) {
    if (!(error instanceof ScramSyntaxError)) throw error
    return { type: 'fault', expected, advice: `choose another name: ${error.message}` }
  }
  return { type: 'value', value }
}

export function readAccount(value: unknown): Reading<string> {
  if (typeof value === 'string' && value !== '') return { type: 'value', value }
  return { type: 'fault', expected: 'the name of an account', advice: 'leave account: out to use the User Name' }
}

/** A password that stands elsewhere: the file is no place for one, because many may read it who should not know it. */
export function readPassword(value: unknown, places: SecretPlaces): Reading<Password> {
  const expected = `where the password stands: \${VARIABLE} or file:PATH`
  if (!(value instanceof SecretText) && !isReference(value) && (typeof value !== 'string' || !value.startsWith('${'))) {
    const found = typeof value === 'string' && value !== '' ? 'a password that stands here itself' : hideSecret(value)
    const advice = 'put it into a variable or a file; a hash of it may stand here as passwordHash:'
    return { type: 'fault', found, expected, advice }
  }
  const secret = readSecret(value, 'the password', places)
  return secret.type === 'fault' ? secret : passwordOf(secret.value, 'the password')
}

export function readPasswordFile(value: unknown, { directory }: SecretPlaces): Reading<Password> {
  const expected = 'a file whose only line is the password, or a hash of it'
  if (typeof value !== 'string') return { type: 'fault', expected, advice: 'write the path of the file' }
  const line = readSecretFile(directory, value, 'the password')
  return line.type === 'fault' ? line : passwordOf(line.value, value)
}

function passwordOf(secret: string, place: string): Reading<Password> {
  if (isHash(secret)) {
    const hash = hashOf(secret)
    return hash.type === 'fault' ? hash : { type: 'value', value: { type: 'hash', hash: hash.value } }
  }
  try {
    preparePassword(secret)
    return { type: 'value', value: { type: 'plain', password: secret } }
  } catch (error) {
    if (!(error instanceof ScramCredentialError)) throw error
    return {
      type: 'fault',
      found: `${place}: ${error.message}`,
      expected: 'a password of printable characters',
      advice: 'choose another password',
    }
  }
}

/**
 * Taken for a password, a hash would be one: whoever has read it could log in with it. What begins as mosquitto's do may be a password,
 * too, unless it is a whole one.
 */
function isHash(secret: string): boolean {
  return /^\$(?:scrypt|argon2id)\$/.test(secret) || hashOf(secret).type === 'value'
}

export function readPasswordHash(value: unknown, places: SecretPlaces): Reading<string> {
  const secret = readSecret(value, 'a password hash: $scrypt$ln=15,r=8,p=1$salt$hash', places)
  return secret.type === 'fault' ? secret : hashOf(secret.value)
}

function hashOf(text: string): Reading<string> {
  try {
    parseStoredPassword(text)
    return { type: 'value', value: text }
  } catch (error) {
    if (!(error instanceof PasswordHashError)) throw error
    return {
      type: 'fault',
      found: `a text that is no hash: ${error.message}`,
      expected: 'a password hash: $scrypt$ln=15,r=8,p=1$salt$hash',
      advice: 'make one with hashPassword() of the library, or name a file with the password as passwordFile:',
    }
  }
}

export function readScram(value: unknown, places: SecretPlaces): Reading<ScramCredential> {
  const expected = 'a credential: SCRAM-SHA-256$<iterations>:<salt>$<storedKey>:<serverKey>, or with 512'
  const advice = 'make one with makeScramCredential() and formatScramCredential() of the library'
  const secret = readSecret(value, expected, places)
  if (secret.type === 'fault') return secret
  try {
    return { type: 'value', value: parseScramCredential(secret.value) }
  } catch (error) {
    if (!(error instanceof ScramCredentialError)) throw error
    return { type: 'fault', found: `a text that is no credential: ${error.message}`, expected, advice }
  }
}
