/**
 * How a value of the configuration file becomes part of the shape that zod walks.
 */
import { z } from 'zod'
import { describeValue, type Reading } from './reading.ts'

/** A value read by a function of ours, with the words of its fault. */
export function leaf<Value>(read: (value: unknown) => Reading<Value>) {
  return z.unknown().transform((value, context) => {
    const reading = read(value)
    if (reading.type === 'value') return reading.value
    context.addIssue({ code: 'custom', params: { found: describeValue(value), ...reading } })
    return z.NEVER
  })
}
