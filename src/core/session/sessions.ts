/**
 * Every Session there is: by account and Client Identifier, by Client Identifier alone, and how many each account has.
 *
 * Which account may begin one is decided elsewhere (handshake.ts): two of them may have a Session with the same Client Identifier,
 * each one of its own. The tables hold the same Sessions at every moment.
 */
import { Headcount } from '../connection/headcount.ts'
import { type Session, sessionKey } from './session.ts'

const none: readonly Session[] = Object.freeze([])

export class Sessions {
  readonly #byKey = new Map<string, Session>()
  /**
   * Those of accounts with a name, by Client Identifier: where nobody logs in it costs nothing, because the key is the Client
   * Identifier. A Set only where several accounts have one.
   */
  readonly #named = new Map<string, Session | Set<Session>>()
  readonly #counts = new Headcount()

  get size(): number {
    return this.#byKey.size
  }

  get(account: string, clientIdentifier: string): Session | undefined {
    return this.#byKey.get(sessionKey(account, clientIdentifier))
  }

  /** Those with this Client Identifier, whatever their account. */
  withClientIdentifier(clientIdentifier: string): readonly Session[] {
    const nameless = this.#byKey.get(clientIdentifier)
    const named = this.#named.get(clientIdentifier)
    if (named === undefined) return nameless === undefined ? none : [nameless]
    const all = named instanceof Set ? [...named] : [named]
    return nameless === undefined ? all : [nameless, ...all]
  }

  /** How many Sessions an account has. */
  ofAccount(account: string): number {
    return this.#counts.of(account)
  }

  values(): MapIterator<Session> {
    return this.#byKey.values()
  }

  /** It takes the place of another one of its account and Client Identifier. */
  put(session: Session): void {
    const before = this.#byKey.get(session.key)
    if (before === session) return
    if (before !== undefined) this.remove(before)
    this.#byKey.set(session.key, session)
    this.#counts.add(session.account)
    if (session.account === '') return
    const others = this.#named.get(session.clientIdentifier)
    if (others === undefined) this.#named.set(session.clientIdentifier, session)
    else if (others instanceof Set) others.add(session)
    else this.#named.set(session.clientIdentifier, new Set([others, session]))
  }

  /** Nothing happens if another one has taken its place. */
  remove(session: Session): void {
    const { key, account, clientIdentifier } = session
    if (this.#byKey.get(key) !== session) return
    this.#byKey.delete(key)
    this.#counts.remove(account)
    if (account === '') return
    const named = this.#named.get(clientIdentifier)
    if (!(named instanceof Set)) {
      this.#named.delete(clientIdentifier)
      return
    }
    named.delete(session)
    const [left] = named
    if (named.size === 1 && left !== undefined) this.#named.set(clientIdentifier, left)
  }
}
