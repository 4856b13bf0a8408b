/**
 * `pabal clients`: every Session, with how its client is doing. Asks the broker over MQTT.
 */
import { Option } from 'commander'
import { count, counted } from '../server/counted.ts'
import type { Client } from '../server/requests/answer-types.ts'
import { type ListFlags, type ListView, showList } from './ask/ask-list.ts'
import { accountText, age, backlogText, clientText, presence } from './ask/cell-text.ts'
import { listCommand } from './ask/list-command.ts'
import { runAsk } from './ask/run-ask.ts'
import { parseArguments } from './parse-arguments.ts'

const help = `
Examples:
  pabal clients
  pabal clients --like sensor-                     with this somewhere in the Client Identifier
  pabal clients --offline --json | jq '.clients[] | select(.backlog.messages > 0)'

It takes the permission "observe".
`

interface ClientsFlags extends ListFlags {
  online?: boolean
  offline?: boolean
  like?: string
  account?: string
}

export async function runClients(argv: string[]): Promise<number> {
  const command = listCommand('clients', 'Lists the Sessions of all clients, connected or not.', help)
    .addOption(new Option('--online', 'only those that are connected').conflicts('offline'))
    .option('--offline', 'only those that are not')
    .option('--like <TEXT>', 'only those with this somewhere in the Client Identifier, in capitals or not')
    .option('--account <NAME>', 'only those of this account')
  const exitCode = parseArguments(command, argv)
  if (exitCode !== null) return exitCode
  const flags = command.opts<ClientsFlags>()
  const { online = false, offline = false, like, account } = flags
  const view = clientsView({
    ...(online || offline ? { presence: online ? 'online' : 'offline' } : {}),
    ...(like === undefined ? {} : { like }),
    ...(account === undefined ? {} : { account }),
  })
  return runAsk('Pabal cannot list the clients.', flags, (client) => showList(client, view, flags))
}

function clientsView(fields: ListView<Client>['fields']): ListView<Client> {
  return {
    request: 'clients',
    fields,
    listName: 'clients',
    headings: clientHeadings,
    rowName: 'Session',
    cells: clientCells,
    none: Object.keys(fields).length === 0 ? null : 'None of them is one that was asked for.',
    summary: ({ sessions, connections }) =>
      `${counted(Number(sessions), 'Session')}, ${counted(Number(connections), 'connection')}`,
  }
}

export const clientHeadings: readonly string[] = [
  'CLIENT',
  'ACCOUNT',
  'CLIENT IS',
  'ADDRESS',
  'MQTT',
  'ENDS',
  ' SUBSCRIPTIONS',
  ' IN FLIGHT',
  'WAITING',
  'ACKNOWLEDGED',
  'WILL',
]

export function clientCells(row: Client, atMs: number): readonly string[] {
  return [
    clientText(row.clientIdentifier),
    accountText(row.account),
    presence(row.online, row.sinceMs, atMs),
    row.remoteAddress ?? '-',
    row.protocolVersion === null ? '-' : row.protocolVersion === 5 ? '5.0' : '3.1.1',
    endText(row, atMs),
    count(row.subscriptions),
    count(row.inFlight),
    backlogText(row.backlog, atMs),
    row.lastAcknowledgedAtMs === null ? '-' : age(row.lastAcknowledgedAtMs, atMs),
    row.hasWill ? 'yes' : '-',
  ]
}

function endText({ endsAtMs, sessionExpirySeconds }: Client, atMs: number): string {
  if (sessionExpirySeconds === null) return 'never'
  if (endsAtMs !== null) return `in ${age(atMs, endsAtMs)}`
  return sessionExpirySeconds === 0 ? 'with it' : `${age(0, sessionExpirySeconds * 1000)} after`
}
