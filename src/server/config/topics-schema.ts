/**
 * The shape of `topics:` and `observers:` in the configuration file.
 *
 * Two keys are shorter than the fields of `createBroker` they stand for: `ack` is `acknowledge`, `deadLetterTopic` is
 * `deadLetterTopicName`.
 */
import { z } from 'zod'
import type { ObserverOptions, TopicOptions } from '../options.ts'
import { leaf } from './leaf.ts'
import { readAmount } from './limit-value.ts'
import { readAccountName, readFilter, topicReaders, unreachableRules, widestTopicLimits } from './topic-values.ts'
import type { PathFault } from './user-faults.ts'

const read = topicReaders(widestTopicLimits, readAmount)

/** One entry of `topics:`. */
export const topicSchema = z.strictObject({
  filter: leaf(read.filter),
  whenNobody: leaf(read.whenNobody).optional(),
  tellsPublisher: leaf(read.tellsPublisher).optional(),
  rejectReasonCode: leaf(read.rejectReasonCode).optional(),
  rejectOlder: leaf(read.rejectOlder).optional(),
  deadLetterTopic: leaf(read.deadLetterTopicName).optional(),
  heldMessagesMax: leaf(read.heldMessagesMax).optional(),
  heldBytesMax: leaf(read.heldBytesMax).optional(),
  heldSecondsMax: leaf(read.heldSecondsMax).optional(),
  whenQueueFull: leaf(read.whenQueueFull).optional(),
  ack: leaf(read.acknowledge).optional(),
  ackSecondsMax: leaf(read.acknowledgeSecondsMax).optional(),
  wake: leaf(read.wake).optional(),
})

export const observersSchema = z.strictObject({
  accounts: z.array(leaf(readAccountName)).optional(),
  filters: z.array(leaf((value) => readFilter(value, widestTopicLimits))).optional(),
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
