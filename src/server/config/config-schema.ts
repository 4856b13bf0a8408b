/**
 * The shape of the configuration file: every key, and how its value is read.
 *
 * zod walks the shape; each value is read by a function of ours, whose `Reading` carries the words of the fault. What else is
 * known of a key (what the published schema says, what a variable of the environment must be made of it) stands beside it.
 */
import { resolve } from 'node:path'
import { z } from 'zod'
import type { Limits } from '../../core/limits.ts'
import { clientIdentifierScopes } from '../../core/state.ts'
import type { Permissions } from '../authentication/authentication.ts'
import { scramMethods } from '../authentication/scram-credential.ts'
import { type Durability, defaultListen } from '../options.ts'
import { accessSchema } from './access-schema.ts'
import { httpHookSchema } from './http-hook-schema.ts'
import { jwtSchema } from './jwt-schema.ts'
import { choice, flag, type LeafFacts, leaf, text } from './leaf.ts'
import { amountFacts, limitAmount, limitNames, readLimit } from './limit-value.ts'
import { readListenUrl, withWholePaths } from './listen-value.ts'
import { logSchema } from './log-schema.ts'
import { describeValue, type Reading, readChoice, readFlag } from './reading.ts'
import { referredVariable, type SecretPlaces } from './secret.ts'
import { queuePolicies, readDeadLetterTopicName, readIdentifierPattern, widestTopicLimits } from './topic-values.ts'
import { observersSchema, topicNameShape, topicSchema } from './topics-schema.ts'
import {
  readAccount,
  readPassword,
  readPasswordFile,
  readPasswordHash,
  readScram,
  readUserName,
} from './user-values.ts'

export const durabilities: readonly Durability[] = Object.freeze(['fsync', 'interval', 'memory'])
/** What a user may do beyond publishing and subscribing. */
export type Permission = keyof Permissions
const permissionNames: readonly Permission[] = Object.freeze(['observe', 'admin'])
export const methodNames: readonly string[] = Object.freeze(scramMethods.map(({ name }) => name))
export const syncIntervalMsDefault = 100

export type ConfigSchema = ReturnType<typeof configSchema>

export function configSchema(places: SecretPlaces) {
  return z.strictObject({
    listeners: z.array(listenerSchema(places.directory)).optional(),
    allowAnonymous: leaf(readFlag, { json: flag, standard: false }).optional(),
    durability: leaf((value) => readChoice(value, durabilities), {
      json: choice(durabilities),
      standard: 'fsync',
    }).optional(),
    syncIntervalMs: leaf(readSyncInterval, {
      json: { type: 'integer', minimum: 1, maximum: syncIntervalMsMax },
      standard: syncIntervalMsDefault,
    }).optional(),
    admin: adminSchema(places.directory).optional(),
    data: leaf((value) => readDirectory(places.directory, value), {
      json: text,
      standard: 'data',
      isPath: true,
    }).optional(),
    clientIdentifierScope: leaf((value) => readChoice(value, clientIdentifierScopes), {
      json: choice(clientIdentifierScopes),
      standard: 'broker',
    }).optional(),
    clientIdentifiers: z.array(leaf(readIdentifierPattern, { json: text })).optional(),
    whenQueueFull: leaf((value) => readChoice(value, queuePolicies), {
      json: choice(queuePolicies),
      standard: 'spill',
    }).optional(),
    deadLetterTopic: leaf((value) => readDeadLetterTopicName(value, widestTopicLimits), {
      json: topicNameShape,
      standard: 'dead-letters',
    }).optional(),
    topics: z.array(topicSchema).optional(),
    observers: observersSchema.optional(),
    limits: z.strictObject(limitShape()).optional(),
    log: logSchema(places.directory).optional(),
    tracing: leaf(readFlag, { json: flag, standard: false }).optional(),
    access: accessSchema(places.directory).optional(),
    authentication: z
      .strictObject({
        users: z.array(userSchema(places)).optional(),
        passwordFile: leaf((value) => readPasswordFilePath(places.directory, value), {
          json: text,
          isPath: true,
        }).optional(),
        rehash: leaf(readFlag, { json: flag, standard: true }).optional(),
        jwt: jwtSchema(places.directory).optional(),
        http: httpHookSchema(places).optional(),
        methods: z.array(leaf((value) => readChoice(value, methodNames), { json: choice(methodNames) })).optional(),
      })
      .optional(),
  })
}

