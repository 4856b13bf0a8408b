/**
 * `pabal who`: who listens to a Topic Name. Asks the broker over MQTT.
 */

import { count, counted } from '../server/counted.ts'
import type { Prospect, Subscriber, WhoTotals } from '../server/requests/answer-types.ts'
import type { Answer } from './ask/ask-client.ts'
import { type ListFlags, type ListView, showList } from './ask/ask-list.ts'
import { clientText, subscriberCells, subscriberHeadings } from './ask/cell-text.ts'
import { listCommand } from './ask/list-command.ts'
import { runAsk } from './ask/run-ask.ts'
import { parseArguments } from './parse-arguments.ts'
import { bytes } from './terminal-text.ts'

const help = `
The exit code is 16 when nobody listens. Subscriptions that only observe ("#" and "+/#") are shown and do not count.
To see who it is takes the permission "observe"; without it there are the counts.

Examples:
  pabal who orders/new
  pabal who orders/new --json | jq .totals
  pabal who orders/new --watch
  pabal who --filter 'orders/#'            whoever may get something of these
  pabal who --filter 'orders/#' --exact    who subscribed in these words
  pabal who orders/new -L mqtts://operator:secret@broker.example

The columns: docs/operating/who-is-listening.md
`

const nobodyListens = 16

interface WhoFlags extends ListFlags {
  filter?: string
  exact?: boolean
}

export async function runWho(argv: string[]): Promise<number> {
  const command = listCommand('who', 'Says who listens to a Topic Name.', help)
    .argument('[TOPIC]', 'a Topic Name, without wildcards')
    .option('--filter <FILTER>', 'instead: the Subscriptions that overlap with a Topic Filter')
    .option('--exact', 'only those to this very Topic Filter')
  const exitCode = parseArguments(command, argv)
  if (exitCode !== null) return exitCode
  const [topic] = command.args
  const flags = command.opts<WhoFlags>()
  if ((topic === undefined) === (flags.filter === undefined)) {
    process.stderr.write('pabal who needs a Topic Name, or --filter with a Topic Filter, and not both.\n')
    process.stderr.write('All flags: pabal who --help\n')
    return 1
  }
  if (topic !== undefined && /[+#]/.test(topic)) {
    process.stderr.write(`pabal who: ${clientText(topic)} is a Topic Filter, and a message has a Topic Name. `)
    process.stderr.write(`Whoever may get some of its messages: pabal who --filter '${clientText(topic)}'\n`)
    return 1
  }
  const { filter, exact = false } = flags
  const view = whoView(topic === undefined ? { filter, exact } : { topic })
  return runAsk('Pabal cannot say who listens.', flags, (client) => showList(client, view, flags))
}

function whoView(fields: ListView<Subscriber>['fields']): ListView<Subscriber> {
  return {
    request: 'who',
    fields,
    listName: 'subscribers',
    headings: subscriberHeadings,
    rowName: 'Subscription',
    cells: subscriberCells,
    summary,
    exitCode: (facts, rows) => {
      const totals = totalsOf(facts)
      const isNobody = totals === null ? rows === 0 : (totals.listeners ?? totals.online + totals.offline) === 0
      return isNobody ? nobodyListens : 0
    },
  }
}

function summary(facts: Answer): string {
  const { topic, filter, exact } = facts
  const about = clientText(String(topic ?? filter))
  const totals = totalsOf(facts)
  if (totals === null) return `Subscriptions that overlap with ${about}:`
  const { subscriptions, online, offline, observers, denied, sharedGroups } = totals
  const parts = [counted(subscriptions, 'Subscription')]
  if (subscriptions > 0) parts.push(`${count(online)} online`, `${count(offline)} offline`)
  if (sharedGroups > 0) parts.push(counted(sharedGroups, 'shared group'))
  if (observers > 0) parts.push(counted(observers, 'observer'))
  if (denied > 0) parts.push(`${count(denied)} denied`)
  const { listeners, listenersAreExact } = totals
  if (listeners === undefined) {
    return `Subscriptions ${exact === true ? 'to' : 'that overlap with'} ${about}: ${parts.join(', ')}.`
  }
  const who =
    listeners === 0
      ? 'Nobody listens'
      : `${listenersAreExact === false ? 'At most ' : ''}${counted(listeners, 'listener')}`
  return `${who} to ${about}: ${parts.join(', ')}.${listeners === 0 ? prospectText(facts) : ''}`
}

const prospects: Readonly<Record<Prospect['whenNobody'], string>> = {
  accept: 'accepted, and be gone',
  report: 'reported, and be gone',
  reject: 'refused',
  hold: 'held',
  'dead-letter': 'a dead letter',
}

/** What a message would meet, and what waits already. */
function prospectText({ nobody }: Answer): string {
  if (typeof nobody !== 'object' || nobody === null) return ''
  // As below.
  const { whenNobody, rule, held } = nobody as Prospect
  const waiting = held.messages === 0 ? '' : ` ${counted(held.messages, 'message')} (${bytes(held.bytes)}) held.`
  return `\nA message now would be ${prospects[whenNobody]} (rule ${clientText(rule)}).${waiting}`
}

/** Of a Topic Filter there are no listeners, or no totals at all. */
function totalsOf({
  totals,
}: Answer): (Omit<WhoTotals, 'listeners' | 'listenersAreExact'> & Partial<WhoTotals>) | null {
  // The broker sends what its own types say.
  return typeof totals === 'object' && totals !== null ? (totals as WhoTotals) : null
}
