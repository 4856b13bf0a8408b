/**
 * Fates in words, for the verbs that tell of them.
 */
import { count } from '../../server/counted.ts'
import type { CopyFate, FateEntry, MessageFate } from '../../server/requests/answer-types.ts'
import { bytes } from '../terminal-text.ts'
import { clientText } from './cell-text.ts'

export const messageFateWords: Readonly<Record<MessageFate, string>> = {
  routed: 'routed',
  retainedOnly: 'retained only',
  unmatched: 'unmatched',
  held: 'held',
  deadLettered: 'dead-lettered',
  refused: 'refused',
  expired: 'expired',
  droppedHoldFull: 'dropped: hold full',
  droppedByOperator: 'dropped by operator',
  republished: 'republished',
}

export const copyFateWords: Readonly<Record<CopyFate, string>> = {
  acknowledged: 'acknowledged',
  refusedByClient: 'refused by the client',
  sentQos0: 'sent at QoS 0',
  expired: 'expired',
  sessionEnded: 'Session ended',
  droppedTooLarge: 'too large',
  droppedOffline: 'offline',
  droppedSlow: 'slow',
  droppedQueueFull: 'queue full',
  deadLettered: 'dead-lettered',
  droppedByOperator: 'dropped by operator',
  accessRevoked: 'not allowed any more',
}

const copiesShown = 3

/** One line: when, which message, whose, and what became of it and of its copies. */
export function entryText(entry: FateEntry): string {
  const { id, atMs, fate, topicName, qos, size, retain, rule } = entry
  const when = new Date(atMs).toISOString().slice(11, 23)
  const ruleText = rule === '#' ? '' : `, rule ${clientText(rule)}`
  const what = `QoS ${qos}, ${bytes(size)}${retain ? ', RETAIN' : ''}, ${publisherText(entry)}${ruleText}`
  const told = outcomeText(entry)
  const start = `${when}  ${`${id}`.padStart(6)}  ${messageFateWords[fate].padEnd(13)}  ${clientText(topicName)}  (${what})`
  return told === '' ? start : `${start}  ${told}`
}

function publisherText({ publisher }: FateEntry): string {
  if (publisher === null) return 'from the broker'
  const account = publisher.account === '' ? '' : ` of ${clientText(publisher.account)}`
  return `from ${clientText(publisher.clientIdentifier)}${account}`
}

function outcomeText({ matched, copies, furtherCopies, reason, storedAfterMs }: FateEntry): string {
  const told = reason === null ? [] : [reason]
  if (storedAfterMs !== null) told.push(`stored after ${storedAfterMs} ms`)
  for (const { clientIdentifier, fate, afterMs } of copies.slice(0, copiesShown)) {
    told.push(
      `${clientText(clientIdentifier)} ${copyFateWords[fate]}${afterMs === 0 ? '' : ` after ${count(afterMs)} ms`}`,
    )
  }
  const more = copies.length - copiesShown + furtherCopies
  if (more > 0) told.push(`${count(more)} more ended`)
  const open = matched - copies.length - furtherCopies
  if (open > 0) told.push(`${count(open)} under way`)
  return told.join('; ')
}
