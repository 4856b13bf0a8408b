/**
 * `pabal session`: what the broker knows of one client, and what an operator does to its Session. Asks the broker over MQTT.
 */
import { Option } from 'commander'
import { counted } from '../server/counted.ts'
import type { Client, Subscriber } from '../server/requests/answer-types.ts'
import type { AskClient } from './ask/ask-client.ts'
import { type ListFlags, type ListView, showList } from './ask/ask-list.ts'
import { accountText, age, clientText } from './ask/cell-text.ts'
import { listCommand } from './ask/list-command.ts'
import { runAsk } from './ask/run-ask.ts'
import { clientCells, clientHeadings } from './clients.ts'
import { parseArguments } from './parse-arguments.ts'
import { historyView, inFlightView, queueView, type WhichSession } from './session-views.ts'
import { bytes, time } from './terminal-text.ts'

const help = `
A Client Identifier may be in use in several accounts: then there are several Sessions, or --account names one.
The exit code is 16 when there is none.

Examples:
  pabal session sensor-7
  pabal session sensor-7 --json
  pabal session sensor-7 --in-flight
  pabal session sensor-7 --queue --rows 20
  pabal session sensor-7 --history
  pabal session sensor-7 --unsubscribe 'commands/#'
  pabal session sensor-7 --purge
  pabal session sensor-7 --end --account mallory

It takes the permission "observe"; --unsubscribe, --purge and --end take "admin". With --end the client is disconnected, and its Client Identifier is
free. What is at rest in a Session, without the broker: pabal inspect --session ID
`

type SessionRow = ({ kind: 'session' } & Client) | ({ kind: 'subscription' } & Subscriber)

interface SessionFlags extends ListFlags {
  account?: string
  inFlight?: true
  queue?: true
  history?: true
  unsubscribe?: string
  purge?: true
  end?: true
}

/** One of them at a time. */
const kinds = ['inFlight', 'queue', 'history', 'unsubscribe', 'purge', 'end'] as const

export async function runSession(argv: string[]): Promise<number> {
  const command = listCommand('session', 'Says what the broker knows of one client.', help)
    .argument('<ID>', 'its Client Identifier')
    .option('--account <NAME>', 'only the Session that belongs to this account')
    .addOption(oneOf('--in-flight', 'the messages on their way to and from it'))
    .addOption(oneOf('--queue', 'the messages that wait for it, in order'))
    .addOption(oneOf('--history', 'what has happened to it, the latest first'))
    .addOption(oneOf('--unsubscribe <FILTER>', 'end one of its Subscriptions'))
    .addOption(oneOf('--purge', 'give up what waits for it'))
    .addOption(oneOf('--end', 'end its Session, and with it its connection and all that waits for it'))
  const exitCode = parseArguments(command, argv)
  if (exitCode !== null) return exitCode
  const [client = ''] = command.args
  const flags = command.opts<SessionFlags>()
  const fields = flags.account === undefined ? { client } : { client, account: flags.account }
  const isAct = flags.unsubscribe !== undefined || flags.purge === true || flags.end === true
  const title = isAct ? 'Pabal cannot change the Session.' : 'Pabal cannot look the client up.'
  return runAsk(title, flags, (asker) => {
    if (flags.unsubscribe !== undefined) return unsubscribe(asker, { ...fields, filter: flags.unsubscribe }, flags)
    if (flags.purge === true) return purge(asker, fields, flags)
    if (flags.end === true) return end(asker, fields, flags)
    if (flags.inFlight === true) return showList(asker, inFlightView(fields), flags)
    if (flags.queue === true) return showList(asker, queueView(fields), flags)
    if (flags.history === true) return showList(asker, historyView(fields), flags)
    return showList(asker, sessionView(fields), flags)
  })
}

function oneOf(flags: string, description: string): Option {
  const option = new Option(flags, description)
  return option.conflicts(kinds.filter((kind) => kind !== option.attributeName()))
}

async function unsubscribe(
  asker: AskClient,
  fields: WhichSession & { readonly filter: string },
  { json }: ListFlags,
): Promise<number> {
  const answer = await asker.ask('session-unsubscribe', { ...fields })
  const text = `${clientText(fields.client)} is no longer subscribed to ${clientText(fields.filter)}.`
  process.stdout.write(`${json === true ? JSON.stringify(answer) : text}\n`)
  return 0
}

async function purge(asker: AskClient, fields: WhichSession, { json }: ListFlags): Promise<number> {
  const answer = await asker.ask('session-purge', { ...fields })
  const { messages, bytes: size } = answer
  const text = `${counted(Number(messages), 'message')} (${bytes(Number(size))}) for ${clientText(fields.client)} given up.`
  process.stdout.write(`${json === true ? JSON.stringify(answer) : text}\n`)
  return 0
}

async function end(asker: AskClient, fields: WhichSession, { json }: ListFlags): Promise<number> {
  const answer = await asker.ask('session-end', { ...fields })
  const text = `The Session of ${clientText(fields.client)} of the account ${accountText(String(answer.account))} has ended.`
  process.stdout.write(`${json === true ? JSON.stringify(answer) : text}\n`)
  return 0
}

function sessionView(fields: WhichSession): ListView<SessionRow> {
  return {
    request: 'session',
    fields: { ...fields },
    listName: 'rows',
    headings: ['', ''],
    rowName: 'line',
    cells: (row, atMs) => (row.kind === 'session' ? sessionCells(row, atMs) : subscriptionCells(row, atMs)),
    summary: () => `Sessions of ${clientText(fields.client)}:`,
    none: 'There is none. What has happened to it, if anything: --history. All there are: pabal clients',
    exitCode: (_, rows) => (rows === 0 ? 16 : 0),
  }
}

function sessionCells(row: Client, atMs: number): readonly string[] {
  const cells = clientCells(row, atMs)
  const words = clientHeadings.map((heading, column) => `${heading.trim().toLowerCase()} ${cells[column] ?? ''}`)
  return ['Session', `${words.slice(2).join(', ')}, made ${time(row.createdAtMs)}, account ${accountText(row.account)}`]
}

function subscriptionCells(row: Subscriber, atMs: number): readonly string[] {
  const group = row.sharedGroup === null ? '' : ` in the group ${clientText(row.sharedGroup)}`
  const notes = `${row.observer ? ', observer' : ''}${row.noLocal ? ', No Local' : ''}`
  return [
    '  subscribes',
    `${clientText(row.topicFilter)}${group}, QoS ${row.qos}, ${age(row.subscribedAtMs, atMs)} ago${notes}`,
  ]
}
