/**
 * What a schema expects where a value is not so, in our own words: zod's are about types of JavaScript.
 */
import type { z } from 'zod'

const typeWords: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  null: 'null',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'a text',
}

/** How zod's own messages begin; others were written with the schema. */
const ownMessage = /^(?:Invalid|Too small|Too big|Unrecognized)\b/

export function expectedValue(issue: z.core.$ZodIssue): string {
  if (!ownMessage.test(issue.message)) return issue.message
  switch (issue.code) {
    case 'invalid_type':
      return typeWords[issue.expected] ?? issue.expected
    case 'invalid_value':
      return oneOf(issue.values.map((value) => JSON.stringify(value)))
    case 'invalid_union':
      return oneOf([...new Set(issue.errors.flatMap(([first]) => (first === undefined ? [] : [expectedValue(first)])))])
    case 'too_small':
      return boundWords(issue.origin, `at least ${issue.minimum}`, Number(issue.minimum))
    case 'too_big':
      return boundWords(issue.origin, `at most ${issue.maximum}`, Number(issue.maximum))
    default:
      return issue.message
  }
}

function boundWords(origin: string, bound: string, value: number): string {
  if (origin === 'string') return `${bound} ${value === 1 ? 'character' : 'characters'}`
  return origin === 'array' ? `${bound} of them` : bound
}

/** `0, 1 or 2`. */
function oneOf(words: readonly string[]): string {
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`
}
