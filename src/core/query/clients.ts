/**
 * Sessions, with how their clients are doing.
 */
import { neverExpires, type Session } from '../session/session.ts'
import type { CoreState } from '../state.ts'
import { largest } from './largest.ts'
import { oldestWaitingMs } from './oldest-waiting.ts'
import { known, type Query } from './row.ts'
import { type BacklogCounts, type Subscriber, subscriberOf } from './who-listens.ts'

/** A Session. Times are milliseconds since 1970. */
export interface Client {
  readonly clientIdentifier: string
  readonly account: string
  readonly online: boolean
  /** Since when it has been online or offline; null if that is not known. */
  readonly sinceMs: number | null
  readonly remoteAddress: string | null
  /** URL of the listener it came through; null while it is offline. */
  readonly listener: string | null
  /** 4: 3.1.1. Null while it is offline. */
  readonly protocolVersion: 4 | 5 | null
  /** In force; 0: none. Null while it is offline. */
  readonly keepAliveSeconds: number | null
  /** How many messages it takes unacknowledged at one time; null while it is offline. */
  readonly receiveMaximum: number | null
  readonly createdAtMs: number
  /** How long the Session outlives its connection; null: for ever. */
  readonly sessionExpirySeconds: number | null
  /** When it ends unless the client comes back; null while it is online, or if it never does. */
  readonly endsAtMs: number | null
  readonly hasWill: boolean
  readonly subscriptions: number
  /** Messages sent and not acknowledged. */
  readonly inFlight: number
  readonly backlog: BacklogCounts
  /** Copies for it since the broker started that were dropped, expired or refused: whatever ended without reaching it. */
  readonly undelivered: number
  readonly lastAcknowledgedAtMs: number | null
}

export type Presence = 'online' | 'offline'

/** Which Sessions are looked for; null: whichever. */
export interface ClientSearch {
  readonly presence: Presence | null
  /** What stands somewhere in the Client Identifier; letter case does not count. */
  readonly like: string | null
  readonly account: string | null
}

export function* clients(core: CoreState, search: Partial<ClientSearch>): Query<Client> {
  const { presence = null, like = null, account = null } = search
  const part = like?.toLowerCase() ?? ''
  for (const session of core.sessions.values()) {
    const isWanted =
      (presence === null || session.isOnline === (presence === 'online')) &&
      (account === null || session.account === account) &&
      (part === '' || session.clientIdentifier.toLowerCase().includes(part))
    yield isWanted ? clientOf(core, session) : null
  }
}

/** Those with the most messages waiting, the longest queue first. */
export function* largestBacklogs(core: CoreState, most: number): Query<Client> {
  const found = yield* largest(core.sessions.values(), most, ({ outbound }) => outbound.queuedMessages)
  for (const session of found) yield clientOf(core, session)
}

/** What is known of the Sessions with one Client Identifier: each, followed by its Subscriptions. */
export function* sessionsOf(
  core: CoreState,
  clientIdentifier: string,
  account: string | null,
): Query<({ readonly kind: 'session' } & Client) | ({ readonly kind: 'subscription' } & Subscriber)> {
  for (const session of core.sessions.withClientIdentifier(clientIdentifier)) {
    if (account !== null && session.account !== account) {
      yield null
      continue
    }
    yield { kind: 'session', ...clientOf(core, session) }
    for (const subscription of session.subscriptions.values()) {
      yield { kind: 'subscription', ...subscriberOf(core, subscription) }
    }
  }
}

function clientOf(core: CoreState, session: Session): Client {
  const { clientIdentifier, account, connection, outbound, expiryInterval } = session
  return {
    clientIdentifier,
    account,
    online: connection !== null,
    sinceMs: known(session.presenceMs),
    remoteAddress: connection?.origin.remoteAddress ?? null,
    listener: connection?.origin.listener ?? null,
    protocolVersion: connection?.protocolVersion ?? null,
    // Silence is borne one and a half times as long [MQTT-3.1.2-22].
    keepAliveSeconds: connection === null ? null : connection.silenceMsMax / 1500,
    receiveMaximum: connection?.sendMaximum ?? null,
    createdAtMs: session.createdMs,
    sessionExpirySeconds: expiryInterval === neverExpires ? null : expiryInterval,
    endsAtMs: known(session.endsAtMs),
    hasWill: session.will !== null,
    subscriptions: session.subscriptions.size,
    inFlight: outbound.inFlightMessages,
    backlog: {
      messages: outbound.queuedMessages,
      bytes: outbound.queuedBytes,
      oldestAtMs: known(oldestWaitingMs(core, outbound)),
    },
    undelivered: session.undelivered,
    lastAcknowledgedAtMs: known(session.lastAcknowledgedMs),
  }
}
