/**
 * What came of reading one value an operator wrote: the value, or what is wrong with it in the words of a fault.
 */
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

/** `65536` as `65,536`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}
