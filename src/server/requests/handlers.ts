/**
 * Everything that can be asked of the broker, by name: `$pabal/NAME`.
 */
import { accessTest } from './access-test.ts'
import { banAdd, banRemove, banRemoveAll, bans } from './bans.ts'
import { clients, session } from './clients.ts'
import { inFlightMessages, queuedMessages } from './copies.ts'
import { groups } from './groups.ts'
import { dead, deadDrop, deadRequeue, held, heldDrop, heldRelease } from './held.ts'
import { history } from './history.ts'
import { ledger } from './ledger.ts'
import type { RequestHandler } from './request-handler.ts'
import { retained } from './retained.ts'
import { sessionEnd, sessionPurge, sessionSubscribe, sessionUnsubscribe } from './session-acts.ts'
import { topics } from './topics.ts'
import { trace } from './trace.ts'
import { subs, who } from './who.ts'

export const handlers: Readonly<Record<string, RequestHandler>> = {
  who,
  clients,
  session,
  history,
  'session-subscribe': sessionSubscribe,
  'session-unsubscribe': sessionUnsubscribe,
  'session-purge': sessionPurge,
  'session-end': sessionEnd,
  inflight: inFlightMessages,
  mqueue: queuedMessages,
  subs,
  groups,
  topics,
  trace,
  ledger,
  retained,
  held,
  'held-release': heldRelease,
  'held-drop': heldDrop,
  dead,
  'dead-requeue': deadRequeue,
  'dead-drop': deadDrop,
  bans,
  'ban-add': banAdd,
  'ban-remove': banRemove,
  'ban-remove-all': banRemoveAll,
  'access-test': accessTest,
}
