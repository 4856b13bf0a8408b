/**
 * What `pabal top` shows: lines made of a sample, for a width and a height. Knows no terminal.
 */
import { count, counted } from '../../server/counted.ts'
import type { Client, SeenTopic } from '../../server/requests/answer-types.ts'
import { accountText, age, backlogText, clientText, presence } from '../ask/cell-text.ts'
import { bytes, table, time } from '../terminal-text.ts'
import { lost, type Rates, type Sample, type Sizes } from './sample.ts'

export interface Line {
  readonly text: string
  readonly look: 'plain' | 'bold' | 'red'
}

export type SortKey = 'rate' | 'messages' | 'listeners' | 'name'

export interface View {
  /** Where the broker is. */
  readonly place: string
  readonly sort: SortKey
  readonly width: number
  /** Lines there is room for; Infinity: all of them. */
  readonly height: number
}

export const sortKeys: Readonly<Record<string, SortKey>> = { r: 'rate', m: 'messages', l: 'listeners', n: 'name' }
export const keysText = 'q quits, topics by: r rate, m messages, l fewest listeners, n name'

/** Of the lines behind the head, this part is for topics. */
const topicsPart = 0.65
const backlogsMin = 3

/** `rates` null: there is only one sample yet. */
export function screen(sample: Sample, rates: Rates | null, view: View): Line[] {
  const head = headLines(sample, rates, view)
  const room = Math.max(0, view.height - head.length - 4)
  const backlogs = sample.backlogs.slice(0, Math.max(backlogsMin, Math.floor(room * (1 - topicsPart))))
  const topics = sorted(sample.topics, view.sort).slice(0, Math.max(0, room - backlogs.length))
  const lines = [...head, ...topicLines(topics, sample), plain(''), ...backlogLines(backlogs, sample)]
  return lines.slice(0, view.height).map(({ text, look }) => ({ text: [...text].slice(0, view.width).join(''), look }))
}

function headLines(sample: Sample, rates: Rates | null, { place, sort }: View): Line[] {
  const { connections, sessions, copies, messages, held, dead, owed } = sample
  const { unmatched, refused, expired, dropped } = lost(sample)
  const inOut =
    rates === null
      ? 'in and out: a moment'
      : `in ${perSecond(rates.received)} (${bytes(Math.round(rates.bytesReceived))}/s)   ` +
        `out ${perSecond(rates.sent)} (${bytes(Math.round(rates.bytesSent))}/s)`
  const rising = rates !== null && rates.undelivered > 0 ? `   +${perSecond(rates.undelivered)}` : ''
  const waitsForNobody = held.messages + dead.messages > 0
  const addsUp = messages.addsUp && copies.addsUp
  return [
    { text: `Pabal at ${place}   ${time(sample.atMs)}   topics by ${sort}`, look: 'bold' },
    plain(`Clients      ${count(connections)} connected, ${counted(sessions, 'Session')}`),
    plain(`Messages     ${inOut}`),
    plain(`Under way    in flight ${count(copies.inFlight)}   waiting ${count(copies.queued)}   owed ${count(owed)}`),
    {
      text: `Undelivered  held ${sizes(held)}   dead ${sizes(dead)}`,
      look: waitsForNobody ? 'red' : 'plain',
    },
    {
      text: `Since start  nobody ${count(unmatched)}   refused ${count(refused)}   dropped ${count(dropped)}   expired ${count(expired)}${rising}`,
      look: rising === '' ? 'plain' : 'red',
    },
    addsUp ? plain('') : { text: 'The ledger does not add up: please report it.', look: 'red' },
  ]
}

function sizes({ messages, bytes: size }: Sizes): string {
  return messages === 0 ? '0' : `${count(messages)} (${bytes(size)})`
}

function perSecond(value: number): string {
  return `${value < 10 ? Math.round(value * 10) / 10 : count(Math.round(value))}/s`
}

function listeners({ totals }: SeenTopic): number {
  return totals.online + totals.offline
}

function sorted(topics: readonly SeenTopic[], key: SortKey): SeenTopic[] {
  const byName = (one: SeenTopic, other: SeenTopic): number => (one.topic < other.topic ? -1 : 1)
  const orders: Readonly<Record<SortKey, (one: SeenTopic, other: SeenTopic) => number>> = {
    rate: (one, other) => other.messagesPerSecond - one.messagesPerSecond || byName(one, other),
    messages: (one, other) => other.messages - one.messages || byName(one, other),
    listeners: (one, other) => listeners(one) - listeners(other) || orders.rate(one, other),
    name: byName,
  }
  return [...topics].sort(orders[key])
}

function topicLines(topics: readonly SeenTopic[], { atMs }: Sample): Line[] {
  const headings = ['TOPIC', ' A SECOND', ' MESSAGES', ' ONLINE', ' OFFLINE', 'LAST']
  const rows = topics.map((topic) => [
    clientText(topic.topic),
    perSecond(topic.messagesPerSecond),
    count(topic.messages),
    count(topic.totals.online),
    count(topic.totals.offline),
    listeners(topic) === 0 ? `${age(topic.lastAtMs, atMs)}, NOBODY LISTENS` : age(topic.lastAtMs, atMs),
  ])
  return tableLines(headings, rows, (index) => {
    const topic = topics[index]
    return topic !== undefined && listeners(topic) === 0
  })
}

function backlogLines(clients: readonly Client[], { atMs }: Sample): Line[] {
  if (clients.length === 0) return [plain('No messages wait for clients.')]
  const rows = clients.map(({ clientIdentifier, account, backlog, inFlight, online, sinceMs }) => [
    clientText(clientIdentifier),
    accountText(account),
    backlogText(backlog, atMs),
    count(inFlight),
    presence(online, sinceMs, atMs),
  ])
  return tableLines(['CLIENT', 'ACCOUNT', 'WAITING', ' IN FLIGHT', 'CLIENT IS'], rows, () => false)
}

function tableLines(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  isRed: (index: number) => boolean,
): Line[] {
  return table(headings, rows)
    .split('\n')
    .map((text, index) => ({ text, look: index === 0 ? 'bold' : isRed(index - 1) ? 'red' : 'plain' }))
}

function plain(text: string): Line {
  return { text, look: 'plain' }
}
