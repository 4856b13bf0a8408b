/**
 * `pabal held` and `pabal dead`: the messages that wait for a listener, and what to do with them. Asks the broker over MQTT.
 */
import type { Command } from 'commander'
import { counted } from '../server/counted.ts'
import type { Dead, Done, Held, MessageContent } from '../server/requests/answer-types.ts'
import type { Answer, AskClient } from './ask/ask-client.ts'
import { AskFault } from './ask/ask-fault.ts'
import type { AskFlags } from './ask/ask-flags.ts'
import { type ListFlags, type ListView, showList } from './ask/ask-list.ts'
import { accountText, age, clientText } from './ask/cell-text.ts'
import { listCommand } from './ask/list-command.ts'
import { runAsk } from './ask/run-ask.ts'
import { parseArguments } from './parse-arguments.ts'
import { bytes, time } from './terminal-text.ts'

type Kind = 'held' | 'dead'

/** What can be done with them, and the request that does it. */
const actions: Readonly<Record<Kind, Readonly<Record<string, { request: string; said: string }>>>> = {
  held: {
    release: { request: 'held-release', said: 'published to those who listen now' },
    drop: { request: 'held-drop', said: 'given up' },
  },
  dead: {
    requeue: { request: 'dead-requeue', said: 'published again on its own Topic Name' },
    drop: { request: 'dead-drop', said: 'given up' },
  },
}

const helps: Readonly<Record<Kind, string>> = {
  held: `
  pabal held [list]                       what is held, the oldest first
  pabal held show ID                      one message, with its payload
  pabal held release ID | --filter F | --all   publish it to whoever listens now, at whatever QoS
  pabal held drop ID | --filter F | --all      give it up

A message is held by the policy "hold" of its Topic Name until a Subscription may have it: one that counts as a listener, with
its QoS granted and, above QoS 0, a Session that outlives its connection. It goes there by itself. What nobody listens for is
not released, and stays.

Exit codes: 0 done, 1 not possible, 16 something was refused. Listing takes the permission "observe", the rest "admin".
`,
  dead: `
  pabal dead [list]                       the dead letters, the oldest first
  pabal dead show ID                      one of them, with its payload and why it is there
  pabal dead requeue ID | --filter F | --all   publish it once more as the message it was
  pabal dead drop ID | --filter F | --all      give it up

--filter is about the Topic Name a message had before it was a dead letter. What nobody listens for is not requeued, and stays,
unless the policy of its Topic Name holds it.

Exit codes: 0 done, 1 not possible, 16 something was refused. Listing takes the permission "observe", the rest "admin".
`,
}

interface HeldFlags extends ListFlags {
  filter?: string
  client?: string
  all?: boolean
}

export function runHeld(argv: string[]): Promise<number> {
  return run('held', 'What is held until somebody listens.', argv)
}

export function runDead(argv: string[]): Promise<number> {
  return run('dead', 'Messages nobody listened for, or had room for.', argv)
}

/** The word that says what to do may stand among the flags, as everywhere else; each word has its own of them. */
async function run(kind: Kind, description: string, argv: string[]): Promise<number> {
  const command = listCommand(kind, description, helps[kind])
    .argument('[VERB]', `${verbsOf(kind).join(', ')} (default: list)`)
    .argument('[ID]', 'a number of the list')
    .option('--filter <FILTER>', 'those whose Topic Name matches a Topic Filter')
    .option('--client <ID>', 'list: those that a client published, or went without')
    .option('--all', `${Object.keys(actions[kind]).join(', ')}: all of them`)
  const exitCode = parseArguments(command, argv)
  if (exitCode !== null) return exitCode
  const flags = command.opts<HeldFlags>()
  const [verb = 'list', id = null] = command.args
  const fault = faultOf(kind, verb, id, command)
  if (fault !== null) {
    process.stderr.write(`pabal ${kind}${fault}.\nAll flags: pabal ${kind} --help\n`)
    return 1
  }
  const action = Object.hasOwn(actions[kind], verb) ? actions[kind][verb] : undefined
  const title = `Pabal cannot ${verb} ${kind === 'held' ? 'held messages' : 'dead letters'}.`
  return runAsk(title, flags, (client) => {
    if (action !== undefined) return act(client, action, id, flags)
    if (verb === 'show') return show(client, kind, idOf(id), flags)
    return kind === 'held' ? showList(client, heldView(flags), flags) : showList(client, deadView(flags), flags)
  })
}

function verbsOf(kind: Kind): string[] {
  return ['list', 'show', ...Object.keys(actions[kind])]
}

/** What does not go together, behind `pabal held`; null: nothing. */
function faultOf(kind: Kind, verb: string, id: string | null, command: Command): string | null {
  if (!verbsOf(kind).includes(verb)) return `: there is no "${clientText(verb)}"; there are ${verbsOf(kind).join(', ')}`
  if (verb === 'list') {
    if (command.getOptionValueSource('all') !== undefined) return ' list: it is all of them without --all'
    return id === null ? null : ` list takes no ID: pabal ${kind} show ${clientText(id)} shows one`
  }
  const ofLists = ['client', 'watch', 'rows', ...(verb === 'show' ? ['filter', 'all'] : [])]
  const unsuited = ofLists.find((name) => command.getOptionValueSource(name) === 'cli')
  return unsuited === undefined ? null : ` ${verb} takes no --${unsuited}`
}

