/**
 * The configuration file: YAML, read once at start, and either taken as a whole or refused with all its faults.
 */
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { z } from 'zod'
import type { Limits } from '../../core/limits.ts'
import type { WhenQueueFull } from '../../core/state.ts'
import type { ScramCredential } from '../authentication/scram-credential.ts'
import type { Durability, ObserverOptions, TopicOptions } from '../options.ts'
import { ConfigError, type ConfigFault } from './config-fault.ts'
import { configSchema, knownKeys, type Permission, systemReason } from './config-schema.ts'
import { nearestName } from './nearest-name.ts'
import { describeValue } from './reading.ts'
import { ruleOrderFaults, toObserverOptions, toTopicOptions } from './topics-schema.ts'
import { type PathFault, userFaults } from './user-faults.ts'
import { type KeyPath, YamlSource } from './yaml-source.ts'

export interface ConfiguredUser {
  userName: string
  /** null: the User Name. */
  account: string | null
  passwordHash: string | null
  /** The password itself, from `passwordFile`: whoever starts the broker hashes it and forgets it. */
  password: string | null
  scram: ScramCredential | null
  permissions: readonly Permission[]
}

/** The file's content. What the file does not mention is null, so that defaults stay the broker's. */
export interface Config {
  listeners: readonly string[] | null
  allowAnonymous: boolean | null
  durability: Durability | null
  syncIntervalMs: number | null
  whenQueueFull: WhenQueueFull | null
  deadLetterTopic: string | null
  topics: readonly TopicOptions[] | null
  observers: ObserverOptions | null
  /** Where the HTTP API listens; `listen` is null where it is turned off. */
  admin: { readonly listen: string | null } | null
  /** An absolute path. */
  data: string | null
  limits: Partial<Limits>
  /** `methods` null: those that any user has a credential for. */
  authentication: { users: readonly ConfiguredUser[]; methods: readonly string[] | null } | null
}

/** Reads a configuration file. Relative paths in it start from its own directory. @throws ConfigError with every fault. */
export function loadConfig(path: string): Config {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError([
      {
        file: path,
        line: null,
        column: null,
        key: '',
        found: `a file that cannot be read: ${systemReason(error)}`,
        expected: 'a YAML file',
        advice: 'check the path and who may read the file',
      },
    ])
  }
  return parseConfig(text, path)
}

/** Reads the text of a configuration file; `path` is what faults call it. @throws ConfigError with every fault. */
export function parseConfig(text: string, path: string): Config {
  const source = new YamlSource(text, path)
  const schema = configSchema(dirname(path))
  const written = source.value ?? {}
  const result = schema.safeParse(written)
  const pathFaults = [
    ...(result.error?.issues ?? []).flatMap((issue) => issueFaults(schema, issue)),
    ...userFaults(written),
    ...ruleOrderFaults(valueAt(written, ['topics'])),
  ]
  if (pathFaults.length > 0 || !result.success) {
    const faults = pathFaults.map((fault) => locate(source, path, written, fault))
    throw new ConfigError(faults.sort(byPlace))
  }
  return toConfig(result.data)
}

function toConfig(file: z.output<ReturnType<typeof configSchema>>): Config {
  const limits: Partial<Limits> = {}
  for (const [name, value] of Object.entries(file.limits ?? {})) Object.assign(limits, { [name]: value })
  const { authentication } = file
  return {
    listeners: file.listeners?.map((listener) => listener.url) ?? null,
    allowAnonymous: file.allowAnonymous ?? null,
    durability: file.durability ?? null,
    syncIntervalMs: file.syncIntervalMs ?? null,
    whenQueueFull: file.whenQueueFull ?? null,
    deadLetterTopic: file.deadLetterTopic ?? null,
    topics: file.topics?.map(toTopicOptions) ?? null,
    observers: file.observers === undefined ? null : toObserverOptions(file.observers),
    admin: file.admin ?? null,
    data: file.data ?? null,
    limits,
    authentication:
      authentication === undefined
        ? null
        : { users: (authentication.users ?? []).map(toUser), methods: authentication.methods ?? null },
  }
}

type FileUser = NonNullable<NonNullable<z.output<ReturnType<typeof configSchema>>['authentication']>['users']>[number]

function toUser(user: FileUser): ConfiguredUser {
  const fromFile = user.passwordFile
  return {
    userName: user.userName,
    account: user.account ?? null,
    passwordHash: user.passwordHash ?? (fromFile?.type === 'hash' ? fromFile.hash : null),
    password: fromFile?.type === 'plain' ? fromFile.password : null,
    scram: user.scram ?? null,
    permissions: user.permissions ?? [],
  }
}

/** A fault as it leaves zod: with its path, and whether that names a key rather than a value. */
interface SchemaFault extends PathFault {
  isKey?: boolean
}

function issueFaults(schema: z.core.$ZodType, issue: z.core.$ZodIssue): SchemaFault[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol')
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, path)
    return issue.keys.map((key) => unknownKeyFault([...path, key], key, known))
  }
  if (issue.code === 'custom') {
    const words: Record<string, unknown> = issue.params ?? {}
    return [{ path, found: String(words.found), expected: String(words.expected), advice: String(words.advice) }]
  }
  const isList = issue.code === 'invalid_type' && issue.expected === 'array'
  return [
    {
      path,
      found: '',
      expected: isList ? 'a list' : 'a mapping of keys to values',
      advice: isList ? 'begin each entry with "- " on a line of its own' : 'write key: value, one on each line',
    },
  ]
}

function unknownKeyFault(path: KeyPath, key: string, known: readonly string[]): SchemaFault {
  const nearest = nearestName(key, known)
  return {
    path,
    isKey: true,
    found: `the unknown key ${describeValue(key)}`,
    expected: `one of ${known.join(', ')}`,
    advice: nearest === null ? 'remove it' : `did you mean ${nearest}?`,
  }
}

function locate(source: YamlSource, file: string, written: unknown, fault: SchemaFault): ConfigFault {
  const last = fault.path.at(-1)
  const isKey = fault.isKey === true && last !== undefined
  const place = isKey ? source.placeOfKey(fault.path.slice(0, -1), String(last)) : source.placeOfValue(fault.path)
  const found = fault.found === '' ? describeValue(valueAt(written, fault.path)) : fault.found
  const key = formatPath(isKey ? fault.path : existingPath(written, fault.path))
  return { file, ...place, key, found, expected: fault.expected, advice: fault.advice }
}

function valueAt(value: unknown, path: KeyPath): unknown {
  let current = value
  for (const step of path) {
    if (typeof current !== 'object' || current === null) return current
    current = Reflect.get(current, step)
  }
  return current
}

/** The path without steps into what is no mapping or list: a listener written as a text has no `url`. */
function existingPath(value: unknown, path: KeyPath): KeyPath {
  let current = value
  let length = 0
  while (length < path.length && typeof current === 'object' && current !== null) {
    current = Reflect.get(current, path[length] ?? '')
    length++
  }
  return path.slice(0, length)
}

/** `authentication.users[0].userName`. */
function formatPath(path: KeyPath): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('')
}

function byPlace(left: ConfigFault, right: ConfigFault): number {
  return (left.line ?? 0) - (right.line ?? 0) || (left.column ?? 0) - (right.column ?? 0)
}
