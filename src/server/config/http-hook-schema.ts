/**
 * The shape of `authentication.http`.
 */
import { z } from 'zod'
import { type HttpHookOptions, hookConcurrencyDefault, hookTimeoutSecondsDefault } from '../authentication/http-hook.ts'
import { leaf, text } from './leaf.ts'
import { type Amount, amountFacts, readAmount } from './limit-value.ts'
import type { Reading } from './reading.ts'
import { readSecret, type SecretPlaces } from './secret.ts'

const timeout: Amount = { unit: 'seconds', range: [1, 60], standard: hookTimeoutSecondsDefault }
const concurrency: Amount = { unit: 'count', range: [1, 1000], standard: hookConcurrencyDefault }

export function httpHookSchema(places: SecretPlaces) {
  return z.strictObject({
    url: leaf(readHookUrl, { json: { type: 'string', pattern: '^https?://.+' } }),
    token: leaf((value) => readSecret(value, 'a token', places), { json: text, isSecret: true }).optional(),
    timeout: leaf((value) => readAmount(timeout, value), amountFacts(timeout)).optional(),
    concurrency: leaf((value) => readAmount(concurrency, value), amountFacts(concurrency)).optional(),
  })
}

export type HttpHookValues = z.output<ReturnType<typeof httpHookSchema>>

export function toHttpHookOptions(values: HttpHookValues): HttpHookOptions {
  return {
    url: values.url,
    token: values.token ?? null,
    timeoutSeconds: values.timeout ?? hookTimeoutSecondsDefault,
    concurrency: values.concurrency ?? hookConcurrencyDefault,
  }
}

/** Whether something of importance may go to an address: in the clear it may not leave this machine. */
export function isSafeUrl(value: string): boolean {
  const url = URL.parse(value)
  if (url?.protocol === 'https:') return true
  return url?.protocol === 'http:' && /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname)
}

function readHookUrl(value: unknown): Reading<string> {
  const expected = 'https://HOST/PATH, or http:// on this machine'
  if (typeof value === 'string' && isSafeUrl(value)) return { type: 'value', value }
  const isPlain = typeof value === 'string' && value.startsWith('http://')
  const advice = isPlain
    ? 'passwords would go over the network in the clear: use https'
    : 'for example https://login.example/mqtt'
  return { type: 'fault', expected, advice }
}
