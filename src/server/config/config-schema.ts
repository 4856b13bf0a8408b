/**
 * The shape of the configuration file: every key, and how its value is read.
 *
 * zod walks the shape; each value is read by a function of ours, whose `Reading` carries the words of the fault.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'
import type { Limits } from '../../core/limits.ts'
import { parseListenUrl } from '../../transport/listen-url.ts'
import type { Permissions } from '../authentication/authentication.ts'
import { PasswordHashError, parsePasswordHash } from '../authentication/password-hash.ts'
import {
  parseScramCredential,
  preparePassword,
  type ScramCredential,
  ScramCredentialError,
} from '../authentication/scram-credential.ts'
import { ScramSyntaxError } from '../authentication/scram-message.ts'
import { prepareUserName } from '../authentication/scram-sha-256.ts'
import type { Durability } from '../options.ts'
import { leaf } from './leaf.ts'
import { limitNames, readLimit } from './limit-value.ts'
import { describeValue, type Reading, readChoice, readFlag } from './reading.ts'
import { queuePolicies, readDeadLetterTopicName, widestTopicLimits } from './topic-values.ts'
import { observersSchema, topicSchema } from './topics-schema.ts'

export const durabilities: readonly Durability[] = Object.freeze(['fsync', 'interval', 'memory'])
/** What a user may do beyond publishing and subscribing. */
export type Permission = keyof Permissions
const permissionNames: readonly Permission[] = Object.freeze(['observe', 'admin'])
export const methodNames: readonly string[] = Object.freeze(['SCRAM-SHA-256'])

export type ConfigSchema = ReturnType<typeof configSchema>

/** The password of a user as its file holds it: a hash, or the password itself. */
export type PasswordFromFile = { type: 'hash'; hash: string } | { type: 'plain'; password: string }

/** `directory` is what relative paths in the file start from: the directory of the file. */
export function configSchema(directory: string) {
  const user = z.strictObject({
    userName: leaf(readUserName),
    account: leaf(readAccount).optional(),
    passwordHash: leaf(readPasswordHash).optional(),
    passwordFile: leaf((value) => readPasswordFile(directory, value)).optional(),
    scram: leaf(readScram).optional(),
    permissions: z.array(leaf((value) => readChoice(value, permissionNames))).optional(),
  })
  const listener = z.preprocess(
    (value) => (typeof value === 'object' && value !== null ? value : { url: value }),
    z.strictObject({ url: leaf(readListenUrl) }),
  )
  const admin = z.preprocess(
    (value) => (typeof value === 'object' && value !== null ? value : { listen: value }),
    z.strictObject({ listen: leaf(readAdminListen) }),
  )
  return z.strictObject({
    listeners: z.array(listener).optional(),
    allowAnonymous: leaf(readFlag).optional(),
    durability: leaf((value) => readChoice(value, durabilities)).optional(),
    syncIntervalMs: leaf(readSyncInterval).optional(),
    admin: admin.optional(),
    data: leaf((value) => readDirectory(directory, value)).optional(),
    whenQueueFull: leaf((value) => readChoice(value, queuePolicies)).optional(),
    deadLetterTopic: leaf((value) => readDeadLetterTopicName(value, widestTopicLimits)).optional(),
    topics: z.array(topicSchema).optional(),
    observers: observersSchema.optional(),
    limits: z.strictObject(limitShape()).optional(),
    authentication: z
      .strictObject({
        users: z.array(user).optional(),
        methods: z.array(leaf((value) => readChoice(value, methodNames))).optional(),
      })
      .optional(),
  })
}

/** The keys a mapping at `path` may have; none if there is no mapping there. */
export function knownKeys(schema: z.core.$ZodType, path: readonly (string | number)[]): readonly string[] {
  if (schema instanceof z.ZodOptional) return knownKeys(schema.unwrap(), path)
  if (schema instanceof z.ZodPipe) return knownKeys(schema.out, path)
  const [step, ...rest] = path
  if (schema instanceof z.ZodArray) return step === undefined ? [] : knownKeys(schema.element, rest)
  if (!(schema instanceof z.ZodObject)) return []
  if (step === undefined) return Object.keys(schema.shape)
  const child: z.core.$ZodType | undefined = schema.shape[step]
  return child === undefined ? [] : knownKeys(child, rest)
}

/** Reads a listen URL and leaves it as it is written. */
export function readListenUrl(value: unknown): Reading<string> {
  const fault: Reading<string> = {
    type: 'fault',
    found: describeValue(value),
    expected:
      'tcp://HOST:PORT, tls://HOST:PORT?cert=FILE&key=FILE, ws://HOST:PORT/PATH, wss:// likewise, or unix:///PATH',
    advice: 'for example tcp://127.0.0.1:1883',
  }
  if (typeof value !== 'string') return fault
  try {
    parseListenUrl(value)
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ListenUrlError') throw error
    return { ...fault, advice: error.message }
  }
  return { type: 'value', value }
}

