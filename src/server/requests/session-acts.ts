/**
 * `$pabal/session-subscribe`, `session-unsubscribe`, `session-purge` and `session-end`: what an operator does to the Session of a client.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Subscriber, subscriberOf } from '../../core/query/who-listens.ts'
import { unsubscribeByOperator } from '../../core/routing/subscribing.ts'
import { subscribeByOperator } from '../../core/routing/subscribing-by-operator.ts'
import { endSession } from '../../core/session/lifecycle.ts'
import { type Purged, purgeQueue, queueEnd } from '../../core/session/purge.ts'
import type { Session } from '../../core/session/session.ts'
import type { Qos } from '../../protocol/control-packet.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'
import { oneSession } from './one-session.ts'
import { NotThere, quoted, RequestFault } from './request-fault.ts'
import type { Asked, RequestHandler } from './request-handler.ts'

/** What was given up. */
export interface QueuePurged extends Readonly<Purged> {
  readonly client: string
  readonly account: string
}

export interface SubscribedForClient {
  readonly subscription: Subscriber
}

const which = { client: 'text', account: 'text' } as const
const clientAdvice = 'name the client: {"client": "..."}'
const filterAdvice = 'name the Topic Filter: {"filter": "..."}'
/** Copies that are given up in one turn of the event loop. */
const sliceSize = 2000
const ended = 'an operator has ended the Session'

function sessionOf({ state, fields }: Asked): Session {
  return oneSession(state, fields.neededText('client', clientAdvice), fields.text('account'))
}

export const sessionSubscribe: RequestHandler = {
  permission: 'admin',
  fields: {
    ...which,
    filter: 'topicFilter',
    qos: 'upToTwo',
    noLocal: 'boolean',
    retainAsPublished: 'boolean',
    retainHandling: 'upToTwo',
  },
  topicOf: (fields) => fields.text('filter') ?? '#',
  answer: async (asked) => {
    const { state, fields, act } = asked
    const topicFilter = fields.neededText('filter', filterAdvice)
    const session = sessionOf(asked)
    const request = {
      topicFilter,
      qos: upToTwo(asked, 'qos'),
      noLocal: fields.flag('noLocal'),
      retainAsPublished: fields.flag('retainAsPublished'),
      retainHandling: upToTwo(asked, 'retainHandling'),
    }
    const outcome = act((core, nowMs, turn) => subscribeByOperator(core.state, session, request, nowMs, turn))
    if (outcome.type === 'refused') {
      throw new RequestFault(outcome.reason, 'a Subscription that the client could make', 'ask for another one')
    }
    return { facts: { subscription: subscriberOf(state, outcome.subscription) } }
  },
}

/** A number has been checked to be one of these. */
function upToTwo({ fields }: Asked, name: string): Qos {
  const value = fields.number(name)
  return value === 1 || value === 2 ? value : 0
}

export const sessionUnsubscribe: RequestHandler = {
  permission: 'admin',
  fields: { ...which, filter: 'text' },
  topicOf: (fields) => fields.text('filter') ?? '#',
  answer: async (asked) => {
    const filter = asked.fields.neededText('filter', filterAdvice)
    const session = sessionOf(asked)
    if (!asked.act((core, _, turn) => unsubscribeByOperator(core.state, session, filter, turn))) {
      const found = `no Subscription of ${quoted(session.clientIdentifier)} to ${quoted(filter)}`
      const expected = 'a Topic Filter as the client has sent it, $share/NAME/ included'
      throw new NotThere(found, expected, 'look it up with what the broker knows of the Session')
    }
    const { clientIdentifier: client, account } = session
    return { facts: { client, account, filter } }
  },
}

export const sessionPurge: RequestHandler = {
  permission: 'admin',
  fields: which,
  bareField: 'client',
  answer: async (asked) => {
    const { state, act } = asked
    const session = sessionOf(asked)
    const { clientIdentifier, account } = session
    const end = queueEnd(state, session)
    const purged: Purged = { messages: 0, bytes: 0 }
    while (act((core, _, turn) => purgeQueue(core.state, session, end, sliceSize, purged, turn))) await nextTurn()
    const event = { type: 'queuePurged', clientIdentifier, account, ...purged } as const
    act((_, __, turn) => turn.events.push(event))
    return { facts: { client: clientIdentifier, account, ...purged } }
  },
}

/** Its connection is closed; a Will Message goes out, also one that waits [MQTT-3.1.3-9]. */
export const sessionEnd: RequestHandler = {
  permission: 'admin',
  fields: which,
  bareField: 'client',
  answer: async (asked) => {
    const session = sessionOf(asked)
    const { clientIdentifier: client, account } = session
    asked.act((core, nowMs, turn) => {
      const { connection } = session
      if (connection !== null) core.disconnect(connection, ReasonCode.AdministrativeAction, ended, nowMs, turn)
      endSession(core.state, session, 'operator', nowMs, turn)
    })
    return { facts: { client, account } }
  },
}
