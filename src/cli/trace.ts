/**
 * `pabal trace`: what happened to the messages of a Topic Filter, and what happens to them. Asks the broker over MQTT.
 */
import { InvalidArgumentError } from 'commander'
import { type AskFlags, askCommand, secondsOf } from './ask/ask-flags.ts'
import { followTrace, type TraceWish } from './ask/follow-trace.ts'
import { runAsk } from './ask/run-ask.ts'
import { parseArguments } from './parse-arguments.ts'

const help = `
First what the broker's log remembers (the last 10,000 messages by default), then what comes, until Ctrl-C. Each line says
when, the entry's id, what became of the message, its Topic Name, whose it was, and what became of its copies so far.
Above 1,000 messages a second the log takes a part of them only; how many it left out is said.

Examples:
  pabal trace --topic 'orders/#'
  pabal trace --topic orders/new --once            what happened until now
  pabal trace --topic 'orders/#' --since 1042      only what came behind that entry
  pabal trace --client sensor-7                    only what that client published or got
  pabal trace --fate unmatched,refused,expired     only what nobody has received
  pabal trace --topic '#' --json | jq 'select(.fate == "unmatched")'

It takes the permission "observe" for the Topic Filter. The fates: docs/operating/trace-and-ledger.md
`

interface TraceFlags extends AskFlags {
  topic: string
  client?: string
  fate?: string
  json?: boolean
  since: number
  once?: boolean
  count?: number
  for?: number
}

export async function runTrace(argv: string[]): Promise<number> {
  const command = askCommand('trace', 'Says what happens to the messages of a Topic Filter.', help)
    .option('-t, --topic <FILTER>', 'a Topic Filter: wildcards are allowed', '#')
    .option('--client <ID>', 'only what this client published or has had a copy of')
    .option('--fate <FATES>', 'only with one of these, as messages or in a copy; commas between them')
    .option('--json', 'each entry as a line of JSON')
    .option('--since <ID>', 'only entries behind this one', wholeOf, 0)
    .option('--once', 'what the log remembers, and no more')
    .option('--count <COUNT>', 'end after so many entries', wholeOf)
    .option('--for <SECONDS>', 'end after so long', secondsOf)
  const exitCode = parseArguments(command, argv)
  if (exitCode !== null) return exitCode
  const flags = command.opts<TraceFlags>()
  const wish: TraceWish = {
    topicFilter: flags.topic,
    client: flags.client ?? null,
    fates: flags.fate ?? null,
    since: flags.since,
    isJson: flags.json === true,
    isOnce: flags.once === true,
    entriesMax: flags.count ?? Number.POSITIVE_INFINITY,
    seconds: flags.for ?? null,
  }
  return runAsk('Pabal cannot trace the messages.', flags, (client) => followTrace(client, wish))
}

function wholeOf(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new InvalidArgumentError('It is a whole number above 0.')
}
