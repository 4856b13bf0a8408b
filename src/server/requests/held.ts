/**
 * `$pabal/held` and `$pabal/dead`: the messages that wait for a listener, and what an operator does with them.
 */
import type { HeldMessage } from '../../core/held/held-messages.ts'
import { giveUp } from '../../core/held/hold.ts'
import { republish } from '../../core/held/operator.ts'
import type { HeldFact } from '../../core/record.ts'
import { originOf } from '../../core/routing/dead-letter.ts'
import { topicFilterMatches } from '../../core/routing/topic-filter.ts'
import { contentOf } from './content.ts'
import { type HeldBody, heldBodies } from './held-bodies.ts'
import { NotThere, RequestFault } from './request-fault.ts'
import type { Asked, RequestAnswer, RequestHandler } from './request-handler.ts'

/** One message that is held by a policy. */
export interface Held {
  /** Names it in other requests; survives a restart. */
  readonly id: number
  readonly topic: string
  readonly qos: number
  /** Topic Name and payload. */
  readonly bytes: number
  readonly heldAtMs: number
  /** Null: never. */
  readonly expiresAtMs: number | null
  /** Who published it; empty for code in the broker's process. */
  readonly account: string
  readonly clientIdentifier: string
}

/** One dead letter. */
export interface Dead extends Held {
  /** The Topic Name of dead letters it waits on; `topic` is that of the message it was. */
  readonly queue: string
  /** `no-subscribers` or `queue-full`. */
  readonly reason: string
  /** Clients that went without it, if it was their queue; 20 at most. */
  readonly clients: readonly string[]
}

export interface Done {
  readonly done: number
  readonly refused: number
  /** The first of those that were refused, and why. */
  readonly refusals: readonly { readonly id: number; readonly topic: string; readonly reason: string }[]
}

const refusalsMax = 20
const which = { id: 'count', filter: 'topicFilter', all: 'boolean' } as const

export const held: RequestHandler = {
  permission: 'observe',
  fields: { id: 'count', filter: 'topicFilter', client: 'text' },
  bareField: 'filter',
  topicOf: (fields) => fields.text('filter') ?? '#',
  answer: (asked) => (asked.fields.count('id') === null ? listHeld(asked) : show(asked, 'held')),
}

export const dead: RequestHandler = {
  permission: 'observe',
  fields: { id: 'count', filter: 'topicFilter', client: 'text' },
  bareField: 'filter',
  topicOf: (fields) => fields.text('filter') ?? '#',
  answer: (asked) => (asked.fields.count('id') === null ? listDead(asked) : show(asked, 'dead')),
}

export const heldRelease: RequestHandler = action('held', publishAgain)
export const heldDrop: RequestHandler = action('held', drop)
export const deadRequeue: RequestHandler = action('dead', publishAgain)
export const deadDrop: RequestHandler = action('dead', drop)

function listHeld({ state, fields }: Asked): RequestAnswer {
  const filter = fields.text('filter')
  const client = fields.text('client')
  function* rows() {
    for (const message of state.held.all()) {
      const { fact, topicName } = message
      const isMatched = fact.reason === 'held' && (filter === null || topicFilterMatches(filter, topicName))
      yield isMatched && (client === null || fact.clientIdentifier === client) ? rowOf(message) : null
    }
  }
  return { facts: { held: state.held.counts('held') }, list: { name: 'messages', rows: rows() } }
}

function listDead(asked: Asked): RequestAnswer {
  const { state, fields } = asked
  const filter = fields.text('filter')
  const client = fields.text('client')
  async function* rows() {
    for await (const found of heldBodies(asked, ofReason(asked, 'dead'))) {
      const row = deadRowOf(found)
      const isMatched = filter === null || topicFilterMatches(filter, row.topic)
      yield isMatched && (client === null || isAbout(row, client)) ? row : null
    }
  }
  return { facts: { dead: state.held.counts('dead') }, list: { name: 'messages', rows: rows() } }
}

/** It published the message, or went without it. */
function isAbout({ clientIdentifier, clients }: Dead, client: string): boolean {
  return clientIdentifier === client || clients.includes(client)
}

function* ofReason({ state }: Asked, reason: HeldFact['reason']): Generator<HeldMessage> {
  for (const message of state.held.all()) if (message.fact.reason === reason) yield message
}

