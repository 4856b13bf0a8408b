/**
 * Packets that ask for so much that they are carried out bit by bit: the others get their turn in between, and the connection's next
 * packet waits.
 */
import type { Connection } from '../connection/connection.ts'
import { type Subscribing, subscribeMore, type Unsubscribing, unsubscribeMore } from '../routing/subscribing.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import { type Routing, routeMore } from './inbound.ts'
import type { Session } from './session.ts'

export type Work = Subscribing | Unsubscribing | Routing

/** The others have had their turn. */
export function goOn(
  core: CoreState,
  connection: Connection,
  session: Session,
  work: Work,
  nowMs: number,
  turn: Turn,
): void {
  switch (work.type) {
    case 'subscribing':
      subscribeMore(core, connection, session, work, nowMs, turn)
      return
    case 'unsubscribing':
      unsubscribeMore(core, connection, session, work, turn)
      return
    case 'routing':
      routeMore(core, connection, session, work, nowMs, turn)
      return
  }
}
