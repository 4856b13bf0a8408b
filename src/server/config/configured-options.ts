/**
 * From a configuration to the options of `createBroker`: what the file leaves open stays the broker's default.
 */
import { resolve } from 'node:path'
import type { Permissions } from '../authentication/authentication.ts'
import { httpHookAuthenticate } from '../authentication/http-hook.ts'
import { jwtAuthenticate, tokensOr } from '../authentication/jwt.ts'
import { strengthenHash } from '../authentication/password-file.ts'
import { hashPassword } from '../authentication/password-hash.ts'
import { makeScramCredential } from '../authentication/scram-credential.ts'
import { type User, usersAuthenticate, usersScram } from '../authentication/users.ts'
import type { BrokerOptions } from '../options.ts'
import { sqlite } from '../stores.ts'
import type { Config, ConfiguredUser } from './config.ts'
import { type Permission, syncIntervalMsDefault } from './config-schema.ts'
import { systemReason } from './system-reason.ts'

/** The data directory of a broker that was not told another: in the directory it is started in. */
export const defaultData = resolve('data')

/** The configuration of a broker nobody has configured. */
export const emptyConfig: Readonly<Config> = Object.freeze({
  listeners: null,
  allowAnonymous: null,
  durability: null,
  syncIntervalMs: null,
  clientIdentifierScope: null,
  clientIdentifiers: null,
  whenQueueFull: null,
  deadLetterTopic: null,
  topics: null,
  observers: null,
  admin: null,
  data: null,
  limits: {},
  log: {},
  tracing: null,
  access: null,
  authentication: null,
})

/**
 * Makes the options, with `acceptLoss` as the operator said at this start. This takes a tenth of a second for each password
 * that stands somewhere unhashed. `sameLogin` are options with the same users, whose answers to a client can be used again.
 */
export async function configuredOptions(
  config: Config,
  acceptLoss = false,
  sameLogin: BrokerOptions | null = null,
): Promise<BrokerOptions> {
  const options: BrokerOptions = { limits: config.limits }
  if (acceptLoss) options.acceptLoss = true
  if (config.listeners !== null) options.listen = config.listeners
  if (config.allowAnonymous !== null) options.allowAnonymous = config.allowAnonymous
  if (config.clientIdentifierScope !== null) options.clientIdentifierScope = config.clientIdentifierScope
  if (config.clientIdentifiers !== null) options.clientIdentifiers = config.clientIdentifiers
  if (config.whenQueueFull !== null) options.whenQueueFull = config.whenQueueFull
  if (config.deadLetterTopic !== null) options.deadLetterTopicName = config.deadLetterTopic
  if (config.topics !== null) options.topics = config.topics
  if (config.observers !== null) options.observers = config.observers
  if (config.tracing !== null) options.tracing = config.tracing
  if (config.access !== null) options.access = config.access
  const { durability, syncIntervalMs: intervalMs, data } = storeOf(config)
  if (durability !== 'memory') options.store = sqlite(data, { durability, intervalMs, acceptLoss })
  if (config.authentication !== null) {
    options.permissions = permissionsOf(config.authentication.users)
    Object.assign(options, sameLogin === null ? await loginOptions(config, config.authentication) : loginOf(sameLogin))
  }
  return options
}

type LoginOptions = Pick<BrokerOptions, 'authenticate' | 'authenticationMethods'>

function loginOf({ authenticate, authenticationMethods }: BrokerOptions): LoginOptions {
  return {
    ...(authenticate === undefined ? {} : { authenticate }),
    ...(authenticationMethods === undefined ? {} : { authenticationMethods }),
  }
}

async function loginOptions(
  { allowAnonymous }: Config,
  authentication: NonNullable<Config['authentication']>,
): Promise<LoginOptions> {
  const users: User[] = []
  for (const user of authentication.users) users.push(await hashUser(user))
  const { methods: wanted, passwordFile, rehash } = authentication
  const inFile = new Set(authentication.users.filter((user) => user.isInPasswordFile).map(({ userName }) => userName))
  const byUsers = usersAuthenticate(users, {
    allowAnonymous: allowAnonymous === true,
    ...(passwordFile !== null && rehash
      ? { rehashed: (user, stronger) => inFile.has(user.userName) && keepHash(passwordFile, user, stronger) }
      : {}),
  })
  const { jwt, http } = authentication
  const authenticate = http === null ? byUsers : httpHookAuthenticate(http, allowAnonymous === true)
  const options: LoginOptions = {
    authenticate: jwt === null ? authenticate : tokensOr(jwtAuthenticate(jwt), authenticate),
  }
  const methods = usersScram(users).filter(({ name }) => wanted === null || wanted.includes(name))
  if (methods.length > 0) options.authenticationMethods = methods
  return options
}

/** What cannot be written is no reason to turn anybody away. */
function keepHash(file: string, { userName, passwordHash }: User, stronger: string): boolean {
  if (passwordHash === null) return false
  try {
    return strengthenHash(file, { userName, passwordHash }, stronger)
  } catch (error) {
    process.emitWarning(`${file}: the weak hash of a user could not be replaced: ${systemReason(error)}`)
    return false
  }
}

/** What the store is made of. */
export function storeOf({ durability, syncIntervalMs, data }: Config) {
  return {
    durability: durability ?? 'fsync',
    syncIntervalMs: syncIntervalMs ?? syncIntervalMsDefault,
    data: data ?? defaultData,
  }
}

/** Permissions belong to accounts: two users of one account have them together. */
function permissionsOf(users: readonly ConfiguredUser[]): Permissions {
  const accountsWith = (permission: Permission): string[] => {
    const permitted = users.filter(({ permissions }) => permissions.includes(permission))
    return [...new Set(permitted.map(({ account, userName }) => account ?? userName))]
  }
  return { observe: accountsWith('observe'), admin: accountsWith('admin') }
}

async function hashUser(user: ConfiguredUser): Promise<User> {
  const { userName, account, password } = user
  if (password === null) {
    return { userName, account, passwordHash: user.passwordHash, scram: user.scram === null ? [] : [user.scram] }
  }
  const scram = [await makeScramCredential(password, { hash: 'sha512' }), await makeScramCredential(password)]
  return { userName, account, passwordHash: await hashPassword(password), scram }
}
