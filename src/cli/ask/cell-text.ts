/**
 * What stands in the cells of the tables that the asking verbs show.
 */

import { count } from '../../server/counted.ts'
import type { BacklogCounts, Subscriber } from '../../server/requests/answer-types.ts'
import { bytes, visible } from '../terminal-text.ts'

const textMax = 80

/** Text of a client: nothing in it can move the cursor, and it does not push the other columns away. */
export function clientText(text: string): string {
  const shown = visible(text.length > textMax ? text.slice(0, textMax) : text)
  return text.length > textMax ? `${shown}… (${count(text.length)} characters)` : shown
}

/** The account of a client that did not log in is empty. */
export function accountText(account: string): string {
  return account === '' ? '-' : clientText(account)
}

export function age(sinceMs: number | null, atMs: number): string {
  if (sinceMs === null) return '?'
  const seconds = Math.max(0, Math.round((atMs - sinceMs) / 1000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 120 * 60) return `${Math.floor(seconds / 60)} min`
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

export function presence(online: boolean, sinceMs: number | null, atMs: number): string {
  const since = sinceMs === null ? '' : ` ${age(sinceMs, atMs)}`
  return `${online ? 'online' : 'offline'}${since}`
}

export function backlogText({ messages, bytes: size, oldestAtMs }: BacklogCounts, atMs: number): string {
  if (messages === 0) return '0'
  const oldest = oldestAtMs === null ? '' : `, oldest ${age(oldestAtMs, atMs)}`
  return `${count(messages)} (${bytes(size)}${oldest})`
}

export const subscriberHeadings: readonly string[] = [
  'CLIENT',
  'ACCOUNT',
  'FILTER',
  'GROUP',
  'QOS',
  'CLIENT IS',
  'SUBSCRIBED',
  'ADDRESS',
  ' IN FLIGHT',
  'WAITING',
  'ACKNOWLEDGED',
  'NOTES',
]

export function subscriberCells(row: Subscriber, atMs: number): readonly string[] {
  const denied = row.acl?.allowed === false ? deniedText(row.acl.rule) : ''
  const notes = [denied, row.observer ? 'observer' : '', row.noLocal ? 'No Local' : ''].filter((note) => note !== '')
  return [
    clientText(row.clientIdentifier),
    accountText(row.account),
    clientText(row.topicFilter),
    row.sharedGroup === null ? '-' : clientText(row.sharedGroup),
    `${row.qos}`,
    presence(row.online, row.sinceMs, atMs),
    age(row.subscribedAtMs, atMs),
    row.remoteAddress ?? '-',
    count(row.inFlight),
    backlogText(row.backlog, atMs),
    row.lastAcknowledgedAtMs === null ? '-' : age(row.lastAcknowledgedAtMs, atMs),
    notes.join(', '),
  ]
}

/** It subscribes, and the access rules keep the message from it. */
function deniedText(rule: string | null): string {
  return rule === null ? 'denied: no rule allows it' : `denied by ${clientText(rule)}`
}
