/**
 * Something was refused because a limit was reached: counted by the limit, and said so that whoever reads it knows what to change.
 */
import type { Limits } from './limits.ts'
import { type TopicTextFault, topicTextFault } from './routing/topic-name.ts'
import type { CoreState } from './state.ts'

export type ReachedLimits = Partial<Record<keyof Limits, number>>

/** Counts it, and answers with the words for Reason String and log: `text` and where the limit stands. */
export function reachLimit(core: CoreState, name: keyof Limits, text: string): string {
  core.reachedLimits[name] = (core.reachedLimits[name] ?? 0) + 1
  return `${text} (limits.${name})`
}

/** Messages stop before so many bytes wait; answers do not, and a client that reads none of them could ask for ever. Null if they may. */
export function unsentFault(core: CoreState, unsentBytes: number): string | null {
  const { unsentBytesMax, packetBytesMax } = core.limits
  if (unsentBytes <= 2 * unsentBytesMax + packetBytesMax) return null
  return reachLimit(core, 'unsentBytesMax', `the client does not take what it is sent: ${unsentBytes} bytes wait`)
}

/** What is wrong with a Topic Name or Topic Filter that a client has sent, in words. */
export function sentTopicFault(core: CoreState, { reason, limit }: TopicTextFault): string {
  return limit === null ? reason : reachLimit(core, limit, reason)
}

/** The same of a Topic Name; null if nothing is. */
export function sentTopicNameFault(core: CoreState, topicName: string): string | null {
  const fault = topicTextFault('Topic Name', topicName, core.limits)
  return fault === null ? null : sentTopicFault(core, fault)
}