/** @throws AskFault */
function idOf(text: string | null): number {
  if (text === null) throw new AskFault('Say which: the ID of one of them, as the list has it.')
  const id = Number(text)
  if (Number.isSafeInteger(id) && id > 0) return id
  throw new AskFault(`The ID is ${JSON.stringify(text)}; expected a number of the list.`)
}

function heldView(flags: HeldFlags): ListView<Held> {
  return {
    request: 'held',
    fields: fieldsOf(flags),
    listName: 'messages',
    headings: [' ID', 'TOPIC', 'QOS', ' SIZE', 'HELD FOR', 'EXPIRES', 'PUBLISHER', 'ACCOUNT'],
    rowName: 'message',
    cells: (row, atMs) => [
      `${row.id}`,
      clientText(row.topic),
      `${row.qos}`,
      bytes(row.bytes),
      age(row.heldAtMs, atMs),
      row.expiresAtMs === null ? 'never' : `in ${age(atMs, row.expiresAtMs)}`,
      clientText(row.clientIdentifier),
      accountText(row.account),
    ],
    summary: ({ held }) => `${sizeText(held)} held`,
  }
}

/** Which of them are listed. */
function fieldsOf({ filter, client }: HeldFlags): Readonly<Record<string, string>> {
  return { ...(filter === undefined ? {} : { filter }), ...(client === undefined ? {} : { client }) }
}

function deadView(flags: HeldFlags): ListView<Dead> {
  return {
    request: 'dead',
    fields: fieldsOf(flags),
    listName: 'messages',
    headings: [' ID', 'TOPIC', 'QOS', ' SIZE', 'SINCE', 'REASON', 'PUBLISHER', 'ACCOUNT', 'WAITS ON'],
    rowName: 'dead letter',
    cells: (row, atMs) => [
      `${row.id}`,
      clientText(row.topic),
      `${row.qos}`,
      bytes(row.bytes),
      age(row.heldAtMs, atMs),
      clientText(row.reason),
      clientText(row.clientIdentifier),
      accountText(row.account),
      clientText(row.queue),
    ],
    summary: ({ dead }) => `${sizeText(dead)} among the dead letters`,
  }
}

function sizeText(counts: unknown): string {
  // The broker sends what its own types say.
  const { messages, bytes: size } = counts as { messages: number; bytes: number }
  return `${counted(messages, 'message')} (${bytes(size)})`
}

async function show(client: AskClient, kind: Kind, id: number, { json }: HeldFlags): Promise<number> {
  const answer = await client.ask(kind, { id })
  if (json === true) {
    process.stdout.write(`${JSON.stringify(answer.message, null, 2)}\n`)
    return 0
  }
  // As above.
  const message = answer.message as (Held | Dead) & MessageContent
  const lines = [
    ['Topic', clientText(message.topic)],
    ['Published', `${time(message.heldAtMs)} by ${clientText(message.clientIdentifier)} at QoS ${message.qos}`],
    ['Account', accountText(message.account)],
    ...('queue' in message
      ? [
          ['Waits on', clientText(message.queue)],
          ['Because', clientText(message.reason)],
          ...message.clients.map((name) => ['Not for', clientText(name)]),
        ]
      : [['Expires', message.expiresAtMs === null ? 'never' : time(message.expiresAtMs)]]),
    ...(message.properties.userProperties ?? []).map(([name, value]) => [clientText(name), clientText(value)]),
    ['Payload', payloadText(message)],
  ]
  process.stdout.write(lines.map(([name = '', value = '']) => `${`${name}:`.padEnd(11)} ${value}\n`).join(''))
  return 0
}

function payloadText({ payload, payloadBytes }: MessageContent): string {
  const text = typeof payload === 'string' ? clientText(payload) : `base64 ${payload.base64.slice(0, 80)}`
  return `${bytes(payloadBytes)}: ${text}`
}

async function act(
  client: AskClient,
  { request, said }: { request: string; said: string },
  id: string | null,
  { filter, all, json }: HeldFlags & AskFlags,
): Promise<number> {
  const fields = {
    ...(id === null ? {} : { id: idOf(id) }),
    ...(filter === undefined ? {} : { filter }),
    ...(all === true ? { all: true } : {}),
  }
  if (Object.keys(fields).length !== 1)
    throw new AskFault('Say which: an ID, --filter FILTER, or --all, and only one of them.')
  const answer: Answer = await client.ask(request, fields)
  // As above.
  const { done, refused, refusals } = answer as unknown as Done
  if (json === true) process.stdout.write(`${JSON.stringify({ done, refused, refusals })}\n`)
  else {
    process.stdout.write(
      `${counted(done, 'message')} ${said}${refused === 0 ? '' : `, ${counted(refused, 'message')} not`}.\n`,
    )
    for (const { id, topic, reason } of refusals) process.stdout.write(`  ${id}  ${clientText(topic)}: ${reason}\n`)
  }
  return refused > 0 ? 16 : 0
}
