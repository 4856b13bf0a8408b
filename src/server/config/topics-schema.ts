/**
 * The shape of `topics:` and `observers:` in the configuration file.
 *
 * Two keys are shorter than the fields of `createBroker` they stand for: `ack` is `acknowledge`, `deadLetterTopic` is
 * `deadLetterTopicName`.
 */
import { z } from 'zod'
import type { Limits } from '../../core/limits.ts'
import { rejectReasonCodes, ruleDefaults } from '../../core/routing/topic-rule.ts'
import type { ObserverOptions, TopicOptions } from '../options.ts'
import { choice, flag, type JsonSchema, type LeafFacts, leaf, text } from './leaf.ts'
import { amountFacts, limitAmount, readAmount } from './limit-value.ts'
import {
  acknowledgePolicies,
  acknowledgeSeconds,
  nobodyPolicies,
  olderPolicies,
  queuePolicies,
  readAccountName,
  readFilter,
  topicReaders,
  unreachableRules,
  widestTopicLimits,
} from './topic-values.ts'
import type { PathFault } from './user-faults.ts'

const read = topicReaders(widestTopicLimits, readAmount)

/** A Topic Name that does not begin with `$`. */
export const topicNameShape: JsonSchema = { type: 'string', pattern: '^[^$+#][^+#]*$' }
const filterShape: JsonSchema = { type: 'string', minLength: 1 }

/** A number that holds for all Topic Names where a rule says nothing. */
function amountLike(name: keyof Limits): LeafFacts {
  const { json, show } = amountFacts(limitAmount(name))
  return { json, standardKey: `limits.${name}`, ...(show === undefined ? {} : { show }) }
}

/** One entry of `topics:`. */
export const topicSchema = z.strictObject({
  filter: leaf(read.filter, { json: filterShape }),
  whenNobody: leaf(read.whenNobody, { json: choice(nobodyPolicies), standard: ruleDefaults.whenNobody }).optional(),
  tellsPublisher: leaf(read.tellsPublisher, { json: flag, standard: ruleDefaults.tellsPublisher }).optional(),
  rejectReasonCode: leaf(read.rejectReasonCode, {
    json: { type: 'integer', ...choice(rejectReasonCodes) },
    standard: ruleDefaults.rejectReasonCode,
    show: (value) => `0x${Number(value).toString(16).toUpperCase()}`,
  }).optional(),
  rejectOlder: leaf(read.rejectOlder, { json: choice(olderPolicies), standard: ruleDefaults.rejectOlder }).optional(),
  deadLetterTopic: leaf(read.deadLetterTopicName, {
    json: topicNameShape,
    standardKey: 'deadLetterTopic',
  }).optional(),
  heldMessagesMax: leaf(read.heldMessagesMax, amountLike('heldMessagesPerTopicMax')).optional(),
  heldBytesMax: leaf(read.heldBytesMax, amountLike('heldBytesPerTopicMax')).optional(),
  heldSecondsMax: leaf(read.heldSecondsMax, amountLike('heldSecondsMax')).optional(),
  whenQueueFull: leaf(read.whenQueueFull, { json: choice(queuePolicies), standardKey: 'whenQueueFull' }).optional(),
  ack: leaf(read.acknowledge, { json: choice(acknowledgePolicies), standard: ruleDefaults.acknowledge }).optional(),
  ackSecondsMax: leaf(read.acknowledgeSecondsMax, amountFacts(acknowledgeSeconds)).optional(),
  wake: leaf(read.wake, { json: flag, standard: ruleDefaults.wake }).optional(),
})

export const observersSchema = z.strictObject({
  accounts: z.array(leaf(readAccountName, { json: text })).optional(),
  filters: z.array(leaf((value) => readFilter(value, widestTopicLimits), { json: filterShape })).optional(),
})

/** As `createBroker` has it: what the file leaves out is not there. */
export function toTopicOptions(entry: z.output<typeof topicSchema>): TopicOptions {
  const { filter, deadLetterTopic, ack, ackSecondsMax, ...same } = entry
  const renamed = { deadLetterTopicName: deadLetterTopic, acknowledge: ack, acknowledgeSecondsMax: ackSecondsMax }
  const options: TopicOptions = { filter }
  for (const [field, value] of Object.entries({ ...same, ...renamed })) {
    if (value !== undefined) Object.assign(options, { [field]: value })
  }
  return options
}

export function toObserverOptions({ accounts, filters }: z.output<typeof observersSchema>): ObserverOptions {
  return { ...(accounts === undefined ? {} : { accounts }), ...(filters === undefined ? {} : { filters }) }
}

/** Faults between the rules. `written` is what stands under `topics:`, of any shape. */
export function ruleOrderFaults(written: unknown): PathFault[] {
  if (!Array.isArray(written)) return []
  const filters = written.map((entry: unknown) => {
    const filter: unknown = typeof entry === 'object' && entry !== null ? Reflect.get(entry, 'filter') : null
    const reading = read.filter(filter)
    return reading.type === 'value' ? reading.value : null
  })
  return unreachableRules(filters).map(({ index, ...words }) => ({ path: ['topics', index, 'filter'], ...words }))
}
