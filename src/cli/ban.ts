/**
 * `pabal ban`: who may not connect, and what to do about it. Asks the broker over MQTT.
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { readAmount } from '../server/config/limit-value.ts'
import { count, counted } from '../server/counted.ts'
import type { BanRow, BansRemoved } from '../server/requests/answer-types.ts'
import type { AskClient } from './ask/ask-client.ts'
import { type ListFlags, type ListView, showList } from './ask/ask-list.ts'
import { accountText, age, clientText } from './ask/cell-text.ts'
import { listCommand } from './ask/list-command.ts'
import { runAsk } from './ask/run-ask.ts'
import { parseArguments } from './parse-arguments.ts'

const help = `
  pabal ban [list]                 who is banned, until when, by whom and why
  pabal ban add KIND WHO           ban somebody: for ever, or with --for or --until
  pabal ban remove KIND WHO        lift a ban
  pabal ban remove --all           lift all of them

KIND is clientid (a Client Identifier), username (a User Name or account), peerhost (an address) or peerhost_net (a range of
addresses). Whoever is banned is disconnected at once and refused from then on, whatever its password is. Its Session stays: pabal
session ID --end ends it. A ban takes the place of an earlier one of the same, unless that one ends later. Bans outlive a restart.

Examples:
  pabal ban add clientid sensor-7 --for 2h --reason 'it floods'
  pabal ban add username mallory
  pabal ban add peerhost_net 192.0.2.0/24 --until 2030-01-31T12:00:00Z
  pabal ban remove clientid sensor-7

The exit code is 1 if it cannot be done. Listing takes the permission "observe", the rest "admin".
`

const verbs = ['list', 'add', 'remove'] as const
type Verb = (typeof verbs)[number]

interface BanFlags extends ListFlags {
  for?: number
  until?: string
  reason?: string
  by?: string
  all?: boolean
}

/** Flags that only mean something behind some of the words. */
const flagsOf: Readonly<Record<Verb, readonly string[]>> = {
  list: ['watch', 'rows'],
  add: ['for', 'until', 'reason', 'by'],
  remove: ['all'],
}

export async function runBan(argv: string[]): Promise<number> {
  const command = listCommand('ban', 'Who may not connect.', help)
    .argument('[VERB]', `${verbs.join(', ')} (default: list)`)
    .argument('[KIND]', 'clientid, username, peerhost or peerhost_net')
    .argument('[WHO]', 'for example sensor-7, alice, 192.0.2.1 or 192.0.2.0/24')
    .addOption(
      new Option('--for <TIME>', 'add: for so long: 90s, 15min, 2h, 7d').argParser(secondsOf).conflicts('until'),
    )
    .option('--until <TIME>', 'add: until then, as in RFC 3339: 2030-01-31T12:00:00Z')
    .option('--reason <TEXT>', 'add: why; the client is not told')
    .option('--by <NAME>', 'add: who bans (default: the account that asks)')
    .option('--all', 'remove: every ban')
  const exitCode = parseArguments(command, argv)
  if (exitCode !== null) return exitCode
  const flags = command.opts<BanFlags>()
  const [word = 'list', as = null, who = null] = command.args
  const verb = verbs.find((each) => each === word)
  const unknown = `: there is no "${clientText(word)}"; there are ${verbs.join(', ')}`
  const fault = verb === undefined ? unknown : faultOf(verb, as, who, flags, command)
  if (verb === undefined || fault !== null) {
    process.stderr.write(`pabal ban${fault}.\nAll flags: pabal ban --help\n`)
    return 1
  }
  return runAsk(titles[verb], flags, (asker) => {
    if (verb === 'add') return add(asker, { as, who }, flags)
    if (verb === 'remove') return flags.all === true ? removeAll(asker, flags) : remove(asker, { as, who }, flags)
    return showList(asker, view, flags)
  })
}

const titles: Readonly<Record<Verb, string>> = {
  list: 'Pabal cannot list the bans.',
  add: 'Pabal cannot ban it.',
  remove: 'Pabal cannot lift the ban.',
}

function secondsOf(text: string): number {
  const reading = readAmount({ unit: 'seconds', range: [1, 0xffff_ffff], standard: 0 }, text)
  if (reading.type === 'value') return reading.value
  throw new InvalidArgumentError('It is a time such as 90s, 15min, 2h or 7d.')
}

/** What does not go together, behind `pabal ban`; null: nothing. */
function faultOf(
  verb: Verb,
  as: string | null,
  who: string | null,
  { all = false }: BanFlags,
  command: Command,
): string | null {
  const ofOthers = verbs.filter((each) => each !== verb).flatMap((each) => flagsOf[each])
  const unsuited = ofOthers.find((name) => command.getOptionValueSource(name) === 'cli')
  if (unsuited !== undefined) return ` ${verb} takes no --${unsuited}`
  const takesWho = verb === 'add' || (verb === 'remove' && !all)
  if (takesWho && who === null) return ` ${verb}: say what and who: pabal ban ${verb} clientid sensor-7`
  if (!takesWho && as !== null) return ` ${verb} takes no "${clientText(as)}"${all ? ' beside --all' : ''}`
  return null
}

interface Which {
  readonly as: string | null
  readonly who: string | null
}

async function add(asker: AskClient, which: Which, flags: BanFlags): Promise<number> {
  const { for: forSeconds, until, reason, by } = flags
  const more = Object.entries({ forSeconds, until, reason, by }).filter(([, value]) => value !== undefined)
  const answer = await asker.ask('ban-add', { ...which, ...Object.fromEntries(more) })
  // The broker sends what its own types say.
  const ban = answer as unknown as BanRow
  const ends = ban.until === null ? 'for ever' : `until ${ban.until}`
  const text = `Banned ${ends}: ${ban.as} ${clientText(ban.who)}.`
  process.stdout.write(`${flags.json === true ? JSON.stringify(answer) : text}\n`)
  return 0
}

async function remove(asker: AskClient, which: Which, { json }: BanFlags): Promise<number> {
  const answer = await asker.ask('ban-remove', { ...which })
  const text = `No longer banned: ${which.as} ${clientText(which.who ?? '')}.`
  process.stdout.write(`${json === true ? JSON.stringify(answer) : text}\n`)
  return 0
}

async function removeAll(asker: AskClient, { json }: BanFlags): Promise<number> {
  const answer = await asker.ask('ban-remove-all', {})
  // As above.
  const { removed } = answer as unknown as BansRemoved
  process.stdout.write(`${json === true ? JSON.stringify(answer) : `${counted(removed, 'ban')} lifted.`}\n`)
  return 0
}

const view: ListView<BanRow> = {
  request: 'bans',
  fields: {},
  listName: 'banned',
  headings: ['KIND', 'WHO', 'ENDS', 'SINCE', 'BY', 'REASON'],
  rowName: 'ban',
  cells: ({ as, who, until, at, by, reason }, atMs) => [
    as,
    clientText(who),
    until === null ? 'never' : `in ${age(atMs, Date.parse(until))}`,
    age(Date.parse(at), atMs),
    accountText(by),
    reason === '' ? '' : clientText(reason),
  ],
  summary: ({ bans, bansMax }) => `${counted(Number(bans), 'ban')} of at most ${count(Number(bansMax))}`,
}
