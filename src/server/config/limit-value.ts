/**
 * A limit as an operator writes it: a whole number, or a number with a unit of bytes (`64KiB`) or time (`10s`).
 *
 * The name of a limit tells its unit: `...Bytes...`, `...Seconds...`, or a count.
 */
import { defaultLimits, type Limits, limitRanges } from '../../core/limits.ts'
import type { JsonSchema, LeafFacts } from './leaf.ts'
import { nearestName } from './nearest-name.ts'
import { describeValue, formatCount, type Reading } from './reading.ts'

export type LimitUnit = 'bytes' | 'seconds' | 'count'

const byteUnits: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
}
const secondUnits: Readonly<Record<string, number>> = { s: 1, min: 60, m: 60, h: 3600, d: 86_400 }

/** Every name a limit can have. */
export const limitNames: readonly (keyof Limits)[] = Object.freeze(
  // limitRanges has exactly the keys of Limits: its type says so, and Object.keys cannot.
  Object.keys(limitRanges) as (keyof Limits)[],
)

/** What the number of a limit counts. */
export function limitUnit(name: keyof Limits): LimitUnit {
  if (name.includes('Bytes')) return 'bytes'
  if (name.includes('Seconds')) return 'seconds'
  return 'count'
}

/** A number an operator may choose: what it counts, from where to where, and what it is if nobody says. */
export interface Amount {
  readonly unit: LimitUnit
  readonly range: readonly [lowest: number, highest: number]
  readonly standard: number
}

export function limitAmount(name: keyof Limits): Amount {
  return { unit: limitUnit(name), range: limitRanges[name], standard: defaultLimits[name] }
}

const amountPatterns: Readonly<Record<LimitUnit, string>> = {
  bytes: '^\\d[\\d_]*(\\.\\d+)? ?([kKmMgG][iI]?[bB]|[bB])?$',
  seconds: '^\\d[\\d_]*(\\.\\d+)? ?(s|S|min|m|M|h|H|d|D)?$',
  count: '^\\d[\\d_]*$',
}

/** What is known of a key with such a value. */
export function amountFacts({ unit, range, standard }: Amount): LeafFacts {
  const [minimum, maximum] = range
  const number: JsonSchema = { type: 'integer', minimum, maximum }
  const json = { anyOf: [number, { type: 'string', pattern: amountPatterns[unit] }] }
  const show = (value: unknown): string => (typeof value === 'number' ? formatAmount(unit, value) : String(value))
  return { json, standard, show }
}

/** Reads a limit's value from a number or a text. */
export function readLimit(name: keyof Limits, written: unknown): Reading<number> {
  return readAmount(limitAmount(name), written)
}

/** Reads a number, or a text with a number and its unit. */
export function readAmount(amount: Amount, written: unknown): Reading<number> {
  const { unit, range } = amount
  const value = typeof written === 'number' ? written : typeof written === 'string' ? readQuantity(unit, written) : null
  const [lowest, highest] = range
  const expected = `${formatCount(lowest)} to ${formatCount(highest)}${unitWords[unit]}`
  const standard = `the default is ${formatAmount(unit, amount.standard)}`
  const found = describeValue(written)
  if (value === null) return { type: 'fault', found, expected, advice: `write a number; ${standard}` }
  if (!Number.isInteger(value)) {
    return { type: 'fault', found, expected, advice: `write a whole number; ${standard}` }
  }
  const counted = String(value) === String(written) ? found : `${found}, which is ${formatCount(value)}`
  if (value >= lowest && value <= highest) return { type: 'value', value }
  const advice =
    value < lowest
      ? `write ${formatAmount(unit, lowest)} or more; ${standard}`
      : `write ${formatAmount(unit, highest)} or less; ${standard}`
  return { type: 'fault', found: counted, expected, advice }
}

/** Reads a number as code gives it: bytes, seconds or a count, without a unit. */
export function readNumber({ range, standard }: Amount, given: unknown): Reading<number> {
  const [lowest, highest] = range
  if (typeof given === 'number' && Number.isInteger(given) && given >= lowest && given <= highest) {
    return { type: 'value', value: given }
  }
  const expected = `a whole number from ${lowest} to ${highest}`
  return { type: 'fault', found: describeValue(given), expected, advice: `the default is ${standard}` }
}

/** The limit called `written`, or the fault that names the nearest one. */
export function readLimitName(written: string): Reading<keyof Limits> {
  const name = limitNames.find((known) => known === written)
  if (name !== undefined) return { type: 'value', value: name }
  const nearest = nearestName(written, limitNames)
  return {
    type: 'fault',
    found: `the unknown limit ${describeValue(written)}`,
    expected: `one of ${limitNames.join(', ')}`,
    advice: nearest === null ? 'use one of these names' : `did you mean ${nearest}?`,
  }
}

/** A limit as the documentation writes it: in the largest unit that leaves a whole number. */
export function formatLimit(name: keyof Limits, value: number): string {
  return formatAmount(limitUnit(name), value)
}

function formatAmount(unit: LimitUnit, value: number): string {
  if (unit === 'bytes') {
    const steps: [string, number][] = [
      ['GiB', 1024 ** 3],
      ['MiB', 1024 ** 2],
      ['KiB', 1024],
    ]
    const step = steps.find(([, bytes]) => value >= bytes && value % bytes === 0)
    if (step !== undefined) return `${value / step[1]}${step[0]}`
  }
  if (unit === 'seconds') return `${value}s`
  return String(value)
}

const unitWords: Readonly<Record<LimitUnit, string>> = {
  bytes: ' bytes, also with a unit: B, KiB, MiB, GiB, kB, MB, GB',
  seconds: ' seconds, also with a unit: s, min, h, d',
  count: '',
}

function readQuantity(unit: LimitUnit, text: string): number | null {
  const match = /^(\d[\d_]*(?:\.\d+)?) ?([A-Za-z]*)$/.exec(text.trim())
  if (match === null) return null
  const [, digits = '', suffix = ''] = match
  const number = Number(digits.replaceAll('_', ''))
  if (suffix === '') return number
  const units = unit === 'bytes' ? byteUnits : unit === 'seconds' ? secondUnits : {}
  const factor = Object.hasOwn(units, suffix.toLowerCase()) ? units[suffix.toLowerCase()] : undefined
  return factor === undefined ? null : number * factor
}
