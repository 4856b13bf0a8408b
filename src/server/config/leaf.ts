/**
 * How a value of the configuration file becomes part of the shape that zod walks, and what else is known about it.
 */
import { z } from 'zod'
import { describeValue, type Reading } from './reading.ts'

export type JsonSchema = { readonly [keyword: string]: unknown }

/** What is known of a value beyond how it is read: for the published schema, the environment and what is shown of it. */
export interface LeafFacts {
  /** What may be written, as JSON Schema. */
  readonly json: JsonSchema
  /** What holds where nobody says anything; left out if there is nothing, or nothing that is the same everywhere. */
  readonly standard?: unknown
  /** The key whose value holds then, for example `limits.heldSecondsMax`. */
  readonly standardKey?: string
  /** The same of a key beside it. */
  readonly standardSibling?: string
  /** Shows a value as an operator writes it; else it is shown as it was written. */
  readonly show?: (value: unknown) => string
  /** Relative ones start from the directory of the file, in the environment and in flags from the working directory. */
  readonly isPath?: boolean
  /** It is a URL that may name files: the paths in it start where others do. */
  readonly isListenUrl?: boolean
  /** It is not shown, unless it only says where the secret is. */
  readonly isSecret?: boolean
}

const factsOfLeaves = z.registry<LeafFacts>()

/** A value read by a function of ours, with the words of its fault. */
export function leaf<Value>(read: (value: unknown) => Reading<Value>, facts: LeafFacts) {
  const schema = z.unknown().transform((value, context) => {
    const reading = read(value)
    if (reading.type === 'value') return reading.value
    context.addIssue({ code: 'custom', params: { found: describeValue(value), ...reading } })
    return z.NEVER
  })
  factsOfLeaves.add(schema, facts)
  return schema
}

export function factsOf(schema: z.core.$ZodType): LeafFacts | undefined {
  return factsOfLeaves.get(schema)
}

/** A few words of which one is written. */
export function choice(words: readonly unknown[]): JsonSchema {
  return { enum: [...words] }
}

export const flag: JsonSchema = { type: 'boolean' }
export const text: JsonSchema = { type: 'string', minLength: 1 }
