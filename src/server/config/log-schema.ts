/**
 * The shape of `log:` in the configuration file.
 */
import { resolve } from 'node:path'
import { z } from 'zod'
import { logFormats, logLevels } from '../log/log-options.ts'
import { choice, leaf, text } from './leaf.ts'
import { type Reading, readChoice } from './reading.ts'

/** `directory` is what relative paths start from. */
export function logSchema(directory: string) {
  return z.strictObject({
    level: leaf((value) => readChoice(value, logLevels), { json: choice(logLevels), standard: 'info' }).optional(),
    format: leaf((value) => readChoice(value, logFormats), { json: choice(logFormats), standard: 'auto' }).optional(),
    audit: leaf((value) => readAuditFile(directory, value), { json: text, isPath: true }).optional(),
  })
}

function readAuditFile(directory: string, value: unknown): Reading<string> {
  if (typeof value === 'string' && value !== '') return { type: 'value', value: resolve(directory, value) }
  return { type: 'fault', expected: 'the path of a file', advice: 'for example audit: audit.log' }
}
