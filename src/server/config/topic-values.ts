/**
 * How each field of a rule for a Topic Filter is read, in the file and in code: one set of words for both.
 */
import { patternFault } from '../../core/access/identifier-patterns.ts'
import { parseTopicFilter } from '../../core/routing/topic-filter.ts'
import { topicFilterCovers } from '../../core/routing/topic-filter-covers.ts'
import { type TopicLimits, topicNameFault } from '../../core/routing/topic-name.ts'
import {
  rejectReasonCodes,
  ruleDefaults,
  type TopicRuleOptions,
  type WhenNobody,
} from '../../core/routing/topic-rule.ts'
import type { WhenQueueFull } from '../../core/state.ts'
import { type Amount, limitAmount } from './limit-value.ts'
import { describeValue, type Reading, readChoice, readFlag } from './reading.ts'

export const queuePolicies: readonly WhenQueueFull[] = Object.freeze([
  'spill',
  'refuse',
  'drop-oldest',
  'drop-newest',
  'dead-letter',
])
export const nobodyPolicies: readonly WhenNobody[] = Object.freeze([
  'accept',
  'report',
  'reject',
  'hold',
  'dead-letter',
])
export const olderPolicies: readonly TopicRuleOptions['rejectOlder'][] = Object.freeze(['close', 'accept-and-count'])
export const acknowledgePolicies: readonly TopicRuleOptions['acknowledge'][] = Object.freeze([
  'on-receipt',
  'on-delivery',
  'on-delivery-to-all',
])

/** Seconds an acknowledgement may wait for a subscriber's. */
export const acknowledgeSeconds: Amount = {
  unit: 'seconds',
  range: [1, 3600],
  standard: ruleDefaults.acknowledgeSecondsMax,
}

/** What the standard allows; a broker may allow less. */
export const widestTopicLimits: TopicLimits = Object.freeze({ topicBytesMax: 65_535, topicLevelsMax: 65_535 })

export type TopicReaders = {
  readonly [Field in keyof TopicRuleOptions]: (value: unknown) => Reading<TopicRuleOptions[Field]>
}

/** `read` says in which form a number may come. */
export function topicReaders(
  limits: TopicLimits,
  read: (amount: Amount, value: unknown) => Reading<number>,
): TopicReaders {
  return {
    filter: (value) => readRuleFilter(value, limits),
    whenNobody: (value) => readChoice(value, nobodyPolicies),
    tellsPublisher: readFlag,
    rejectReasonCode: readRejectReasonCode,
    rejectOlder: (value) => readChoice(value, olderPolicies),
    deadLetterTopicName: (value) => readDeadLetterTopicName(value, limits),
    heldMessagesMax: (value) => read(limitAmount('heldMessagesPerTopicMax'), value),
    heldBytesMax: (value) => read(limitAmount('heldBytesPerTopicMax'), value),
    heldSecondsMax: (value) => read(limitAmount('heldSecondsMax'), value),
    whenQueueFull: (value) => readChoice(value, queuePolicies),
    acknowledge: (value) => readChoice(value, acknowledgePolicies),
    acknowledgeSecondsMax: (value) => read(acknowledgeSeconds, value),
    wake: readFlag,
  }
}

/** The Topic Filter of a rule: not one of a Shared Subscription, and none for the broker's own Topic Names. */
function readRuleFilter(value: unknown, limits: TopicLimits): Reading<string> {
  const reading = readFilter(value, limits)
  if (reading.type === 'fault' || !reading.value.startsWith('$')) return reading
  return {
    type: 'fault',
    found: describeValue(value),
    expected: 'a Topic Filter that does not begin with $',
    advice: 'remove it: Topic Names that begin with $ have no rule',
  }
}