/** Where the HTTP API listens; null: nowhere. What the address must be like the API itself says when it is made. */
export function readAdminListen(value: unknown): Reading<string | null> {
  if (value === 'off' || value === false) return { type: 'value', value: null }
  if (typeof value === 'string' && /^https?:\/\//.test(value)) return { type: 'value', value }
  return {
    type: 'fault',
    expected: 'http://HOST:PORT, https://HOST:PORT?cert=FILE&key=FILE, or off',
    advice: 'for example http://127.0.0.1:18083',
  }
}

const syncIntervalMsMax = 60_000

function readSyncInterval(value: unknown): Reading<number> {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= syncIntervalMsMax) {
    return { type: 'value', value }
  }
  const expected = `a whole number of milliseconds from 1 to ${syncIntervalMsMax}`
  return { type: 'fault', found: describeValue(value), expected, advice: 'for example syncIntervalMs: 100' }
}

function limitShape() {
  const limit = (name: keyof Limits) => leaf((value) => readLimit(name, value)).optional()
  // The entries have exactly the keys of Limits, which fromEntries cannot say.
  return Object.fromEntries(limitNames.map((name) => [name, limit(name)])) as Record<
    keyof Limits,
    ReturnType<typeof limit>
  >
}

function readUserName(value: unknown): Reading<string> {
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

function readAccount(value: unknown): Reading<string> {
  if (typeof value === 'string' && value !== '') return { type: 'value', value }
  return { type: 'fault', expected: 'the name of an account', advice: 'leave account: out to use the User Name' }
}

function readPasswordHash(value: unknown): Reading<string> {
  try {
    if (typeof value === 'string') {
      parsePasswordHash(value)
      return { type: 'value', value }
    }
  } catch (error) {
    if (!(error instanceof PasswordHashError)) throw error
    return {
      type: 'fault',
      found: `a text that is no hash: ${error.message}`,
      expected: 'a password hash: $scrypt$ln=15,r=8,p=1$salt$hash',
      advice: 'make one with hashPassword() of the library, or name a file with the password as passwordFile:',
    }
  }
  return {
    type: 'fault',
    found: hideSecret(value),
    expected: 'a password hash: $scrypt$ln=15,r=8,p=1$salt$hash',
    advice: 'put the hash in quotation marks',
  }
}

function readScram(value: unknown): Reading<ScramCredential> {
  const expected = 'a credential: SCRAM-SHA-256$<iterations>:<salt>$<storedKey>:<serverKey>'
  const advice = 'make one with makeScramCredential() and formatScramCredential() of the library'
  if (typeof value !== 'string') return { type: 'fault', found: hideSecret(value), expected, advice }
  try {
    return { type: 'value', value: parseScramCredential(value) }
  } catch (error) {
    if (!(error instanceof ScramCredentialError)) throw error
    return { type: 'fault', found: `a text that is no credential: ${error.message}`, expected, advice }
  }
}

/** A secret's kind may be shown, but not the secret. */
function hideSecret(value: unknown): string {
  return typeof value === 'string' ? 'a text' : typeof value === 'number' ? 'a number' : describeValue(value)
}

function readPasswordFile(directory: string, value: unknown): Reading<PasswordFromFile> {
  const expected = 'a file whose only line is the password, or a hash of it'
  if (typeof value !== 'string' || value === '')
    return { type: 'fault', expected, advice: 'write the path of the file' }
  const path = resolve(directory, value)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    return {
      type: 'fault',
      found: `${path}, which cannot be read: ${systemReason(error)}`,
      expected,
      advice: 'check the path and who may read the file',
    }
  }
  const line = text.replace(/\r?\n$/, '')
  if (line === '' || /[\r\n]/.test(line)) {
    const found = line === '' ? `${path}, which is empty` : `${path}, which has more than one line`
    return { type: 'fault', found, expected, advice: 'put the password alone on the first line' }
  }
  if (!line.startsWith('$scrypt$')) return readPlainPassword(path, line)
  const hash = readPasswordHash(line)
  return hash.type === 'fault' ? hash : { type: 'value', value: { type: 'hash', hash: hash.value } }
}

function readPlainPassword(path: string, password: string): Reading<PasswordFromFile> {
  try {
    preparePassword(password)
    return { type: 'value', value: { type: 'plain', password } }
  } catch (error) {
    if (!(error instanceof ScramCredentialError)) throw error
    return {
      type: 'fault',
      found: `${path}: ${error.message}`,
      expected: 'a password of printable characters',
      advice: 'choose another password',
    }
  }
}

function readDirectory(directory: string, value: unknown): Reading<string> {
  if (typeof value === 'string' && value !== '') return { type: 'value', value: resolve(directory, value) }
  return { type: 'fault', expected: 'the path of a directory', advice: 'for example data: ./pabal-data' }
}

/** Why the operating system refused, in its own words without code and path. */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message.replace(/^[A-Z]+: /, '').replace(/, .*$/s, '')
}
