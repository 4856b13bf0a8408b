/**
 * What came of reading one value an operator wrote: the value, or what is wrong with it in the words of a fault.
 */
import { nearestName } from './nearest-name.ts'

export type Reading<Value> =
  | { type: 'value'; value: Value }
  /** `found` only where the value alone does not say it, or must not be repeated. */
  | { type: 'fault'; found?: string; expected: string; advice: string }

/** The value as a fault shows it: texts in quotation marks and not too long, lists and mappings by name. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping of keys to values'
  return String(value)
}

export function isMapping(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `65536` as `65,536`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}

/** Reads one of a few words. */
export function readChoice<Choice extends string>(value: unknown, choices: readonly Choice[]): Reading<Choice> {
  const choice = choices.find((known) => known === value)
  if (choice !== undefined) return { type: 'value', value: choice }
  const nearest = typeof value === 'string' ? nearestName(value, choices) : null
  const expected = choices.length === 1 ? `${choices[0]}` : `one of ${choices.join(', ')}`
  const advice = nearest === null ? `write ${choices.join(' or ')}` : `did you mean ${nearest}?`
  return { type: 'fault', found: describeValue(value), expected, advice }
}

/** Reads `true` or `false`. */
export function readFlag(value: unknown): Reading<boolean> {
  if (typeof value === 'boolean') return { type: 'value', value }
  return { type: 'fault', expected: 'true or false', advice: 'write true or false, without quotation marks' }
}
