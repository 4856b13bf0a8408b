/**
 * The Session that is meant by a Client Identifier, and by an account where several have it.
 */
import type { Session } from '../../core/session/session.ts'
import type { CoreState } from '../../core/state.ts'
import { NotClear, NotThere, quoted } from './request-fault.ts'

const accountsShown = 5

/** @throws NotThere if there is none, NotClear if there are several. */
export function oneSession({ sessions }: CoreState, clientIdentifier: string, account: string | null): Session {
  const [session, ...others] =
    account === null ? sessions.withClientIdentifier(clientIdentifier) : [sessions.get(account, clientIdentifier)]
  if (session === undefined) {
    const of = account === null ? '' : ` of the account ${quoted(account)}`
    const found = `no Session of ${quoted(clientIdentifier)}${of}`
    throw new NotThere(found, 'a Client Identifier that has one', 'look it up in the list of clients')
  }
  if (others.length === 0) return session
  const accounts = [session, ...others].slice(0, accountsShown).map((each) => quoted(each?.account ?? ''))
  const more = others.length >= accountsShown ? ' and others' : ''
  throw new NotClear(`Sessions of the accounts ${accounts.join(', ')}${more}`, 'one of them', 'name its account')
}
