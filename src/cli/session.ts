/**
 * `pabal session`: what the broker knows of one client. Asks it over MQTT.
 */
import type { Client, Subscriber } from '../server/requests/answer-types.ts'
import { type ListFlags, type ListView, showList } from './ask/ask-list.ts'
import { accountText, age, clientText } from './ask/cell-text.ts'
import { listCommand } from './ask/list-command.ts'
import { runAsk } from './ask/run-ask.ts'
import { clientCells, clientHeadings } from './clients.ts'
import { parseArguments } from './parse-arguments.ts'
import { time } from './terminal-text.ts'

const help = `
A Client Identifier may be in use in several accounts: then there are several Sessions, or --account names one.
The exit code is 16 when there is none.

Examples:
  pabal session sensor-7
  pabal session sensor-7 --json

It takes the permission "observe". What is at rest in a Session, without the broker: pabal inspect --session ID
`

type SessionRow = ({ kind: 'session' } & Client) | ({ kind: 'subscription' } & Subscriber)

interface SessionFlags extends ListFlags {
  account?: string
}

export async function runSession(argv: string[]): Promise<number> {
  const command = listCommand('session', 'Says what the broker knows of one client.', help)
    .argument('<ID>', 'its Client Identifier')
    .option('--account <NAME>', 'only the Session that belongs to this account')
  const exitCode = parseArguments(command, argv)
  if (exitCode !== null) return exitCode
  const [client = ''] = command.args
  const flags = command.opts<SessionFlags>()
  const fields = flags.account === undefined ? { client } : { client, account: flags.account }
  const view: ListView<SessionRow> = {
    request: 'session',
    fields,
    listName: 'rows',
    headings: ['', ''],
    rowName: 'line',
    cells: (row, atMs) => (row.kind === 'session' ? sessionCells(row, atMs) : subscriptionCells(row, atMs)),
    summary: () => `Sessions of ${clientText(client)}:`,
    exitCode: (_, rows) => (rows === 0 ? 16 : 0),
  }
  return runAsk('Pabal cannot look the client up.', flags, (asker) => showList(asker, view, flags))
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
