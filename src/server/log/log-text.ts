/**
 * Text of clients as it may stand in a log: whatever they chose, a line stays one line and moves no cursor.
 */
import { count } from '../counted.ts'

const textMax = 256
/** What a terminal or a reader of lines might obey: controls, formats such as U+202E, U+2028, and what means nothing. */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u2028\u2029]/gu

/** Text of a client for a terminal: what could move the cursor is written as an escape. */
export function visible(text: string): string {
  if (text === '') return '""'
  return /^[^\p{C}\p{Z}"\\]+$/u.test(text) ? text : JSON.stringify(text).replace(/[\p{C}\u2028\u2029]/gu, escaped)
}

/** Words of somebody else among ours: without quotation marks, and what could move the cursor is written as an escape. */
export function harmless(text: string): string {
  return text.replace(/[\p{C}\u2028\u2029]/gu, escaped)
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

/** One line of JSON, without its end, with all that is unsafe in its texts escaped: the same JSON, in safe characters. */
export function safeJson(line: string): string {
  return line.replace(unsafe, jsonEscapes)
}

function jsonEscapes(character: string): string {
  let escapes = ''
  for (let index = 0; index < character.length; index++) {
    escapes += `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`
  }
  return escapes
}

/** A text that is not too long for a log. */
function shortText(text: string): string {
  return text.length <= textMax ? text : `${text.slice(0, textMax)}… (${count(text.length)} characters)`
}

/** The values of a line: texts not too long, also within objects. */
export function shortValues(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? shortText(value) : value]),
  )
}
