/**
 * A fixed list of users as the two ways to log in: User Name and Password of CONNECT (MQTT 5.0 sections 3.1.3.5 and
 * 3.1.3.6), and SCRAM.
 *
 * A user that does not exist takes as long to refuse as a wrong password, so that names cannot be guessed by time; also when hashes of
 * users have been made anew meanwhile.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { ReasonCode } from '../../protocol/reason-code.ts'
import type { Authenticate, AuthenticationVerdict, EnhancedAuthenticationMethod } from './authentication.ts'
import { defaultScryptCost, makeDecoyHash } from './password-hash.ts'
import { prepareUserName, scram as scramMethod } from './scram.ts'
import { type ScramCredential, type ScramHash, scramMethods } from './scram-credential.ts'
import { decoyOf, hashForStorage, isWeak, verifyStoredPassword } from './stored-password.ts'
import { TooBusyError } from './work-gate.ts'

export interface User {
  userName: string
  /** What the user's Sessions belong to; null: the User Name. */
  account: string | null
  /** As `hashPassword` makes it, or as it stands in a password file of mosquitto; null: this user cannot log in with a Password in CONNECT. */
  passwordHash: string | null
  /** One for each hash at most; none: this user cannot log in with SCRAM. */
  scram: readonly ScramCredential[]
}

export interface UsersOptions {
  /** Lets clients in that send neither User Name nor Password, under the account of the empty string. Default false. */
  allowAnonymous?: boolean
  /**
   * Called once with a stronger hash of a weak one whose password has just been right, for whoever keeps it; until then the old one
   * holds. False: it is not kept.
   */
  rehashed?: (user: User, passwordHash: string) => boolean
}

const refused: AuthenticationVerdict = {
  type: 'refused',
  reasonCode: ReasonCode.BadUserNameOrPassword,
  reasonString: 'the user name or the password is wrong',
}
const tooBusy: AuthenticationVerdict = {
  type: 'refused',
  reasonCode: ReasonCode.ServerBusy,
  reasonString: 'too many clients are logging in; try again in a moment',
}

/** Checks User Name and Password against `users`. @throws PasswordHashError if one of the hashes is not a hash. */
export function usersAuthenticate(users: readonly User[], options: UsersOptions = {}): Authenticate {
  const byName = new Map(users.map((user) => [user.userName, user]))
  const decoys = new Decoys(users)
  const strengthen = rehasher(options, (user, passwordHash) => {
    byName.set(user.userName, { ...user, passwordHash })
    decoys.replace(user.userName, passwordHash)
  })
  return async ({ userName, password }) => {
    if (userName === null && password === null && options.allowAnonymous === true) {
      return { type: 'accepted', account: '' }
    }
    if (userName === null || password === null) return refused
    const user = byName.get(userName)
    try {
      const hash = user?.passwordHash ?? decoys.for(userName)
      const isRight = await verifyStoredPassword(password, hash)
      if (!isRight || user === undefined || user.passwordHash === null) return refused
      strengthen(user, Buffer.from(password).toString('utf8'))
      return { type: 'accepted', account: user.account ?? user.userName }
    } catch (error) {
      if (error instanceof TooBusyError) return tooBusy
      throw error
    }
  }
}

/** Hashes passwords again that were hashed weakly, each user's once, while the client goes on. */
function rehasher(
  { rehashed }: UsersOptions,
  kept: (user: User, passwordHash: string) => void,
): (user: User, password: string) => void {
  const tried = new Set<string>()
  return (user, password) => {
    const { userName, passwordHash } = user
    if (rehashed === undefined || passwordHash === null || tried.has(userName) || !isWeak(passwordHash)) return
    tried.add(userName)
    void hashForStorage(password).then((stronger) => {
      if (rehashed(user, stronger)) kept(user, stronger)
    })
  }
}

/** A method for each hash that somebody has a credential for, the stronger first. */
export function usersScram(users: readonly User[]): EnhancedAuthenticationMethod[] {
  return scramMethods.flatMap(({ hash }) => {
    const isUsed = users.some(({ scram }) => scram.some((credential) => credential.hash === hash))
    return isUsed ? [usersMethod(users, hash)] : []
  })
}

/** User Names are compared as SASLprep prepares them. */
function usersMethod(users: readonly User[], hash: ScramHash): EnhancedAuthenticationMethod {
  const credentials = new Map<string, ScramCredential>()
  const accounts = new Map<string, string>()
  for (const { userName, account, scram } of users) {
    const credential = scram.find((each) => each.hash === hash)
    if (credential === undefined) continue
    const prepared = prepareUserName(userName)
    credentials.set(prepared, credential)
    accounts.set(prepared, account ?? userName)
  }
  return scramMethod(hash, (userName) => credentials.get(userName) ?? null, {
    account: (userName) => accounts.get(userName) ?? userName,
    shapes: [...credentials.values()].map(({ iterations, salt }) => ({ iterations, saltBytes: salt.length })),
  })
}

/** One for each user, so that a check of an unknown name costs what a check of a known one does, however the costs are mixed. */
class Decoys {
  readonly #secret = randomBytes(32)
  readonly #places = new Map<string, number>()
  readonly #hashes: string[] = []

  constructor(users: readonly User[]) {
    for (const { userName, passwordHash } of users) {
      if (passwordHash === null) continue
      this.#places.set(userName, this.#hashes.length)
      this.#hashes.push(decoyOf(passwordHash))
    }
  }

  /** The same name meets the same decoy each time. */
  for(userName: string): string {
    const index = createHmac('sha256', this.#secret).update(userName).digest().readUInt32BE(0) % this.#hashes.length
    return this.#hashes[index] ?? makeDecoyHash(defaultScryptCost)
  }

  /** This user's password costs something else to check from now on. */
  replace(userName: string, passwordHash: string): void {
    const place = this.#places.get(userName)
    if (place !== undefined) this.#hashes[place] = decoyOf(passwordHash)
  }
}