/** Whose Subscriptions only observe: a Topic Filter as clients subscribe to it, without `$share/name/`. */
export function readFilter(value: unknown, limits: TopicLimits): Reading<string> {
  const expected = 'a Topic Filter'
  if (value === undefined || value === null) {
    return { type: 'fault', expected, advice: "write one; if it begins with #, in quotation marks: '#'" }
  }
  if (typeof value !== 'string') return { type: 'fault', expected, advice: quote(value) }
  const parsed = parseTopicFilter(value, limits)
  if (parsed.type === 'fault') {
    const found = `${describeValue(value)}: ${parsed.reason}`
    return { type: 'fault', found, expected, advice: 'for example sensors/+/temperature or sensors/#' }
  }
  if (parsed.shareName === null) return { type: 'value', value }
  const advice = `write ${parsed.filter}: that is what its messages match`
  return { type: 'fault', expected: 'a Topic Filter without $share/', advice }
}

/** Where dead letters are published: like any client, not on a Topic Name that begins with `$`. */
export function readDeadLetterTopicName(value: unknown, limits: TopicLimits): Reading<string> {
  const expected = 'a Topic Name that does not begin with $'
  const advice = 'for example dead-letters'
  if (typeof value !== 'string') return { type: 'fault', expected, advice }
  const reason = topicNameFault(value, limits)
  if (reason !== null) return { type: 'fault', found: `${describeValue(value)}: ${reason}`, expected, advice }
  return value.startsWith('$') ? { type: 'fault', expected, advice } : { type: 'value', value }
}

/** The name of an account. */
export function readAccountName(value: unknown): Reading<string> {
  if (typeof value === 'string' && value !== '') return { type: 'value', value }
  const isPlain = typeof value === 'number' || typeof value === 'boolean'
  const advice = isPlain ? quote(value) : 'write what the Sessions belong to: usually the User Name'
  return { type: 'fault', expected: 'the name of an account', advice }
}

/** Of Client Identifiers that clients may choose. */
export function readIdentifierPattern(value: unknown): Reading<string> {
  if (typeof value !== 'string') {
    return { type: 'fault', expected: 'a text such as %u, or %u-*', advice: quote(value) }
  }
  const fault = patternFault(value)
  return fault === null ? { type: 'value', value } : { type: 'fault', ...fault }
}

function readRejectReasonCode(value: unknown): Reading<number> {
  if (typeof value === 'number' && rejectReasonCodes.includes(value)) return { type: 'value', value }
  const found = typeof value === 'number' && Number.isInteger(value) && value >= 0 ? hex(value) : describeValue(value)
  const expected = `one of ${rejectReasonCodes.map(hex).join(', ')}`
  const advice = `write it as a number, without quotation marks; the default is ${hex(ruleDefaults.rejectReasonCode)}`
  return { type: 'fault', found, expected, advice }
}

function hex(reasonCode: number): string {
  return `0x${reasonCode.toString(16).toUpperCase().padStart(2, '0')}`
}

function quote(value: unknown): string {
  const isPlain = typeof value === 'number' || typeof value === 'boolean'
  return isPlain ? `put it in quotation marks: '${value}'` : 'write it as a text'
}

/** A rule that no message ever comes to, in the words of a fault. */
export interface UnreachableRule {
  /** Its place in the list, from 0. */
  readonly index: number
  readonly found: string
  readonly expected: string
  readonly advice: string
}

/** The rules that stand behind one whose filter covers all theirs can match. `filters`: null where it is no valid one. */
export function unreachableRules(filters: readonly (string | null)[]): UnreachableRule[] {
  const faults: UnreachableRule[] = []
  for (const [index, filter] of filters.entries()) {
    if (filter === null) continue
    const before = filters.slice(0, index)
    const coveredBy = before.findIndex((earlier) => earlier !== null && topicFilterCovers(earlier, filter))
    if (coveredBy < 0) continue
    const place = `topics[${coveredBy}]`
    const isSame = filters[coveredBy] === filter
    faults.push({
      index,
      found: isSame
        ? `${describeValue(filter)} once more, behind ${place}`
        : `${describeValue(filter)} behind ${describeValue(filters[coveredBy])} (${place}), which matches all of it`,
      expected: 'a rule that some message comes to: the first whose filter matches decides',
      advice: isSame ? 'keep one of the two' : `move it before ${place}, or remove it`,
    })
  }
  return faults
}
