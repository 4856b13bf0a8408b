/**
 * `pabal subs`: every Subscription. Asks the broker over MQTT.
 */
import { counted } from '../server/counted.ts'
import type { Subscriber } from '../server/requests/answer-types.ts'
import { type ListFlags, type ListView, showList } from './ask/ask-list.ts'
import { subscriberCells, subscriberHeadings } from './ask/cell-text.ts'
import { listCommand } from './ask/list-command.ts'
import { runAsk } from './ask/run-ask.ts'
import { parseArguments } from './parse-arguments.ts'

const help = `
Those that have something to do with one Topic Filter: pabal who --filter FILTER

It takes the permission "observe".
`

const view: ListView<Subscriber> = {
  request: 'subs',
  fields: {},
  listName: 'subscribers',
  headings: subscriberHeadings,
  rowName: 'Subscription',
  cells: subscriberCells,
  summary: ({ subscriptions }) => counted(Number(subscriptions), 'Subscription'),
}

export async function runSubs(argv: string[]): Promise<number> {
  const command = listCommand('subs', 'Lists every Subscription.', help)
  const exitCode = parseArguments(command, argv)
  if (exitCode !== null) return exitCode
  const flags = command.opts<ListFlags>()
  return runAsk('Pabal cannot list the Subscriptions.', flags, (client) => showList(client, view, flags))
}
