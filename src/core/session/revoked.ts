/**
 * Messages that wait, or were sent and not acknowledged, may do so for longer than their client may receive them.
 */
import type { Message } from '../message.ts'
import type { CoreState } from '../state.ts'
import type { Session } from './session.ts'

/** Whether a message that was routed to a Session may not be sent to its client any more. */
export function isRevoked(session: Session, { topicName }: Message, { receiving }: CoreState): boolean {
  return receiving !== null && !receiving.mayReceive(session, topicName)
}
