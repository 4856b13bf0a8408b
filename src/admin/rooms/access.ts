/**
 * Rooms in which people log in, and API keys are made and taken back.
 */
import { z } from 'zod'
import { TooBusyError } from '../../server/authentication/work-gate.ts'
import type { Me } from '../api-types.ts'
import { problem } from '../problem.ts'
import { listReply, nothing, type Room, reply, room } from '../room.ts'
import { apiKeyPageSchema, meSchema, newApiKeySchema } from '../schemas/answers.ts'
import { changePasswordSchema, loginSchema, makeApiKeySchema } from '../schemas/bodies.ts'
import type { Doorkeeper } from '../security/doorkeeper.ts'
import type { Principal } from '../security/principal.ts'
import type { Vault } from '../security/vault.ts'

const loginAnswers = { 200: { description: 'Who is logged in; the cookie is set', schema: meSchema } }

export const accessRooms: readonly Room[] = [
  room({
    method: 'post',
    path: '/login',
    tag: 'Access',
    summary: 'Logs in to the page.',
    scope: null,
    body: loginSchema,
    answers: loginAnswers,
    handle: async ({ body, doorkeeper, remoteAddress, broker }) => {
      await checkPassword(doorkeeper, body.username, body.password, remoteAddress, broker.nowMs())
      const { token, principal, secondsMax } = doorkeeper.logins.begin(broker.nowMs())
      return reply(meOf(principal), 200, { 'set-cookie': doorkeeper.cookie(token, secondsMax) })
    },
  }),
  room({
    method: 'post',
    path: '/logout',
    tag: 'Access',
    summary: 'Logs out of the page.',
    scope: 'any',
    answers: { 204: { description: 'The login has ended', schema: null } },
    handle: ({ doorkeeper, principal }) => {
      doorkeeper.logins.end(principal)
      return { ...nothing, headers: { 'set-cookie': doorkeeper.cookie('', 0) } }
    },
  }),
  room({
    method: 'get',
    path: '/me',
    tag: 'Access',
    summary: 'Who is asking, and what for.',
    scope: 'any',
    answers: { 200: { description: 'Who it is', schema: meSchema } },
    handle: ({ principal }) => reply(meOf(principal)),
  }),
  room({
    method: 'post',
    path: '/password',
    tag: 'Access',
    summary: 'Changes the password; all other logins end.',
    scope: 'admin',
    body: changePasswordSchema,
    answers: { 204: { description: 'It is changed', schema: null } },
    handle: async ({ body, doorkeeper, principal, remoteAddress, broker }) => {
      await checkPassword(doorkeeper, 'admin', body.current, remoteAddress, broker.nowMs())
      await vaultOf(doorkeeper).changePassword(body.password)
      doorkeeper.logins.endOthers(principal)
      return nothing
    },
  }),
  room({
    method: 'get',
    path: '/api_key',
    tag: 'Access',
    summary: 'The API keys, without their secrets.',
    scope: 'admin',
    answers: { 200: { description: 'All of them', schema: apiKeyPageSchema } },
    handle: ({ doorkeeper, broker }) => listReply(vaultOf(doorkeeper).keys, broker.nowMs()),
  }),
  room({
    method: 'post',
    path: '/api_key',
    tag: 'Access',
    summary: 'Makes an API key.',
    scope: 'admin',
    body: makeApiKeySchema,
    answers: { 201: { description: 'The key, shown this once', schema: newApiKeySchema } },
    handle: async ({ body, doorkeeper, broker }) => {
      const vault = vaultOf(doorkeeper)
      if (!vault.mayAddKey) throw problem('conflict', 'the keys', 'as many as there may be', 'fewer', 'take one back')
      const { name, scopes, expiresAtMs = null } = body
      return reply(await vault.addKey(name, scopes, expiresAtMs, broker.nowMs()), 201)
    },
  }),
  room({
    method: 'delete',
    path: '/api_key/{id}',
    tag: 'Access',
    summary: 'Takes an API key back: it opens nothing any more.',
    scope: 'admin',
    params: { id: z.string().max(64) },
    answers: { 204: { description: 'It is gone', schema: null } },
    handle: async ({ params: { id }, doorkeeper }) => {
      if (await vaultOf(doorkeeper).removeKey(id)) return nothing
      throw problem('not-found', 'path.id', 'no such key', 'the id of a key', 'look it up with GET /api/v1/api_key')
    },
  }),
]

function meOf({ name, kind, scopes, csrfToken, expiresAtMs }: Principal): Me {
  return { name, kind, scopes: [...scopes], csrfToken, expiresAtMs }
}

/** @throws HttpProblem */
function vaultOf({ vault }: Doorkeeper): Vault {
  if (vault !== null) return vault
  throw problem('unavailable', 'the broker', 'one that is starting', 'one that runs', 'ask again')
}

/** What is wrong with it is not said. @throws HttpProblem */
async function checkPassword(
  doorkeeper: Doorkeeper,
  userName: string,
  password: string,
  address: string,
  nowMs: number,
): Promise<void> {
  doorkeeper.attempts.check(address, nowMs)
  // Counted before it is known, so that many at a time do not slip through.
  doorkeeper.attempts.failed(address, nowMs)
  if (await isRight(vaultOf(doorkeeper), userName, password)) {
    doorkeeper.attempts.succeeded(address)
    return
  }
  const advice = 'the first password was printed when the broker was first started; see docs/operating/http-api.md'
  throw problem(
    'unauthenticated',
    'the login',
    'a name and password that do not fit',
    'those of an administrator',
    advice,
  )
}

/** @throws HttpProblem */
async function isRight(vault: Vault, userName: string, password: string): Promise<boolean> {
  try {
    return await vault.isPassword(userName, password)
  } catch (error) {
    if (!(error instanceof TooBusyError)) throw error
    throw problem('too-many', 'the login', 'too many at a time', 'fewer', 'try again', { 'retry-after': '1' })
  }
}
