/**
 * Secrets that stand elsewhere: `${VARIABLE}` in the environment, `file:PATH` in a file whose only line is the secret.
 *
 * No fault repeats a secret; what it names is where it was looked for.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Reading } from './reading.ts'
import { systemReason } from './system-reason.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** A secret that was given itself, by a variable of the environment that stands for the key. */
export class SecretText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Where relative paths start and variables are looked up. */
export interface SecretPlaces {
  readonly directory: string
  readonly environment: Environment
}

const reference = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/

/** The variable that `${VARIABLE}` names; null for everything else. */
export function referredVariable(written: unknown): string | null {
  return typeof written === 'string' ? (reference.exec(written)?.[1] ?? null) : null
}

/** Whether a text only says where the secret is, so that it may be shown. */
export function isReference(written: unknown): boolean {
  return typeof written === 'string' && (written.startsWith('file:') || referredVariable(written) !== null)
}

/** The secret itself: of a reference what it refers to, else as it is written. `what`: for example `a password`. */
export function readSecret(written: unknown, what: string, places: SecretPlaces): Reading<string> {
  if (written instanceof SecretText) return { type: 'value', value: written.text }
  const expected = `${what}, or where it stands: \${VARIABLE} or file:PATH`
  if (typeof written !== 'string' || written === '') {
    return { type: 'fault', found: hideSecret(written), expected, advice: 'put it in quotation marks' }
  }
  const variable = referredVariable(written)
  if (variable !== null) {
    const value = places.environment[variable]
    if (value !== undefined && value !== '') return { type: 'value', value }
    const found = `\${${variable}}, and that variable is ${value === undefined ? 'not set' : 'empty'}`
    return { type: 'fault', found, expected, advice: `set ${variable} in the environment of the broker` }
  }
  if (written.startsWith('${')) {
    const advice = 'write the name of one variable, alone and without a default'
    return { type: 'fault', found: 'more or less than one name in braces', expected, advice }
  }
  if (written.startsWith('file:')) return readSecretFile(places.directory, secretPath(written), what)
  return { type: 'value', value: written }
}

/** The path behind `file:`, with or without the two slashes of a URL. */
export function secretPath(written: string): string {
  return written.replace(/^file:(?:\/\/(?=\/))?/, '')
}

/** `file:PATH` with the path made absolute. */
export function absoluteReference(written: string, directory: string): string {
  return `file:${resolve(directory, secretPath(written))}`
}

/** The only line of a file. */
export function readSecretFile(directory: string, file: string, what: string): Reading<string> {
  const expected = `a file whose only line is ${what}, or a hash of it`
  if (file === '') return { type: 'fault', found: 'no path', expected, advice: 'write the path of the file' }
  const path = resolve(directory, file)
  let content: string
  try {
    content = readFileSync(path, 'utf8')
  } catch (error) {
    const found = `${path}, which cannot be read: ${systemReason(error)}`
    return { type: 'fault', found, expected, advice: 'check the path and who may read the file' }
  }
  const line = content.replace(/\r?\n$/, '')
  if (line !== '' && !/[\r\n]/.test(line)) return { type: 'value', value: line }
  const found = line === '' ? `${path}, which is empty` : `${path}, which has more than one line`
  return { type: 'fault', found, expected, advice: `put ${what} alone on the first line` }
}

/** A secret's kind may be shown, but not the secret. */
export function hideSecret(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'a text'
  return typeof value === 'number' ? 'a number' : typeof value === 'boolean' ? 'a truth value' : 'no text'
}
