/**
 * Whether the broker can do its work at this moment, and why not.
 */
import type { BrokerAccess } from '../server/admin-part.ts'

export function reasonsNotReady(broker: BrokerAccess): string[] {
  const { phase, state, listenUrls, listenersWanted } = broker
  if (phase === 'starting') return ['the store is being opened and read, or listeners are being opened']
  if (phase === 'stopping') return ['the broker is stopping']
  if (phase === 'failed') return ['the store has failed: nothing is acknowledged any more']
  const reasons: string[] = []
  if (!state.storeTakesMessages) reasons.push('the store takes no more messages: the disk is full or about to be')
  if (listenUrls.length < listenersWanted) reasons.push(`${listenUrls.length} of ${listenersWanted} listeners are open`)
  return reasons
}
