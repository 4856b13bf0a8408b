/**
 * What became of every message and of every copy, in all and under each rule: the two equations of `routing/fate.ts`.
 */
import type { CopyFate, MessageFates } from '../routing/fate.ts'
import type { TopicRule, WhenNobody } from '../routing/topic-rule.ts'
import type { CoreState } from '../state.ts'
import type { Query } from './row.ts'

/** `received + made + restored` is the sum of the fates. */
export interface MessageLedger {
  /** PUBLISH packets of clients that were new, not repeated. */
  readonly received: number
  /** By the broker, or by code in its process. */
  readonly made: number
  /** Held when the broker started. */
  readonly restored: number
  readonly fates: Readonly<MessageFates>
  readonly addsUp: boolean
}

/** `created` is the sum of the fates, of what is in flight and of what waits. */
export interface CopyLedger {
  readonly created: number
  readonly inFlight: number
  readonly queued: number
  readonly fates: Readonly<Record<CopyFate, number>>
  readonly addsUp: boolean
}

/** The messages under one rule. */
export interface RuleLedger extends MessageLedger {
  /** Topic Filter of the rule; the last but one, `#`, has all that fall under no other, the last, `$`, the broker's own. */
  readonly filter: string
  readonly whenNobody: WhenNobody
  /** False: the rules were changed while the broker ran, and this one is no longer among them. */
  readonly isInForce: boolean
}

/** The ledger since the broker was made, without the rules. */
export function ledger({ tally, underWay }: CoreState): {
  readonly messages: MessageLedger
  readonly copies: CopyLedger
} {
  const { created } = tally
  const { inFlight, queued } = underWay
  const fates = { ...tally.copies }
  const addsUp = created === sum(fates) + inFlight + queued
  return { messages: messageLedger(tally), copies: { created, inFlight, queued, fates, addsUp } }
}

/** All of it at once: there are no more rules than somebody has written. */
export interface Ledger {
  readonly messages: MessageLedger
  readonly copies: CopyLedger
  readonly rules: readonly RuleLedger[]
}

export function wholeLedger(core: CoreState): Ledger {
  return { ...ledger(core), rules: [...ruleLedgers(core)].filter((rule) => rule !== null) }
}

/** In the order in which rules are looked at, with those no longer in force behind the others that were written. */
export function* ruleLedgers({ rules }: CoreState): Query<RuleLedger> {
  for (const rule of [...rules.all.slice(0, -1), ...rules.retired, rules.rest, rules.own]) {
    const { filter, whenNobody } = rule.options
    yield { filter, whenNobody, isInForce: !rules.retired.includes(rule), ...messageLedger(rule) }
  }
}

function messageLedger(counts: Pick<TopicRule, 'received' | 'made' | 'restored' | 'messages'>): MessageLedger {
  const { received, made, restored, messages } = counts
  return { received, made, restored, fates: { ...messages }, addsUp: received + made + restored === sum(messages) }
}

function sum(counts: Readonly<Record<string, number>>): number {
  let total = 0
  for (const each of Object.values(counts)) total += each
  return total
}
