/**
 * `$pabal/who`: who listens to a Topic Name, or subscribes to a Topic Filter; `$pabal/subs`: every Subscription.
 */
import { whoListens } from '../../core/query/who-listens.ts'
import { allSubscriptions, filterTotals, whoSubscribes } from '../../core/query/who-subscribes.ts'
import { whoTotals } from '../../core/query/who-totals.ts'
import { nodesPerSlice } from '../../core/routing/subscriptions.ts'
import type { WhenNobody } from '../../core/routing/topic-rule.ts'
import type { CoreState } from '../../core/state.ts'
import { missingPermission, RequestFault } from './request-fault.ts'
import type { Fields } from './request-fields.ts'
import type { RequestHandler } from './request-handler.ts'

type Wanted =
  | { readonly type: 'topic'; readonly topic: string }
  | { readonly type: 'filter'; readonly filter: string; readonly exact: boolean }

export const who: RequestHandler = {
  permission: 'observe',
  fields: { topic: 'topicName', filter: 'topicFilter', exact: 'boolean' },
  bareField: 'topic',
  topicOf: (fields) => {
    const wanted = wantedOf(fields)
    return wanted.type === 'topic' ? wanted.topic : wanted.filter
  },
  withoutPermission: ({ state, fields }) => {
    const wanted = wantedOf(fields)
    if (wanted.type === 'filter' && filterTotals(state, wanted.filter, wanted.exact) === null) {
      throw missingPermission('observe', wanted.filter)
    }
    return facts(state, wanted)
  },
  answer: async ({ state, fields, othersFirst }) => {
    const wanted = wantedOf(fields)
    if (wanted.type === 'topic') {
      // Very many Topic Filters may match it.
      const found = state.subscriptions.finding(wanted.topic)
      while (!found(nodesPerSlice)) await othersFirst()
    }
    const rows =
      wanted.type === 'topic' ? whoListens(state, wanted.topic) : whoSubscribes(state, wanted.filter, wanted.exact)
    const prospect = wanted.type === 'topic' ? { nobody: prospectOf(state, wanted.topic) } : {}
    return { facts: { ...facts(state, wanted), ...prospect }, list: { name: 'subscribers', rows } }
  },
}

export const subs: RequestHandler = {
  permission: 'observe',
  fields: {},
  answer: ({ state }) => {
    const facts = { subscriptions: state.subscriptions.count }
    return { facts, list: { name: 'subscribers', rows: allSubscriptions(state) } }
  },
}

/** @throws RequestFault */
function wantedOf(fields: Fields): Wanted {
  const topic = fields.text('topic')
  const filter = fields.text('filter')
  const advice = 'send the Topic Name as the payload, or {"topic": "..."}, or {"filter": "..."}'
  if (topic !== null && filter !== null) throw new RequestFault('both "topic" and "filter"', 'one of them', advice)
  if (filter !== null) {
    return { type: 'filter', filter: filter.replace(/^\$share\/[^/]+\//, ''), exact: fields.flag('exact') }
  }
  if (topic === null) throw new RequestFault('no Topic Name', 'a Topic Name', advice)
  return { type: 'topic', topic }
}

/** What becomes of a message that nobody listens for, by which rule, and what waits for a listener already. */
export interface Prospect {
  readonly whenNobody: WhenNobody
  /** Topic Filter of the rule; the last one of all is `#`. */
  readonly rule: string
  readonly held: { readonly messages: number; readonly bytes: number }
}

function prospectOf({ rules, held }: CoreState, topicName: string): Prospect {
  const { whenNobody, filter } = rules.ruleFor(topicName).options
  const topic = held.topic(topicName)
  return { whenNobody, rule: filter, held: { messages: topic?.messages.size ?? 0, bytes: topic?.bytes ?? 0 } }
}

function facts(state: CoreState, wanted: Wanted): object {
  if (wanted.type === 'topic') return { topic: wanted.topic, totals: whoTotals(state, wanted.topic) }
  const { filter, exact } = wanted
  return { filter, exact, totals: filterTotals(state, filter, exact) }
}
