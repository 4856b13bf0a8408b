/**
 * Something was refused because a limit was reached: counted by the limit, and said so that whoever reads it knows what to change.
 */
import type { Limits } from './limits.ts'
import type { CoreState } from './state.ts'

export type ReachedLimits = Partial<Record<keyof Limits, number>>

/** Counts it, and answers with the words for Reason String and log: `text` and where the limit stands. */
export function reachLimit(core: CoreState, name: keyof Limits, text: string): string {
  core.reachedLimits[name] = (core.reachedLimits[name] ?? 0) + 1
  return `${text} (limits.${name})`
}
