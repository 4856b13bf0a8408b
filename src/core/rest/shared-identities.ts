/**
 * One object for each client that published Retained Messages: every record has its own, and there may be a million.
 */
import type { Identity } from '../access/access-policy.ts'
import { sessionKey } from '../session/session.ts'

export class SharedIdentities {
  readonly #known = new Map<string, Identity>()

  /** The first one that was the same. */
  shared(identity: Identity | null): Identity | null {
    if (identity === null) return null
    const key = sessionKey(identity.account, identity.clientIdentifier)
    const known = this.#known.get(key)
    if (known === undefined) this.#known.set(key, identity)
    return known ?? identity
  }
}
