/**
 * The shape of `authentication.jwt`.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'
import { clockSkewSecondsDefault, type JwtOptions, jwtAlgorithms } from '../authentication/jwt.ts'
import { isSafeUrl } from './http-hook-schema.ts'
import { choice, leaf, text } from './leaf.ts'
import { type Amount, amountFacts, readAmount } from './limit-value.ts'
import { describeValue, type Reading, readChoice } from './reading.ts'
import { systemReason } from './system-reason.ts'

const skew: Amount = { unit: 'seconds', range: [0, 300], standard: clockSkewSecondsDefault }

export function jwtSchema(directory: string) {
  return z.strictObject({
    keys: leaf((value) => readKeys(value, directory), { json: { type: 'string', pattern: '^(https?://|file:).+' } }),
    algorithms: z.array(leaf((value) => readChoice(value, jwtAlgorithms), { json: choice(jwtAlgorithms) })).min(1),
    issuer: leaf((value) => readText(value, 'the claim iss that tokens have'), { json: text }).optional(),
    audience: leaf((value) => readText(value, 'the claim aud that tokens have'), { json: text }).optional(),
    accountClaim: leaf((value) => readText(value, 'the name of a claim'), { json: text, standard: 'sub' }).optional(),
    groupsClaim: leaf((value) => readText(value, 'the name of a claim'), { json: text }).optional(),
    clockSkew: leaf((value) => readAmount(skew, value), amountFacts(skew)).optional(),
  })
}

export type JwtValues = z.output<ReturnType<typeof jwtSchema>>

export function toJwtOptions(values: JwtValues): JwtOptions {
  const { keys, algorithms, issuer = null, audience = null, accountClaim = 'sub', groupsClaim = null } = values
  const clockSkewSeconds = values.clockSkew ?? clockSkewSecondsDefault
  return { keys, algorithms, issuer, audience, accountClaim, groupsClaim, clockSkewSeconds }
}

/** What goes over the network in the clear somebody could replace. */
function readKeys(value: unknown, directory: string): Reading<JwtOptions['keys']> {
  const expected = 'https://HOST/PATH, or file:PATH of a JWK Set'
  if (typeof value !== 'string') return { type: 'fault', expected, advice: 'for example file:jwks.json' }
  if (value.startsWith('file:')) return readSet(resolve(directory, value.slice('file:'.length)), expected)
  if (isSafeUrl(value)) return { type: 'value', value: { type: 'url', url: value } }
  return {
    type: 'fault',
    expected,
    advice: 'http:// is for this machine alone: somebody could put other keys in their place',
  }
}

function readSet(path: string, expected: string): Reading<JwtOptions['keys']> {
  try {
    const set: unknown = JSON.parse(readFileSync(path, 'utf8'))
    const keys: unknown = typeof set === 'object' && set !== null ? Reflect.get(set, 'keys') : null
    // jose looks at each key when a token names it.
    if (Array.isArray(keys) && keys.length > 0) return { type: 'value', value: { type: 'set', set: { keys } } }
    return { type: 'fault', found: `${path}, which holds no keys`, expected, advice: 'it is {"keys": [...]}' }
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'it is no JSON' : systemReason(error)
    return { type: 'fault', found: `${path}: ${reason}`, expected, advice: 'check the path and what stands there' }
  }
}

function readText(value: unknown, what: string): Reading<string> {
  if (typeof value === 'string' && value !== '') return { type: 'value', value }
  return { type: 'fault', found: describeValue(value), expected: what, advice: 'write it as a text' }
}
