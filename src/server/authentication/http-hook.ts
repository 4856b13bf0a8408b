/**
 * Asks a program of the operator over HTTP who may connect: POST with what is known of the client as JSON, answered with 200 and
 * `{"result": "allow", "account": "..."}` or `{"result": "deny"}`.
 *
 * Fails closed: no answer in time, another status, a redirection, an answer that is not that JSON, all refuse. At most so many requests
 * are under way, and so many wait; further clients are told that the server is busy.
 */
import { isUtf8 } from 'node:buffer'
import { ReasonCode } from '../../protocol/reason-code.ts'
import type { Authenticate, AuthenticationRequest, AuthenticationVerdict, LoginTerms } from './authentication.ts'
import { TooBusyError, WorkGate } from './work-gate.ts'

export interface HttpHookOptions {
  readonly url: string
  /** Sent as `Authorization: Bearer`; null: not. */
  readonly token: string | null
  readonly timeoutSeconds: number
  readonly concurrency: number
}

export const hookTimeoutSecondsDefault = 3
export const hookConcurrencyDefault = 50
const waitingMax = 1000
const answerBytesMax = 64 * 1024

const denied: AuthenticationVerdict = {
  type: 'refused',
  reasonCode: ReasonCode.BadUserNameOrPassword,
  reasonString: 'the user name or the password is wrong',
}
const unavailable: AuthenticationVerdict = {
  type: 'refused',
  reasonCode: ReasonCode.ServerUnavailable,
  reasonString: 'who may connect cannot be asked at the moment; try again later',
}
const tooBusy: AuthenticationVerdict = {
  type: 'refused',
  reasonCode: ReasonCode.ServerBusy,
  reasonString: 'too many clients are logging in; try again in a moment',
}

/** `allowAnonymous`: clients that send neither User Name nor Password are let in without being asked about. */
export function httpHookAuthenticate(options: HttpHookOptions, allowAnonymous = false): Authenticate {
  const gate = new WorkGate(options.concurrency, waitingMax)
  return async (request) => {
    if (allowAnonymous && request.userName === null && request.password === null) {
      return { type: 'accepted', account: '' }
    }
    const body = bodyOf(request)
    try {
      return await gate.pass(() => ask(options, body, request.userName))
    } catch (error) {
      return error instanceof TooBusyError ? tooBusy : unavailable
    }
  }
}

/** @throws an Error if there is no answer that says anything. */
async function ask(
  { url, token, timeoutSeconds }: HttpHookOptions,
  body: string,
  userName: string | null,
): Promise<AuthenticationVerdict> {
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` }
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', accept: 'application/json', ...authorization },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutSeconds * 1000),
  })
  const text = await readAnswer(response)
  if (response.status !== 200) throw new Error(`it answered ${response.status}`)
  const answer: unknown = JSON.parse(text)
  if (typeof answer !== 'object' || answer === null) throw new Error('it answered no JSON object')
  const result: unknown = Reflect.get(answer, 'result')
  if (result === 'deny') return denied
  if (result !== 'allow') throw new Error('it answered neither allow nor deny')
  const account: unknown = Object.hasOwn(answer, 'account') ? Reflect.get(answer, 'account') : (userName ?? '')
  if (typeof account !== 'string') throw new Error('it answered an account that is no text')
  return { type: 'accepted', account, ...termsOf(answer) }
}

/** `groups`, a list of names, and `expiresAt`, seconds since 1970 as in a token. @throws an Error if they are something else. */
function termsOf(answer: object): LoginTerms {
  const terms: LoginTerms = {}
  if (Object.hasOwn(answer, 'groups')) {
    const groups: unknown = Reflect.get(answer, 'groups')
    const isNames = Array.isArray(groups) && groups.every((name) => typeof name === 'string' && name !== '')
    if (!isNames) throw new Error('it answered groups that are no list of names')
    terms.groups = groups
  }
  if (Object.hasOwn(answer, 'expiresAt')) {
    const expiresAt: unknown = Reflect.get(answer, 'expiresAt')
    if (typeof expiresAt !== 'number') throw new Error('it answered a time that is no number')
    terms.expiresAtMs = expiresAt * 1000
  }
  return terms
}

/** @throws an Error if it is too long. */
async function readAnswer({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.length
    if (bytes > answerBytesMax) throw new Error(`it answered more than ${answerBytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** A Password that is no text goes as base64 under another name. */
function bodyOf({ password, userProperties: _, ...request }: AuthenticationRequest): string {
  if (password === null) return JSON.stringify({ ...request, password })
  const bytes = Buffer.from(password)
  if (isUtf8(bytes)) return JSON.stringify({ ...request, password: bytes.toString('utf8') })
  return JSON.stringify({ ...request, passwordBase64: bytes.toString('base64') })
}
