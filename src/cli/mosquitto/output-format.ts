/**
 * The format string of `-F`, taken apart once: `%` names a part of the message, `@` a part of the time, `\` a character
 * that is hard to type.
 *
 * It is read byte by byte, so text is Latin-1 here: one character is one byte of the user's string.
 */
import { UsageError } from './usage-error.ts'

export interface Field {
  readonly type: 'field'
  readonly letter: string
  readonly pad: ' ' | '0'
  readonly isLeftAligned: boolean
  /** 0 for none. */
  readonly width: number
  /** Most bytes of a text, or the decimals of a floating-point number; -1 for none. */
  readonly precision: number
}

export type FormatPart =
  | { readonly type: 'text'; readonly text: string }
  /** What comes behind `@`. */
  | { readonly type: 'time'; readonly conversion: string }
  | Field

const dropInLetters = '%ACDEFIjJlmpPqrRStUxX'
/** mosquitto 2.1 brought two more. */
const nativeLetters = `${dropInLetters}df`
const escapes: Readonly<Record<string, string>> = {
  '\\': '\\',
  '0': '\0',
  a: '\x07',
  e: '\x1b',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/** @throws UsageError */
export function parseFormat(format: Buffer, isDropIn: boolean): FormatPart[] {
  const text = format.toString('latin1')
  const letters = isDropIn ? dropInLetters : nativeLetters
  const parts: FormatPart[] = []
  let position = 0
  while (position < text.length) {
    const character = text[position] ?? ''
    const next = text[position + 1]
    if (character === '%') {
      const { field, end } = parseField(text, position + 1, letters)
      parts.push(field)
      position = end
    } else if (character === '@') {
      if (next === undefined) throw incomplete('format')
      parts.push(next === '@' ? { type: 'text', text: '@' } : { type: 'time', conversion: next })
      position += 2
    } else if (character === '\\') {
      if (next === undefined) throw incomplete('escape')
      const escaped = Object.hasOwn(escapes, next) ? escapes[next] : undefined
      if (escaped === undefined) throw invalid('escape', next)
      parts.push({ type: 'text', text: escaped })
      position += 2
    } else {
      const end = text.slice(position).search(/[%@\\]/)
      const stop = end < 0 ? text.length : position + end
      parts.push({ type: 'text', text: text.slice(position, stop) })
      position = stop
    }
  }
  return parts
}

/** `position` is behind the `%`. */
function parseField(text: string, position: number, letters: string): { field: Field; end: number } {
  const [flags = '', minus, zero, width, precision] = /^(-?)(0?)(\d*)(\.\d*)?/.exec(text.slice(position)) ?? []
  const end = position + flags.length
  const letter = text[end]
  if (letter === undefined) throw incomplete('format')
  if (!letters.includes(letter)) throw invalid('format', letter)
  const field: Field = {
    type: 'field',
    letter,
    pad: zero === '0' ? '0' : ' ',
    isLeftAligned: minus === '-',
    width: Number(width ?? 0),
    precision: precision === undefined ? -1 : Number(precision.slice(1)),
  }
  return { field, end: end + 1 }
}

function incomplete(kind: 'format' | 'escape'): UsageError {
  return new UsageError(`Error: Incomplete ${kind} specifier.\n`)
}

function invalid(kind: 'format' | 'escape', character: string): UsageError {
  return new UsageError(Buffer.from(`Error: Invalid ${kind} specifier '${character}'.\n`, 'latin1'))
}
