/**
 * `pabal ledger`: what became of every message and copy, in all and under each rule. Asks the broker over MQTT.
 */
import { count } from '../server/counted.ts'
import type { CopyLedger, MessageLedger, RuleLedger } from '../server/requests/answer-types.ts'
import type { Answer } from './ask/ask-client.ts'
import { type ListFlags, type ListView, showList } from './ask/ask-list.ts'
import { clientText } from './ask/cell-text.ts'
import { copyFateWords, messageFateWords } from './ask/fate-text.ts'
import { listCommand } from './ask/list-command.ts'
import { runAsk } from './ask/run-ask.ts'
import { parseArguments } from './parse-arguments.ts'

const help = `
Every message that comes in, and every copy of one that is made for a client, ends in exactly one fate. All of them are
counted since the broker started: in all, and under the rule that each message fell under. The rule "#" at the end has
those that fell under no other, "$" the broker's own. The exit code is 1 if the sums are not equal: that is a fault of
the broker, please report it.

Examples:
  pabal ledger
  pabal ledger --watch
  pabal ledger --json | jq .copies

It takes the permission "observe". The fates: docs/operating/trace-and-ledger.md
`

/** What the answer holds besides the rules, as the broker's types say. */
interface Facts {
  readonly messages: MessageLedger
  readonly copies: CopyLedger
}

export async function runLedger(argv: string[]): Promise<number> {
  const command = listCommand('ledger', 'Says what became of every message and copy.', help)
  const exitCode = parseArguments(command, argv)
  if (exitCode !== null) return exitCode
  const flags = command.opts<ListFlags>()
  const view: ListView<RuleLedger> = {
    request: 'ledger',
    fields: {},
    listName: 'rules',
    headings: [
      'RULE',
      'WHEN NOBODY LISTENS',
      ' RECEIVED',
      ' MADE',
      ' ROUTED',
      ' RETAINED ONLY',
      ' UNMATCHED',
      ' HELD',
      ' DEAD-LETTERED',
      ' REFUSED',
      ' EXPIRED',
      ' DROPPED',
      'ADDS UP',
    ],
    rowName: 'rule',
    cells: ruleCells,
    summary: (facts) => ledgerText(factsOf(facts)),
    exitCode: (facts) => {
      const { messages, copies } = factsOf(facts)
      return messages.addsUp && copies.addsUp ? 0 : 1
    },
  }
  return runAsk('Pabal cannot show the ledger.', flags, (client) => showList(client, view, flags))
}

function factsOf(answer: Answer): Facts {
  // The broker sends what its own types say.
  return answer as unknown as Facts
}

function ruleCells({
  filter,
  whenNobody,
  isInForce,
  received,
  made,
  restored,
  fates,
  addsUp,
}: RuleLedger): readonly string[] {
  const dropped = fates.droppedHoldFull + fates.droppedByOperator
  const counts = [received + restored, made, fates.routed, fates.retainedOnly, fates.unmatched, fates.held]
  const further = [fates.deadLettered, fates.refused, fates.expired, dropped]
  const policy = isInForce ? whenNobody : 'no longer in force'
  return [clientText(filter), policy, ...[...counts, ...further].map(count), addsUp ? 'yes' : 'NO']
}

function ledgerText({ messages, copies }: Facts): string {
  const { received, made, restored } = messages
  const came = equation([
    [received, 'received'],
    [made, 'made by the broker'],
    [restored, 'held from before it started'],
  ])
  const messageFates = Object.entries(messageFateWords).map(([fate, words]) => pair(messages.fates, fate, words))
  const copyFates = Object.entries(copyFateWords).map(([fate, words]) => pair(copies.fates, fate, words))
  const underWay: Term[] = [
    [copies.inFlight, 'in flight'],
    [copies.queued, 'waiting'],
  ]
  return [
    `Messages  ${came}`,
    `          ${equation(messageFates)}   ${verdict(messages.addsUp)}`,
    `Copies    ${count(copies.created)} made for clients`,
    `          ${equation([...copyFates, ...underWay])}   ${verdict(copies.addsUp)}`,
  ].join('\n')
}

type Term = readonly [value: number, words: string]

function pair(fates: Readonly<Record<string, number>>, fate: string, words: string): Term {
  return [fates[fate] ?? 0, words]
}

/** The terms that are not zero, and their sum. */
function equation(terms: readonly Term[]): string {
  const shown = terms.filter(([value]) => value > 0)
  const sum = terms.reduce((total, [value]) => total + value, 0)
  if (shown.length === 0) return '0'
  return `${shown.map(([value, words]) => `${count(value)} ${words}`).join(' + ')} = ${count(sum)}`
}

function verdict(addsUp: boolean): string {
  return addsUp ? 'adds up' : 'DOES NOT ADD UP: please report it'
}
