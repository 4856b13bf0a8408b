/**
 * The configuration: a YAML file (or a mosquitto.conf), the environment laid over it, and flags over both. Taken as a whole or refused with all its faults.
 */
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { z } from 'zod'
import type { AccessPolicy } from '../../core/access/access-policy.ts'
import type { Limits } from '../../core/limits.ts'
import type { ClientIdentifierScope, WhenQueueFull } from '../../core/state.ts'
import type { HttpHookOptions } from '../authentication/http-hook.ts'
import type { JwtOptions } from '../authentication/jwt.ts'
import type { ScramCredential } from '../authentication/scram-credential.ts'
import type { LogOptions } from '../log/log-options.ts'
import type { Durability, ObserverOptions, TopicOptions } from '../options.ts'
import { accessKeyFaults, toAccessPolicy } from './access-schema.ts'
import { ConfigError, type ConfigFault } from './config-fault.ts'
import { keyTree } from './config-keys.ts'
import { type ConfigSchema, configSchema, type Permission } from './config-schema.ts'
import { type EnvironmentReading, type Override, readEnvironment } from './environment.ts'
import { toHttpHookOptions } from './http-hook-schema.ts'
import { toJwtOptions } from './jwt-schema.ts'
import { valueAt } from './key-path.ts'
import { type ConfigSource, Layers } from './layers.ts'
import { type ImportRow, isMosquittoConf } from './mosquitto/mosquitto-config.ts'
import { MosquittoSource } from './mosquitto/mosquitto-source.ts'
import { usersOfPasswordFile } from './password-file-users.ts'
import { byPlace, issueFaults, locate } from './schema-faults.ts'
import { type Environment, referredVariable } from './secret.ts'
import { systemReason } from './system-reason.ts'
import { ruleOrderFaults, toObserverOptions, toTopicOptions } from './topics-schema.ts'
import { userFaults } from './user-faults.ts'
import { YamlSource } from './yaml-source.ts'

export interface ConfiguredUser {
  userName: string
  /** null: the User Name. */
  account: string | null
  passwordHash: string | null
  /** The password itself, from where it stands: whoever starts the broker hashes it and forgets it. */
  password: string | null
  scram: ScramCredential | null
  permissions: readonly Permission[]
  /** Its line in the password file is written anew when a weak hash of it has been right. */
  isInPasswordFile: boolean
}

/** What was configured. What nobody mentions is null, so that defaults stay the broker's. */
export interface Config {
  listeners: readonly string[] | null
  allowAnonymous: boolean | null
  durability: Durability | null
  syncIntervalMs: number | null
  clientIdentifierScope: ClientIdentifierScope | null
  clientIdentifiers: readonly string[] | null
  whenQueueFull: WhenQueueFull | null
  deadLetterTopic: string | null
  topics: readonly TopicOptions[] | null
  observers: ObserverOptions | null
  /** Where the HTTP API listens; `listen` is null where it is turned off. */
  admin: { readonly listen: string | null } | null
  /** An absolute path. */
  data: string | null
  limits: Partial<Limits>
  log: Partial<LogOptions>
  tracing: boolean | null
  /** Who may do what; null: nobody is denied anything. */
  access: AccessPolicy | null
  /** `methods` null: those that any user has a credential for. */
  authentication: {
    users: readonly ConfiguredUser[]
    methods: readonly string[] | null
    /** An absolute path; its users are among `users`. */
    passwordFile: string | null
    rehash: boolean
    /** Null: no tokens are taken. */
    jwt: JwtOptions | null
    /** Null: nobody is asked over HTTP. Else it stands in the place of `users`. */
    http: HttpHookOptions | null
  } | null
}

/** From what a configuration is read. */
export interface ConfigSources {
  /** The path of the file; null for none. */
  readonly file: string | null
  readonly environment: Environment
  /** What flags say, in the order in which one wins over the other. */
  readonly flags: readonly Override[]
  /** Where relative paths start that do not stand in the file. */
  readonly directory: string
}

/** A configuration without faults, and what it was made of. */
export interface ReadConfig {
  readonly config: Config
  readonly layers: Layers
  /** The values as they were read, in the shape of the file. */
  readonly values: unknown
  /** Every line of a mosquitto.conf and what became of it; empty for any other file. */
  readonly imported: readonly ImportRow[]
}

const noVariables: EnvironmentReading = { overrides: [], faults: [] }

/** Reads a configuration file alone. Relative paths in it start from its own directory. @throws ConfigError with every fault. */
export function loadConfig(path: string): Config {
  return readConfig({ file: path, environment: {}, flags: [], directory: dirname(path) }).config
}

/** Reads the text of a configuration file alone; `path` is what faults call it. @throws ConfigError with every fault. */
export function parseConfig(text: string, path: string): Config {
  const source = new YamlSource(text, path)
  return combine(source, path, noVariables, { file: path, environment: {}, flags: [], directory: '.' }).config
}

