/**
 * What `createBroker` was told, checked: everything that is wrong with it is said at once, in one Error.
 */
import { defaultLimits, type Limits } from '../core/limits.ts'
import type { Observers } from '../core/routing/subscriptions.ts'
import type { TopicLimits } from '../core/routing/topic-name.ts'
import type { TopicRuleOptions } from '../core/routing/topic-rule.ts'
import { clientIdentifierScopes, defaultObservers } from '../core/state.ts'
import { limitAmount, limitNames, readLimitName, readNumber } from './config/limit-value.ts'
import { readListenUrl } from './config/listen-value.ts'
import { nearestName } from './config/nearest-name.ts'
import { describeValue, type Reading, readChoice } from './config/reading.ts'
import {
  queuePolicies,
  readAccountName,
  readDeadLetterTopicName,
  readFilter,
  readIdentifierPattern,
  topicReaders,
  unreachableRules,
} from './config/topic-values.ts'
import { optionReaders } from './option-values.ts'
import type { BrokerOptions } from './options.ts'

export interface CheckedOptions {
  readonly limits: Limits
  /** Without fields that are there and undefined. */
  readonly topicRules: readonly Partial<TopicRuleOptions>[]
  readonly observers: Observers
}

/** @throws OptionError */
export function checkOptions(given: BrokerOptions): CheckedOptions {
  const faults = new OptionFaults()
  const options = ofTheirKind(given, faults)
  const limits = checkLimits(options.limits ?? {}, faults)
  // Topic Filters are compared with limits that are ones.
  const topicLimits = faults.isEmpty ? limits : defaultLimits
  const { clientIdentifierScope: scope, whenQueueFull, deadLetterTopicName } = options
  if (scope !== undefined) faults.take('clientIdentifierScope', scope, readChoice(scope, clientIdentifierScopes))
  checkTexts('clientIdentifiers', options.clientIdentifiers, readIdentifierPattern, faults)
  if (whenQueueFull !== undefined) faults.take('whenQueueFull', whenQueueFull, readChoice(whenQueueFull, queuePolicies))
  if (deadLetterTopicName !== undefined) {
    faults.take('deadLetterTopicName', deadLetterTopicName, readDeadLetterTopicName(deadLetterTopicName, topicLimits))
  }
  const topicRules = checkTopics(options.topics, topicLimits, faults)
  const observers = checkObservers(options.observers, topicLimits, faults)
  for (const permission of ['observe', 'admin'] as const) {
    checkTexts(`permissions.${permission}`, options.permissions?.[permission], readAccountName, faults)
  }
  faults.throwIfAny()
  return { limits, topicRules, observers }
}

/** One option that is wrong: where, what was found, what is expected, what to do. */
export interface OptionFault {
  /** For example `topics[0].filter`. */
  readonly place: string
  readonly found: string
  readonly expected: string
  readonly advice: string
}

/** Thrown with every option that is wrong. */
export class OptionError extends Error {
  readonly faults: readonly OptionFault[]

  constructor(faults: readonly OptionFault[]) {
    const count = faults.length === 1 ? 'an option' : `${faults.length} options`
    const lines = faults.map(({ place, found, expected, advice }) => {
      return `  ${place}: found ${found}, expected ${expected}; ${advice}`
    })
    super(`createBroker cannot use ${count}:\n${lines.join('\n')}`)
    this.name = 'OptionError'
    this.faults = faults
  }
}

class OptionFaults {
  readonly #faults: OptionFault[] = []

  get isEmpty(): boolean {
    return this.#faults.length === 0
  }

  /** The value, or null and one fault more. */
  take<Value>(place: string, given: unknown, reading: Reading<Value>): Value | null {
    if (reading.type === 'value') return reading.value
    this.add(place, reading.found ?? describeValue(given), reading.expected, reading.advice)
    return null
  }

  add(place: string, found: string, expected: string, advice: string): void {
    this.#faults.push({ place, found, expected, advice })
  }

