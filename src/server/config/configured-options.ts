/**
 * From a configuration to the options of `createBroker`: what the file leaves open stays the broker's default.
 */
import { hashPassword } from '../authentication/password-hash.ts'
import { makeScramCredential } from '../authentication/scram-credential.ts'
import { type User, usersAuthenticate, usersScramSha256 } from '../authentication/users.ts'
import type { BrokerOptions } from '../options.ts'
import type { Config, ConfiguredUser } from './config.ts'

/** The configuration of a broker nobody has configured. */
export const emptyConfig: Readonly<Config> = Object.freeze({
  listeners: null,
  allowAnonymous: null,
  durability: null,
  data: null,
  limits: {},
  authentication: null,
})

/** Makes the options, which takes a tenth of a second for each password that stands in a file unhashed. */
export async function configuredOptions(config: Config): Promise<BrokerOptions> {
  const options: BrokerOptions = { limits: config.limits }
  if (config.listeners !== null) options.listen = config.listeners
  if (config.allowAnonymous !== null) options.allowAnonymous = config.allowAnonymous
  if (config.durability !== null) options.durability = config.durability
  if (config.authentication !== null) {
    const users: User[] = []
    for (const user of config.authentication.users) users.push(await hashUser(user))
    options.authenticate = usersAuthenticate(users, { allowAnonymous: config.allowAnonymous === true })
    const wanted = config.authentication.methods
    const hasScram = users.some((user) => user.scram !== null)
    if (hasScram && (wanted === null || wanted.includes('SCRAM-SHA-256'))) {
      options.authenticationMethods = [usersScramSha256(users)]
    }
  }
  return options
}

async function hashUser(user: ConfiguredUser): Promise<User> {
  const { userName, account, password } = user
  if (password === null) return { userName, account, passwordHash: user.passwordHash, scram: user.scram }
  return { userName, account, passwordHash: await hashPassword(password), scram: await makeScramCredential(password) }
}