/** Reads file and environment, with the flags over both. @throws ConfigError with every fault of the three. */
export function readConfig(sources: ConfigSources): ReadConfig {
  const { file, environment, directory } = sources
  const faults: ConfigFault[] = []
  let source: YamlSource | MosquittoSource | null = null
  try {
    if (file !== null) source = openSource(file, directory)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    faults.push(...error.faults)
  }
  const tree = keyTree(configSchema({ directory, environment }))
  const referred = new Set(referredVariables(source?.value))
  const variables = readEnvironment(tree, environment, directory, (variable) => referred.has(variable))
  // What is laid over a file that cannot be read would be called wrong for what it lacks.
  if (faults.length > 0) throw new ConfigError([...faults, ...variables.faults])
  const read = combine(source, file ?? '', variables, sources)
  return source instanceof MosquittoSource ? { ...read, imported: source.rows } : read
}

/** @throws ConfigError */
function openSource(file: string, directory: string): YamlSource | MosquittoSource {
  const text = readText(file)
  return isMosquittoConf(file, text) ? new MosquittoSource(file, directory) : new YamlSource(text, file)
}

/** @throws ConfigError with the faults of all. */
function combine(
  source: ConfigSource | null,
  file: string,
  variables: EnvironmentReading,
  { environment, flags, directory }: ConfigSources,
): ReadConfig {
  const layers = new Layers(source, file, [...variables.overrides, ...flags])
  const { written } = layers
  const schema = configSchema({ directory: source === null ? directory : dirname(file), environment })
  const result = schema.safeParse(written)
  const found = [
    ...(result.error?.issues ?? []).flatMap((issue) => issueFaults(schema, issue)),
    ...userFaults(written),
    ...ruleOrderFaults(valueAt(written, ['topics'])),
    ...accessKeyFaults(result.data?.access, comeWithGroups(result.data?.authentication)),
  ]
  const faults = [...found.map((fault) => locate(layers, fault)).sort(byPlace), ...variables.faults, ...layers.faults]
  if (faults.length > 0 || !result.success) throw new ConfigError(faults)
  return { config: toConfig(result.data), layers, values: result.data, imported: [] }
}

/** Whether clients may come with groups when they log in. */
function comeWithGroups(authentication: z.output<ConfigSchema>['authentication']): boolean {
  return authentication?.http !== undefined || authentication?.jwt?.groupsClaim !== undefined
}

/** @throws ConfigError */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const found = `a file that cannot be read: ${systemReason(error)}`
    const advice = 'check the path and who may read the file'
    const place = { file: path, line: null, column: null, key: '' }
    throw new ConfigError([{ ...place, found, expected: 'a YAML file', advice }])
  }
}

/** Every variable that a text of the file refers to. */
function* referredVariables(value: unknown): Generator<string> {
  const variable = referredVariable(value)
  if (variable !== null) yield variable
  if (typeof value !== 'object' || value === null) return
  for (const child of Object.values(value)) yield* referredVariables(child)
}

type FileValues = z.output<ReturnType<typeof configSchema>>

function toConfig(file: FileValues): Config {
  const limits: Partial<Limits> = {}
  for (const [name, value] of Object.entries(file.limits ?? {})) Object.assign(limits, { [name]: value })
  const { authentication } = file
  return {
    listeners: file.listeners?.map((listener) => listener.url) ?? null,
    allowAnonymous: file.allowAnonymous ?? null,
    durability: file.durability ?? null,
    syncIntervalMs: file.syncIntervalMs ?? null,
    clientIdentifierScope: file.clientIdentifierScope ?? null,
    clientIdentifiers: file.clientIdentifiers ?? null,
    whenQueueFull: file.whenQueueFull ?? null,
    deadLetterTopic: file.deadLetterTopic ?? null,
    topics: file.topics?.map(toTopicOptions) ?? null,
    observers: file.observers === undefined ? null : toObserverOptions(file.observers),
    admin: file.admin ?? null,
    data: file.data ?? null,
    limits,
    log: toLog(file.log),
    tracing: file.tracing ?? null,
    access: file.access === undefined ? null : toAccessPolicy(file.access),
    authentication: authentication === undefined ? null : toAuthentication(authentication),
  }
}

function toLog(written: FileValues['log']): Partial<LogOptions> {
  const { level, format, audit } = written ?? {}
  return {
    ...(level === undefined ? {} : { level }),
    ...(format === undefined ? {} : { format }),
    ...(audit === undefined ? {} : { audit }),
  }
}

function toAuthentication(written: NonNullable<FileValues['authentication']>): NonNullable<Config['authentication']> {
  const { methods = null, passwordFile = null, rehash = true, jwt, http } = written
  const users = (written.users ?? []).map(toUser)
  if (passwordFile !== null) users.push(...usersOfPasswordFile(passwordFile, users))
  const tokens = jwt === undefined ? null : toJwtOptions(jwt)
  const hook = http === undefined ? null : toHttpHookOptions(http)
  return { users, methods, passwordFile, rehash, jwt: tokens, http: hook }
}

type FileUser = NonNullable<NonNullable<FileValues['authentication']>['users']>[number]

function toUser(user: FileUser): ConfiguredUser {
  const password = user.passwordFile ?? user.password
  return {
    userName: user.userName,
    account: user.account ?? null,
    passwordHash: user.passwordHash ?? (password?.type === 'hash' ? password.hash : null),
    password: password?.type === 'plain' ? password.password : null,
    scram: user.scram ?? null,
    permissions: user.permissions ?? [],
    isInPasswordFile: false,
  }
}
