/**
 * The Session that is meant by a Client Identifier, and by an account where several have it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Session, sessionKey } from '../../core/session/session.ts'
import type { CoreState } from '../../core/state.ts'
import { NotClear, NotThere, quoted } from './request-fault.ts'

/** Sessions that are looked at in one turn of the event loop. */
const sliceSize = 10_000
const accountsShown = 5

/** @throws NotThere if there is none, NotClear if there are several. */
export async function oneSession(
  { sessions }: CoreState,
  clientIdentifier: string,
  account: string | null,
): Promise<Session> {
  const [session, ...others] =
    account === null
      ? await sessionsOf(sessions.values(), clientIdentifier)
      : [sessions.get(sessionKey(account, clientIdentifier))]
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

async function sessionsOf(all: Iterable<Session>, clientIdentifier: string): Promise<Session[]> {
  const found: Session[] = []
  let looked = 0
  for (const each of all) {
    if (each.clientIdentifier === clientIdentifier) found.push(each)
    looked += 1
    if (looked % sliceSize === 0) await nextTurn()
  }
  return found
}
