/**
 * Tokens as passwords: a JSON Web Token (RFC 7519), signed by a key of a JWK Set, in the Password of CONNECT.
 *
 * Only the algorithms that were named are taken, none that signs with a shared secret, and no token without an end (`exp`). Whatever
 * cannot be checked, because the keys cannot be had for example, refuses.
 */
import type { JSONWebKeySet, JWTPayload, JWTVerifyGetKey } from 'jose'
import { ReasonCode } from '../../protocol/reason-code.ts'
import type { Authenticate, AuthenticationRequest, AuthenticationVerdict } from './authentication.ts'

/** Those of JSON Web Algorithms (RFC 7518, RFC 8037) that sign with a private key. */
export const jwtAlgorithms: readonly string[] = Object.freeze([
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA'],
])

export interface JwtOptions {
  /** Where the JWK Set is, or the set itself. */
  readonly keys: { readonly type: 'url'; readonly url: string } | { readonly type: 'set'; readonly set: JSONWebKeySet }
  readonly algorithms: readonly string[]
  /** Null: any. */
  readonly issuer: string | null
  readonly audience: string | null
  /** The claim that is the account. */
  readonly accountClaim: string
  /** The claim that has its groups; with dots a claim within a claim. Null: it has none. */
  readonly groupsClaim: string | null
  /** By so much clocks may differ. */
  readonly clockSkewSeconds: number
}

export const clockSkewSecondsDefault = 30
const fetchMsMax = 5000
/** A key that is not known makes the set be fetched anew, so often at most. */
const cooldownMs = 10_000
const cacheMsMax = 10 * 60_000
const tokenBytesMax = 16 * 1024

const refused: AuthenticationVerdict = {
  type: 'refused',
  reasonCode: ReasonCode.BadUserNameOrPassword,
  reasonString: 'the token is not valid',
}

const unavailable: AuthenticationVerdict = {
  type: 'refused',
  reasonCode: ReasonCode.ServerUnavailable,
  reasonString: 'the keys that tokens are checked with cannot be had; try again later',
}

type Jose = Pick<typeof import('jose'), 'jwtVerify' | 'errors'> & { readonly getKey: JWTVerifyGetKey }

/** Checks tokens. The keys are fetched when the first token comes. */
export function jwtAuthenticate(options: JwtOptions, nowMs: () => number = Date.now): Authenticate {
  let loading: Promise<Jose> | null = null
  return async ({ userName, password }) => {
    if (password === null || password.length > tokenBytesMax) return refused
    const token = Buffer.from(password).toString('latin1')
    loading ??= load(options)
    const { jwtVerify, errors, getKey } = await loading
    try {
      const { payload } = await jwtVerify(token, getKey, {
        algorithms: [...options.algorithms],
        clockTolerance: options.clockSkewSeconds,
        currentDate: new Date(nowMs()),
        requiredClaims: ['exp'],
        ...(options.issuer === null ? {} : { issuer: options.issuer }),
        ...(options.audience === null ? {} : { audience: options.audience }),
      })
      const account = Object.hasOwn(payload, options.accountClaim) ? payload[options.accountClaim] : null
      if (typeof account !== 'string' || account === '') return refused
      // `authorize` is told the User Name, so it must not be one the token does not prove.
      if (userName !== null && userName !== '' && userName !== account) return refused
      const groups = options.groupsClaim === null ? [] : groupsOf(payload, options.groupsClaim)
      if (groups === null) return refused
      // As long as it would have been let in.
      return { type: 'accepted', account, groups, expiresAtMs: ((payload.exp ?? 0) + options.clockSkewSeconds) * 1000 }
    } catch (error) {
      // Of the errors of jose all but those of the set are the token's.
      const isOfSet = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid
      const isOfToken = error instanceof errors.JOSEError && error.code !== errors.JOSEError.code && !isOfSet
      return isOfToken ? refused : unavailable
    }
  }
}

/** Names in an array, or in one text with spaces between them, as `scope` has them. Null: it is something else. */
function groupsOf(payload: JWTPayload, claim: string): string[] | null {
  const found = claimOf(payload, claim)
  if (found === undefined) return []
  if (typeof found === 'string') return found.split(' ').filter((name) => name !== '')
  return Array.isArray(found) && found.every((name) => typeof name === 'string' && name !== '') ? found : null
}

/** `realm_access.roles` is `roles` in `realm_access`, unless there is a claim of that whole name. */
function claimOf(payload: JWTPayload, claim: string): unknown {
  if (Object.hasOwn(payload, claim)) return payload[claim]
  let found: unknown = payload
  for (const name of claim.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined
    found = Reflect.get(found, name)
  }
  return found
}

/** Loaded when it is needed: most brokers check no tokens. */
async function load({ keys }: JwtOptions): Promise<Jose> {
  const { createLocalJWKSet, createRemoteJWKSet, jwtVerify, errors } = await import('jose')
  if (keys.type === 'set') return { jwtVerify, errors, getKey: createLocalJWKSet(keys.set) }
  const times = { timeoutDuration: fetchMsMax, cooldownDuration: cooldownMs, cacheMaxAge: cacheMsMax }
  return { jwtVerify, errors, getKey: createRemoteJWKSet(new URL(keys.url), times) }
}

/** Whether a Password has the form of a token: three parts of base64url. */
export function looksLikeToken({ password }: Pick<AuthenticationRequest, 'password'>): boolean {
  if (password === null || password.length > tokenBytesMax || password.length < 5) return false
  let dots = 0
  for (const byte of password) {
    if (byte === 0x2e) dots += 1
    else if (!isBase64Url(byte)) return false
  }
  return dots === 2 && password[0] === 0x65
}

/** Tokens are checked as tokens, all else as before. A header is JSON: in base64 it begins with `e`. */
export function tokensOr(tokens: Authenticate, others: Authenticate): Authenticate {
  return (request) => (looksLikeToken(request) ? tokens(request) : others(request))
}

function isBase64Url(byte: number): boolean {
  const isLetter = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
  return isLetter || (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x5f
}