function rowOf({ seq, topicName, qos, size, heldMs, expiresMs, fact }: HeldMessage): Held {
  const { account, clientIdentifier } = fact
  const expiresAtMs = expiresMs === Number.POSITIVE_INFINITY ? null : expiresMs
  return { id: seq, topic: topicName, qos, bytes: size, heldAtMs: heldMs, expiresAtMs, account, clientIdentifier }
}

function deadRowOf({ held, body }: HeldBody): Dead {
  const origin = originOf(body.publish)
  const told = origin?.told ?? []
  const toldAs = (name: string): string => told.find(([each]) => each === name)?.[1] ?? ''
  const clients = told.filter(([name]) => name === 'pabal-client').map(([, value]) => value)
  const topic = origin?.topicName ?? held.topicName
  return { ...rowOf(held), topic, queue: held.topicName, reason: toldAs('pabal-reason'), clients }
}

async function show(asked: Asked, reason: HeldFact['reason']): Promise<RequestAnswer> {
  const found = await one(asked, reason)
  const row = reason === 'held' ? rowOf(found.held) : deadRowOf(found)
  const filter = asked.fields.text('filter')
  // The permission was asked for this filter: what it does not match is not there.
  if (filter !== null && !topicFilterMatches(filter, row.topic)) throw notThere(row.id, reason)
  return { facts: { message: { ...row, ...contentOf(found.body.publish) } } }
}

/** @throws RequestFault if the message is not there. */
async function one(asked: Asked, reason: HeldFact['reason']): Promise<HeldBody> {
  const id = asked.fields.count('id') ?? 0
  const message = asked.state.held.get(id)
  if (message?.fact.reason === reason) for await (const found of heldBodies(asked, [message])) return found
  throw notThere(id, reason)
}

function notThere(id: number, reason: HeldFact['reason']): NotThere {
  const name = reason === 'held' ? 'a held message' : 'a dead letter'
  return new NotThere(
    `the id ${id}`,
    `the id of ${name}`,
    `look it up in the list of ${reason === 'held' ? 'what is held' : 'dead letters'}`,
  )
}

/** Does one thing with one message; why not, in words, or null. */
type Act = (asked: Asked, found: HeldBody) => string | null

/** All that are named are done with before the answer is sent. */
function action(reason: HeldFact['reason'], act: Act): RequestHandler {
  return {
    permission: 'admin',
    fields: which,
    topicOf: (fields) => fields.text('filter') ?? '#',
    answer: async (asked) => {
      const refusals: Done['refusals'][number][] = []
      let done = 0
      let refused = 0
      for await (const found of wanted(asked, reason)) {
        const refusal = act(asked, found)
        if (refusal === null) done += 1
        else {
          refused += 1
          const { topic } = reason === 'dead' ? deadRowOf(found) : rowOf(found.held)
          if (refusals.length < refusalsMax) refusals.push({ id: found.held.seq, topic, reason: refusal })
        }
      }
      return { facts: { done, refused, refusals } }
    },
  }
}

/** @throws RequestFault unless exactly one of the fields says which. */
async function* wanted(asked: Asked, reason: HeldFact['reason']): AsyncGenerator<HeldBody, void> {
  const { fields } = asked
  const filter = fields.text('filter')
  const named = [fields.count('id') !== null, filter !== null, fields.flag('all')].filter((each) => each).length
  if (named !== 1) {
    const advice = 'send {"id": NUMBER}, {"filter": "TOPIC FILTER"} or {"all": true}'
    throw new RequestFault(named === 0 ? 'no message named' : 'more than one of them', 'id, filter or all', advice)
  }
  if (fields.count('id') !== null) {
    yield await one(asked, reason)
    return
  }
  for await (const found of heldBodies(asked, ofReason(asked, reason))) {
    const topic = reason === 'dead' ? deadRowOf(found).topic : found.held.topicName
    if (filter === null || topicFilterMatches(filter, topic)) yield found
  }
}

function publishAgain({ act }: Asked, { held: message, body }: HeldBody): string | null {
  const outcome = act((core, nowMs, turn) => republish(core.state, message, body, nowMs, turn))
  return outcome.type === 'refused' ? outcome.text : null
}

function drop({ act }: Asked, { held: message }: HeldBody): string | null {
  act((core, _, turn) => giveUp(core.state, [message], 'droppedByOperator', turn))
  return null
}
