/**
 * Fates as publishers read them, in receipts and in the User Property `pabal-fate`.
 */
import type { NotedFate } from '../rest/owed-snapshot.ts'
import type { MessageFate } from '../routing/fate.ts'

const copyWords: Readonly<Record<NotedFate, string>> = {
  acknowledged: 'acknowledged',
  refusedByClient: 'refused',
  sentQos0: 'sent',
  expired: 'expired',
  sessionEnded: 'session-ended',
  droppedTooLarge: 'too-large',
  droppedOffline: 'offline',
  droppedSlow: 'slow',
  droppedQueueFull: 'queue-full',
  deadLettered: 'dead-lettered',
  droppedByOperator: 'dropped-by-operator',
  accessRevoked: 'not-allowed',
  brokerRestarted: 'broker-restarted',
}

const messageWords: Readonly<Record<MessageFate, string>> = {
  routed: 'routed',
  retainedOnly: 'retained-only',
  unmatched: 'unmatched',
  held: 'held',
  deadLettered: 'dead-lettered',
  refused: 'refused',
  expired: 'expired',
  droppedHoldFull: 'hold-full',
  droppedByOperator: 'dropped-by-operator',
  republished: 'republished',
}

export function fateWord(fate: NotedFate): string {
  return copyWords[fate]
}

export function messageFateWord(fate: MessageFate): string {
  return messageWords[fate]
}
