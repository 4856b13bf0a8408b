/**
 * The lists of `pabal session`: what is in flight, what waits, what has happened.
 */
import { count, counted } from '../server/counted.ts'
import type {
  BacklogCounts,
  ClientHistoryEvent,
  InFlightMessage,
  MessageContent,
  QueuedMessage,
} from '../server/requests/answer-types.ts'
import type { ListView } from './ask/ask-list.ts'
import { accountText, age, backlogText, clientText } from './ask/cell-text.ts'
import { bytes, time } from './terminal-text.ts'

/** The Client Identifier, and the account if it was named. */
export interface WhichSession {
  readonly client: string
  readonly account?: string
}

export function inFlightView(fields: WhichSession): ListView<InFlightMessage> {
  return {
    request: 'inflight',
    fields: { ...fields },
    listName: 'messages',
    headings: ['DIRECTION', ' PACKET ID', 'QOS', 'WAITS FOR', 'TOPIC', ' SIZE', 'AGE'],
    rowName: 'message',
    cells: (row, atMs) => [
      row.direction === 'out' ? 'to the client' : 'from the client',
      `${row.packetIdentifier}`,
      `${row.qos}`,
      row.sent ? row.waitsFor : `${row.waitsFor}, to be sent again`,
      row.topic === null ? '?' : clientText(row.topic),
      row.bytes === null ? '?' : bytes(row.bytes),
      age(row.receivedAtMs, atMs),
    ],
    summary: ({ inFlight }) => {
      // The broker sends what its own types say.
      const { out, in: inbound } = inFlight as { out: number; in: number }
      return `${count(out)} in flight to ${clientText(fields.client)}, ${count(inbound)} from it.`
    },
  }
}

export function queueView(fields: WhichSession): ListView<QueuedMessage> {
  return {
    request: 'mqueue',
    fields: { ...fields, payload: true },
    listName: 'messages',
    headings: ['TOPIC', 'QOS', ' SIZE', 'AGE', 'EXPIRES', 'PAYLOAD'],
    rowName: 'message',
    cells: (row, atMs) => [
      clientText(row.topic),
      `${row.qos}`,
      bytes(row.bytes),
      age(row.receivedAtMs, atMs),
      row.expiresAtMs === null ? 'never' : `in ${age(atMs, row.expiresAtMs)}`,
      row.payload === undefined ? '' : payloadText(row.payload),
    ],
    // As above.
    summary: ({ backlog, atMs }) =>
      `Waiting for ${clientText(fields.client)}: ${backlogText(backlog as BacklogCounts, Number(atMs))}`,
  }
}

function payloadText(payload: MessageContent['payload']): string {
  return typeof payload === 'string' ? clientText(payload) : `base64 ${clientText(payload.base64)}`
}

type HistoryRow = ClientHistoryEvent & { readonly atMs: number }

export function historyView(fields: WhichSession): ListView<HistoryRow> {
  return {
    request: 'history',
    fields: { ...fields },
    listName: 'events',
    headings: ['WHEN', 'WHAT', 'MORE', 'ADDRESS', 'ACCOUNT'],
    rowName: 'event',
    cells: (row) => [
      time(row.atMs),
      row.type,
      moreText(row),
      'remoteAddress' in row && row.remoteAddress !== '' ? row.remoteAddress : '-',
      'account' in row && row.account !== undefined ? accountText(row.account) : '-',
    ],
    summary: ({ forgotten }) => {
      const gone = Number(forgotten) === 0 ? '' : ` ${count(Number(forgotten))} earlier events are forgotten.`
      return `What has happened to ${clientText(fields.client)}, the latest first.${gone}`
    },
    exitCode: (_, rows) => (rows === 0 ? 16 : 0),
  }
}

function moreText(event: ClientHistoryEvent): string {
  switch (event.type) {
    case 'connected':
      return `MQTT ${event.protocolVersion === 5 ? '5.0' : '3.1.1'}${event.sessionPresent ? ', to its Session' : ''}`
    case 'disconnected':
      return endText(event)
    case 'refused':
      return event.otherAccount === undefined ? endText(event) : `${endText(event)}: ${accountText(event.otherAccount)}`
    case 'subscribed':
      return `${clientText(event.topicFilter)}, QoS ${event.qos}${byText(event)}`
    case 'unsubscribed':
      return `${clientText(event.topicFilter)}${byText(event)}`
    case 'sessionCreated':
      return event.expiryInterval === 0 ? 'ends with its connection' : `stays ${count(event.expiryInterval)} s`
    case 'sessionTakenOver':
      return `from ${event.formerRemoteAddress}`
    case 'sessionEnded':
      return `${event.reason}, ${counted(event.messages, 'message')}`
    case 'queuePurged':
      return `${counted(event.messages, 'message')}, ${bytes(event.bytes)}`
  }
}

function endText({ reason, reasonCode }: { readonly reason: string; readonly reasonCode: number }): string {
  return `${clientText(reason)} (0x${reasonCode.toString(16).padStart(2, '0')})`
}

function byText({ by }: { readonly by: 'client' | 'operator' }): string {
  return by === 'operator' ? ', by an operator' : ''
}
