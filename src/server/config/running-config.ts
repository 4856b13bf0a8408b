/**
 * The configuration of a broker that runs: reads it again when it is told to, and puts in force what can be, or nothing.
 *
 * Of passwords only fingerprints are kept, to see whether one has changed; their key is made anew in each process.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { ListenError } from '../../transport/listen-error.ts'
import { originalHash } from '../authentication/password-file.ts'
import type { Broker } from '../embedded-broker.ts'
import { AuditLogError } from '../log/audit-log.ts'
import { defaultLogOptions, type LogOptions } from '../log/log-options.ts'
import type { BrokerOptions } from '../options.ts'
import type { ReloadResult } from '../reload.ts'
import type { Config, ConfiguredUser, ReadConfig } from './config.ts'
import { ConfigError } from './config-fault.ts'
import { configuredOptions, storeOf } from './configured-options.ts'
import { type EffectiveValue, effectiveValues } from './effective.ts'
import { auditFault, listenFaults, startFaults } from './start-faults.ts'

/** Keys of the configuration that made a difference; a certificate by the URL of its listener. */
export type ReloadReport = ReloadResult

interface Login {
  /** By User Name: what the user's Sessions belong to, and all that lets the user in. */
  readonly users: ReadonlyMap<string, { readonly account: string; readonly fingerprint: string }>
  readonly allowsAnonymous: boolean
  /** Of how those are checked who are no users: by a token, or by another program. */
  readonly elsewhere: string
  readonly fingerprint: string
}

const fingerprintKey = randomBytes(32)

/** The log of the process, which may be another after a reload. */
export interface ChangeableLog {
  /** What puts it in force. @throws an Error that says what is wrong; nothing has changed then. */
  prepare(options: LogOptions): () => void
}

/** Of a process that logs in another way. */
const noLog: ChangeableLog = { prepare: () => () => {} }

export class RunningConfig {
  readonly #read: () => ReadConfig
  readonly #broker: Broker
  /** What the store was made of; it is the same until the next start. */
  readonly #started: Store
  readonly #startedAdmin: string
  readonly #log: ChangeableLog
  #logOptions: LogOptions
  #options: BrokerOptions
  #login: Login | null
  #values: readonly EffectiveValue[]
  #needsRestart: readonly string[] = []
  #reloading: Promise<unknown> = Promise.resolve()

  /** `options` were made of `started`; `read` reads it again. */
  constructor(
    broker: Broker,
    started: ReadConfig,
    options: BrokerOptions,
    read: () => ReadConfig,
    log: ChangeableLog = noLog,
  ) {
    this.#broker = broker
    this.#log = log
    this.#read = read
    this.#started = storeOf(started.config)
    this.#startedAdmin = JSON.stringify(started.config.admin)
    this.#logOptions = logOptionsOf(started.config)
    this.#options = options
    this.#login = loginOf(started.config)
    this.#values = effectiveValues(started)
  }

  /** Every key as it was last read without a fault, secrets left out. What needs a restart is among it: see `needsRestart`. */
  get values(): readonly EffectiveValue[] {
    return this.#values
  }

  /** Keys that are read otherwise than they are in force. */
  get needsRestart(): readonly string[] {
    return this.#needsRestart
  }

  /** Reads the configuration again. @throws ConfigError with every fault; nothing has changed then. */
  async reload(): Promise<ReloadReport> {
    const reloaded = this.#reloading.then(() => this.#reload())
    // One after the other, whatever came of the one before: its caller has been told.
    this.#reloading = reloaded.catch(() => null)
    return reloaded
  }

