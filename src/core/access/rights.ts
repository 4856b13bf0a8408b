/**
 * The rules that concern one client, with its account and Client Identifier in their places.
 *
 * A level is filled only with what is one level and no wildcard: with `+`, `#` or `/` in it an identifier never makes a rule that
 * allows match more (CVE-2017-7650). In a rule that denies, the level then stands for anything.
 */
import { filtersOverlap } from '../routing/filters-overlap.ts'
import { topicFilterMatches } from '../routing/topic-filter.ts'
import { topicFilterCovers } from '../routing/topic-filter-covers.ts'
import type { AccessAction, AccessRule, Identity, Verdict } from './access-policy.ts'

const bits: Readonly<Record<AccessAction, number>> = { publish: 1, subscribe: 2, receive: 4, observe: 8, admin: 16 }
const aboutTheBroker = bits.observe | bits.admin

/** A rule as it is for one client. */
interface Right {
  readonly allows: boolean
  readonly actions: number
  readonly filters: readonly string[]
  /** `#` is among its Topic Filters: for what is asked of the broker itself that is everything. */
  readonly isForAll: boolean
  readonly verdict: Verdict
}

export const noRule: Verdict = Object.freeze({ allowed: false, rule: null })

export class Rights {
  readonly #rights: readonly Right[]
  /** What was last asked about, by one client after the other that have the same rights. */
  #receivedTopicName: string | null = null
  #received: Verdict = noRule

  /** `rules` are those that concern the client, in order. */
  constructor(rules: readonly AccessRule[], identity: Identity) {
    this.#rights = rules.map((rule) => rightOf(rule, identity))
  }

  /** Whether a message on this Topic Name may be received. */
  receiving(topicName: string): Verdict {
    if (topicName !== this.#receivedTopicName) {
      this.#received = this.ofTopicName('receive', topicName)
      this.#receivedTopicName = topicName
    }
    return this.#received
  }

  /** Whether a message on this Topic Name may be published or received. */
  ofTopicName(action: 'publish' | 'receive', topicName: string): Verdict {
    const bit = bits[action]
    for (const right of this.#rights) {
      if ((right.actions & bit) !== 0 && matches(right, topicName)) return right.verdict
    }
    return noRule
  }

  /** Whether this Topic Filter, without `$share/name/`, may be subscribed to: all it can match must be allowed. */
  ofTopicFilter(topicFilter: string): Verdict {
    for (const right of this.#rights) {
      if ((right.actions & bits.subscribe) === 0) continue
      if (right.filters.some((filter) => topicFilterCovers(filter, topicFilter))) return right.verdict
    }
    return noRule
  }

  /** Rules that deny to receive a part of what a Topic Filter matches. */
  exceptions(topicFilter: string): string[] {
    const found: string[] = []
    for (const { allows, actions, filters, verdict } of this.#rights) {
      const denies = !allows && (actions & bits.receive) !== 0
      if (denies && filters.some((filter) => filtersOverlap(filter, topicFilter))) found.push(verdict.rule ?? '')
    }
    return found
  }

  /** Whether the broker may be asked about, or told to change, what concerns a Topic Name or Topic Filter: all of it. */
  ofBroker(action: 'observe' | 'admin', topic: string): Verdict {
    const bit = bits[action]
    for (const right of this.#rights) {
      if ((right.actions & bit) !== 0 && concerns(right, topic)) return right.verdict
    }
    return noRule
  }
}

function matches({ filters }: Right, topicName: string): boolean {
  for (const filter of filters) if (topicFilterMatches(filter, topicName)) return true
  return false
}

/** What is asked about may be seen in one answer: a part of it that is denied denies all. */
function concerns({ allows, filters, isForAll }: Right, topic: string): boolean {
  if (isForAll) return true
  return filters.some((filter) => (allows ? topicFilterCovers(filter, topic) : filtersOverlap(filter, topic)))
}

/** A rule in words: `access.rules[2]: deny publish, subscribe a/secret`. */
export function ruleText({ place, allows, actions, topics }: AccessRule): string {
  return `${place}: ${allows ? 'allow' : 'deny'} ${actions.join(', ')} ${topics.join(' ')}`
}

function rightOf(rule: AccessRule, identity: Identity): Right {
  const { allows } = rule
  const filters = filtersOf(rule, identity)
  let actions = 0
  for (const action of rule.actions) actions |= bits[action]
  // Who may subscribe may receive.
  if ((actions & bits.subscribe) !== 0) actions |= bits.receive
  // Who may change something may look at it.
  if (allows && (actions & bits.admin) !== 0) actions |= bits.observe
  const isForAll = filters.includes('#') && (actions & aboutTheBroker) !== 0
  return { allows, actions, filters, isForAll, verdict: { allowed: allows, rule: ruleText(rule) } }
}

function filtersOf({ allows, topics, identifiers }: AccessRule, identity: Identity): readonly string[] {
  if (identifiers === 'literal') return topics
  const { account, clientIdentifier } = identity
  if (identifiers === 'pattern') {
    if (allows && /[+#]/.test(account + clientIdentifier)) return []
    if (account === '' && topics.some((topic) => topic.split('/').includes('%u'))) return []
  }
  return topics.map((topic) => filledIn(topic, identity, allows)).filter((filter) => filter !== null)
}

/** Null: for this client the rule has no such Topic Filter. */
function filledIn(topic: string, { account, clientIdentifier }: Identity, allows: boolean): string | null {
  if (!topic.includes('%')) return topic
  const levels: string[] = []
  for (const level of topic.split('/')) {
    const identifier = level === '%u' ? account : level === '%c' ? clientIdentifier : null
    if (identifier === null) levels.push(level)
    else if (isOneLevel(identifier)) levels.push(identifier)
    else if (allows) return null
    else levels.push('+')
  }
  return levels.join('/')
}

/** Also not empty: the account of those who do not log in is nobody's own. */
function isOneLevel(identifier: string): boolean {
  return identifier !== '' && !/[+#/]/.test(identifier)
}
