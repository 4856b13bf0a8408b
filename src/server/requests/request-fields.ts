/**
 * The payload of a request: a JSON object, nothing, or the bare value of one field.
 */

import { parseTopicFilter } from '../../core/routing/topic-filter.ts'
import { topicNameFault } from '../../core/routing/topic-name.ts'
import { quoted, RequestFault, unknownName } from './request-fault.ts'

/** `text`: any text. `count`: a whole number above zero; `upToTwo`: 0, 1 or 2. A list of texts: one of those. */
export type FieldType = 'text' | 'topicName' | 'topicFilter' | 'boolean' | 'count' | 'upToTwo' | readonly string[]

/** Names of fields with what each must be. */
export type FieldTypes = Readonly<Record<string, FieldType>>

/** Every request may have these. */
const commonTypes: FieldTypes = { limit: 'count', cursor: 'text' }
const payloadBytesMax = 128 * 1024
const unlimited = { topicBytesMax: 65_535, topicLevelsMax: 65_535 }

/** What was sent, checked against its types. */
export class Fields {
  readonly #values: ReadonlyMap<string, unknown>

  constructor(values: ReadonlyMap<string, unknown>) {
    this.#values = values
  }

  /** As they were sent. */
  all(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(this.#values)
  }

  text(name: string): string | null {
    const value = this.#values.get(name)
    return typeof value === 'string' ? value : null
  }

  /** @throws RequestFault if it is missing. */
  neededText(name: string, advice: string): string {
    const value = this.text(name)
    if (value === null) throw new RequestFault(`no field ${quoted(name)}`, `the field ${quoted(name)}`, advice)
    return value
  }

  flag(name: string): boolean {
    return this.#values.get(name) === true
  }

  /** A `count`. */
  count(name: string): number | null {
    return this.number(name)
  }

  number(name: string): number | null {
    const value = this.#values.get(name)
    return typeof value === 'number' ? value : null
  }
}

/** @throws RequestFault that names the first thing that is wrong. */
export function readFields(payload: Buffer, types: FieldTypes, bareField: string | null): Fields {
  if (payload.length > payloadBytesMax) {
    throw new RequestFault(`${payload.length} bytes`, `at most ${payloadBytesMax} bytes`, 'send a smaller request')
  }
  const text = payload.toString()
  return checkFields(text.trim() === '' ? [] : entriesOf(text, bareField), types)
}

/** @throws RequestFault that names the first thing that is wrong. */
export function checkFields(entries: Iterable<readonly [string, unknown]>, types: FieldTypes): Fields {
  const all = { ...types, ...commonTypes }
  const values = new Map<string, unknown>()
  for (const [name, value] of entries) {
    const type = Object.hasOwn(all, name) ? all[name] : undefined
    if (type === undefined) throw unknownName('one of these fields', name, Object.keys(all))
    const expected = fault(value, type)
    if (expected !== null) {
      const found = JSON.stringify({ [name]: value }).slice(0, 200)
      throw new RequestFault(found, `${quoted(name)} to be ${expected}`, `correct the field ${quoted(name)}`)
    }
    values.set(name, value)
  }
  return new Fields(values)
}

function entriesOf(text: string, bareField: string | null): readonly (readonly [string, unknown])[] {
  const isObject = text.trimStart().startsWith('{')
  if (!isObject && bareField !== null) return [[bareField, text]]
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return Object.entries(parsed)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new RequestFault(`${quoted(text)}: ${error.message}`, 'a JSON object, or nothing', 'correct the JSON')
  }
  throw new RequestFault(quoted(text), 'a JSON object, or nothing', 'write the fields as {"name": value}')
}

/** What a value must be, if it is not. */
function fault(value: unknown, type: FieldType): string | null {
  if (type === 'boolean') return typeof value === 'boolean' ? null : 'true or false'
  if (type === 'count') return Number.isSafeInteger(value) && Number(value) > 0 ? null : 'a whole number above 0'
  if (type === 'upToTwo') return value === 0 || value === 1 || value === 2 ? null : '0, 1 or 2'
  if (typeof value !== 'string') return 'a text'
  if (type === 'text') return null
  if (type === 'topicName') return topicNameFault(value, unlimited) === null ? null : 'a Topic Name without wildcards'
  if (type === 'topicFilter') {
    const parsed = parseTopicFilter(value, unlimited)
    return parsed.type === 'filter' ? null : `a Topic Filter (${parsed.reason})`
  }
  return type.includes(value) ? null : `one of ${type.join(', ')}`
}