  async #reload(): Promise<ReloadReport> {
    const read = this.#read()
    const login = loginOf(read.config)
    const isSameLogin = login?.fingerprint === this.#login?.fingerprint
    const made = await configuredOptions(read.config, false, isSameLogin ? this.#options : null)
    // What a store is made of is compared below: it is opened at start and at no other time.
    const { store: _, acceptLoss: __, snapshotEveryBytes: ___, ...rest } = made
    const { store, acceptLoss, snapshotEveryBytes, admin } = this.#options
    const options: BrokerOptions = { ...rest }
    if (admin !== undefined) options.admin = admin
    if (store !== undefined) options.store = store
    if (acceptLoss !== undefined) options.acceptLoss = acceptLoss
    if (snapshotEveryBytes !== undefined) options.snapshotEveryBytes = snapshotEveryBytes
    const faults = await startFaults(read, options)
    if (faults.length > 0) throw new ConfigError(faults)
    const logOptions = logOptionsOf(read.config)
    const changeLog = this.#prepareLog(read, logOptions)
    const { applied, needsRestart } = await this.#reloadBroker(
      read,
      options,
      isSameLogin ? null : mayStay(this.#login, login),
    )
    changeLog()
    const keysOfLog = changedKeys(this.#logOptions, logOptions).map((key) => `log.${key}`)
    this.#logOptions = logOptions
    this.#options = options
    this.#login = login
    this.#values = effectiveValues(read)
    const keysOfStore = changedKeys(this.#started, storeOf(read.config))
    const keysOfAdmin = JSON.stringify(read.config.admin) === this.#startedAdmin ? [] : ['admin']
    this.#needsRestart = [...keysOf(needsRestart), ...keysOfStore, ...keysOfAdmin]
    return { applied: [...keysOf(applied), ...keysOfLog], needsRestart: this.#needsRestart }
  }

  /** @throws ConfigError */
  #prepareLog(read: ReadConfig, options: LogOptions): () => void {
    try {
      return this.#log.prepare(options)
    } catch (error) {
      throw error instanceof AuditLogError ? new ConfigError([auditFault(read, error)]) : error
    }
  }

  /** @throws ConfigError if a listener cannot be opened, or a certificate be used. */
  async #reloadBroker(
    read: ReadConfig,
    options: BrokerOptions,
    stay: ReturnType<typeof mayStay>,
  ): Promise<ReloadResult> {
    try {
      return await this.#broker.reload(options, stay)
    } catch (error) {
      throw error instanceof ListenError ? new ConfigError(listenFaults(read, error)) : error
    }
  }
}

function logOptionsOf({ log }: Config): LogOptions {
  return { ...defaultLogOptions, ...log }
}

type Store = ReturnType<typeof storeOf>

function changedKeys<Values extends Store | LogOptions>(before: Values, after: Values): string[] {
  return Object.entries(before).flatMap(([key, value]) => (Reflect.get(after, key) === value ? [] : [key]))
}

/** Options whose names are others in the file. */
const keyOfOption: Readonly<Record<string, string>> = {
  listen: 'listeners',
  deadLetterTopicName: 'deadLetterTopic',
  permissions: 'authentication',
  authenticate: 'authentication',
  authenticationMethods: 'authentication',
}

function keysOf(options: readonly string[]): string[] {
  return [...new Set(options.map((name) => keyOfOption[name] ?? name))]
}

function loginOf({ authentication, allowAnonymous }: Config): Login | null {
  if (authentication === null) return null
  const { users, methods, jwt, http } = authentication
  const elsewhere = [jwt, http]
  const logins = users.map((user) => {
    const account = user.account ?? user.userName
    const { passwordHash } = user
    // Hashed anew it is still the same password.
    const same = {
      ...withoutPermissions(user),
      passwordHash: passwordHash === null ? null : originalHash(passwordHash),
    }
    return [user.userName, { account, fingerprint: fingerprintOf(same) }] as const
  })
  const allowsAnonymous = allowAnonymous === true
  return {
    users: new Map(logins),
    allowsAnonymous,
    fingerprint: fingerprintOf([logins, methods, elsewhere, allowsAnonymous]),
    elsewhere: fingerprintOf(elsewhere),
  }
}

function withoutPermissions({ permissions: _, ...user }: ConfiguredUser): Omit<ConfiguredUser, 'permissions'> {
  return user
}

function fingerprintOf(value: unknown): string {
  return createHmac('sha256', fingerprintKey).update(JSON.stringify(value)).digest('base64')
}

/**
 * Which accounts keep their connections: those of which no user was changed or removed. Two users of one account cannot be told
 * apart by it, so both connect again.
 */
function mayStay(before: Login | null, after: Login | null): ((account: string) => boolean) | null {
  if (after === null) return null
  // Nobody had to say who they are.
  if (before === null) return (account) => account === '' && after.allowsAnonymous
  const left = new Set<string>()
  for (const [userName, { account, fingerprint }] of before.users) {
    if (after.users.get(userName)?.fingerprint !== fingerprint) left.add(account)
  }
  const accounts = new Set(Array.from(before.users.values(), ({ account }) => account))
  const othersStay = before.elsewhere === after.elsewhere
  return (account) => {
    if (account === '') return after.allowsAnonymous
    return accounts.has(account) ? !left.has(account) : othersStay
  }
}
