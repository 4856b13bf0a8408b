/**
 * Where events are published for clients: one fixed Topic Name for each type, so that no text of a client ever stands in one.
 */
import type { BrokerEvent } from './event.ts'

const prefix = '$pabal/events'

/** Null: not for clients. */
export const eventTopicNames: Readonly<Record<BrokerEvent['type'], string | null>> = Object.freeze({
  connected: `${prefix}/client/connected`,
  disconnected: `${prefix}/client/disconnected`,
  refused: `${prefix}/client/refused`,
  subscribed: `${prefix}/client/subscribed`,
  unsubscribed: `${prefix}/client/unsubscribed`,
  sessionCreated: `${prefix}/session/created`,
  sessionTakenOver: `${prefix}/session/taken-over`,
  sessionEnded: `${prefix}/session/ended`,
  queuePurged: `${prefix}/session/purged`,
  wake: `${prefix}/session/wake`,
  messageUnmatched: `${prefix}/message/unmatched`,
  messageHeld: `${prefix}/message/held`,
  messageDeadLettered: `${prefix}/message/dead-lettered`,
  messageExpired: `${prefix}/message/expired`,
  messageRefused: `${prefix}/message/refused`,
  messageDropped: `${prefix}/message/dropped`,
  copyDropped: `${prefix}/copy/dropped`,
  eventsLeftOut: `${prefix}/overflow`,
  published: null,
})

/** Events of which there may be many: those about messages and copies. */
export const messageEventTypes: ReadonlySet<string> = new Set<BrokerEvent['type']>([
  'messageUnmatched',
  'messageHeld',
  'messageDeadLettered',
  'messageExpired',
  'messageRefused',
  'messageDropped',
  'copyDropped',
  'eventsLeftOut',
])