  throwIfAny(): void {
    if (this.#faults.length > 0) throw new OptionError(this.#faults)
  }
}

/** Those of the options that are ones, and of the kind they must be. */
function ofTheirKind(given: unknown, faults: OptionFaults): BrokerOptions {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    faults.add('options', describeValue(given), 'an object', "for example { listen: ['tcp://127.0.0.1:1883'] }")
    return {}
  }
  const right = Object.entries(given).filter(([name, value]) => {
    if (value === undefined) return false
    if (name === 'listen') return checkListen(value, faults)
    const read = optionReaders.get(name)
    if (read !== undefined) return faults.take(name, value, read(value)) !== null
    const names = [...optionReaders.keys()]
    const nearest = nearestName(name, names)
    const advice = nearest === null ? 'remove it' : `did you mean ${nearest}?`
    faults.add(name, 'an unknown option', `one of ${names.join(', ')}`, advice)
    return false
  })
  return Object.fromEntries(right)
}

function checkListen(given: unknown, faults: OptionFaults): boolean {
  if (Array.isArray(given)) {
    for (const [index, url] of given.entries()) faults.take(`listen[${index}]`, url, readListenUrl(url))
    return true
  }
  faults.add('listen', describeValue(given), 'a list of listen URLs', "for example ['tcp://127.0.0.1:1883']")
  return false
}

function checkLimits(given: Partial<Limits>, faults: OptionFaults): Limits {
  for (const name of Object.keys(given)) faults.take(`limits.${name}`, name, readLimitName(name))
  const limits = { ...defaultLimits, ...given }
  for (const name of limitNames)
    faults.take(`limits.${name}`, limits[name], readNumber(limitAmount(name), limits[name]))
  return limits
}

/** `given` is whatever a program without types may hand over. */
function checkTopics(given: unknown, limits: TopicLimits, faults: OptionFaults): Partial<TopicRuleOptions>[] {
  if (given === undefined) return []
  if (!Array.isArray(given)) {
    faults.add(
      'topics',
      describeValue(given),
      'a list of rules',
      "for example [{ filter: 'alarms/#', whenNobody: 'hold' }]",
    )
    return []
  }
  const rules = given.map((rule: unknown, index) => checkRule(`topics[${index}]`, rule, limits, faults))
  for (const { index, found, expected, advice } of unreachableRules(rules.map((rule) => rule.filter ?? null))) {
    faults.add(`topics[${index}].filter`, found, expected, advice)
  }
  return rules
}

function checkRule(
  place: string,
  given: unknown,
  limits: TopicLimits,
  faults: OptionFaults,
): Partial<TopicRuleOptions> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    faults.add(place, describeValue(given), 'a rule', "for example { filter: 'alarms/#', whenNobody: 'hold' }")
    return {}
  }
  const readers = topicReaders(limits, readNumber)
  const fields = Object.keys(readers)
  const rule: Partial<TopicRuleOptions> = {}
  for (const [field, read] of Object.entries(readers)) {
    const value: unknown = Reflect.get(given, field)
    if (value === undefined && field !== 'filter') continue
    const taken = faults.take<unknown>(`${place}.${field}`, value, read(value))
    if (taken !== null) Object.assign(rule, { [field]: taken })
  }
  for (const field of Object.keys(given)) {
    if (fields.includes(field)) continue
    const nearest = nearestName(field, fields)
    const advice = nearest === null ? 'remove it' : `did you mean ${nearest}?`
    faults.add(`${place}.${field}`, 'an unknown field', `one of ${fields.join(', ')}`, advice)
  }
  return rule
}

function checkObservers(given: BrokerOptions['observers'], limits: TopicLimits, faults: OptionFaults): Observers {
  const accounts = checkTexts('observers.accounts', given?.accounts, readAccountName, faults)
  const filters = checkTexts('observers.filters', given?.filters, (value) => readFilter(value, limits), faults)
  return { accounts: accounts ?? defaultObservers.accounts, filters: filters ?? defaultObservers.filters }
}

function checkTexts(
  place: string,
  given: unknown,
  read: (value: unknown) => Reading<string>,
  faults: OptionFaults,
): ReadonlySet<string> | null {
  if (given === undefined) return null
  if (!Array.isArray(given)) {
    faults.add(place, describeValue(given), 'a list of texts', "for example ['one', 'another']")
    return null
  }
  return new Set(given.map((value: unknown, index) => faults.take(`${place}[${index}]`, value, read(value)) ?? ''))
}