function listenerSchema(directory: string) {
  return z.preprocess(
    (value) => (typeof value === 'object' && value !== null ? value : { url: value }),
    z.strictObject({
      url: leaf((value) => wholePaths(readListenUrl(value), directory), {
        json: { type: 'string', pattern: '^(tcp|tls|ws|wss|unix)://' },
        isListenUrl: true,
      }),
    }),
  )
}

function adminSchema(directory: string) {
  return z.preprocess(
    (value) => (typeof value === 'object' && value !== null ? value : { listen: value }),
    z.strictObject({
      listen: leaf((value) => wholePaths(readAdminListen(value), directory), {
        json: { anyOf: [{ type: 'string', pattern: '^(https?://.+|off)$' }, { const: false }] },
        standard: 'http://127.0.0.1:18083',
        show: (value) => (value === null ? 'off' : String(value)),
        isListenUrl: true,
      }),
    }),
  )
}

/** `null` is a URL that is turned off. */
function wholePaths<Url extends string | null>(reading: Reading<Url>, directory: string): Reading<Url | string> {
  if (reading.type === 'fault' || reading.value === null) return reading
  return { type: 'value', value: withWholePaths(reading.value, directory) }
}

function userSchema(places: SecretPlaces) {
  const secret: LeafFacts = { json: text, isSecret: true }
  return z.strictObject({
    userName: leaf(readUserName, { json: text }),
    account: leaf(readAccount, { json: text, standardSibling: 'userName' }).optional(),
    passwordHash: leaf((value) => readPasswordHash(value, places), secret).optional(),
    passwordFile: leaf((value) => readPasswordFile(value, places), { json: text, isPath: true }).optional(),
    password: leaf((value) => readPassword(value, places), {
      json: { type: 'string', pattern: '^(\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}|file:.+)$' },
      isSecret: true,
    }).optional(),
    scram: leaf((value) => readScram(value, places), secret).optional(),
    permissions: z
      .array(leaf((value) => readChoice(value, permissionNames), { json: choice(permissionNames) }))
      .optional(),
  })
}

/** What lists hold where nobody says anything. */
export const standardLists: Readonly<Record<string, readonly string[]>> = Object.freeze({
  listeners: defaultListen,
  topics: [],
  'observers.accounts': [],
  'observers.filters': ['#', '+/#'],
  'access.rules': [],
  'access.groups': [],
  'access.roles': [],
  'authentication.users[].permissions': [],
})

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
  const limit = (name: keyof Limits) =>
    leaf((value) => readLimit(name, value), amountFacts(limitAmount(name))).optional()
  // The entries have exactly the keys of Limits, which fromEntries cannot say.
  return Object.fromEntries(limitNames.map((name) => [name, limit(name)])) as Record<
    keyof Limits,
    ReturnType<typeof limit>
  >
}

function readPasswordFilePath(directory: string, value: unknown): Reading<string> {
  if (typeof value === 'string' && value !== '') return { type: 'value', value: resolve(directory, value) }
  const advice = 'for example passwordFile: users.passwd'
  return { type: 'fault', expected: 'the path of a password file', advice }
}

function readDirectory(directory: string, value: unknown): Reading<string> {
  const expected = 'the path of a directory'
  if (referredVariable(value) !== null) {
    return { type: 'fault', expected, advice: 'only secrets stand in variables of their own: set PABAL_DATA instead' }
  }
  if (typeof value === 'string' && value !== '') return { type: 'value', value: resolve(directory, value) }
  return { type: 'fault', expected, advice: 'for example data: ./pabal-data' }
}
