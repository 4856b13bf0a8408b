/**
 * The HTTP API as the pages see it: through the client that everybody has, and who is logged in.
 *
 * Every address is relative to the page: nothing is ever asked of another host.
 */
import { signal } from '@preact/signals'
import type { Fault, Me, PagingQuery } from '../admin/api-types.ts'
import { ApiError, PabalClient } from '../client/index.ts'
import { t } from './text/text.ts'

/** Who is logged in; null: nobody, so that the page asks for it. Undefined: not known yet. */
export const me = signal<Me | null | undefined>(undefined)
/** Whether somebody was logged in here and is no more. */
export const sessionEnded = signal(false)

/** Why a request was not answered as hoped. */
export class ApiFault extends Error {
  /** 0: there was no answer of the broker's. -1: the page itself is wrong. */
  readonly status: number
  /** All that is wrong, if it is more than one thing: each with its place. */
  readonly faults: readonly Fault[]

  constructor(status: number, message: string, faults: readonly Fault[] = []) {
    super(message)
    this.status = status
    this.faults = faults.length > 1 ? faults : []
  }

  /** Of whatever was thrown while something was asked for. A mistake of this page is shown like any other fault. */
  static of(error: unknown): ApiFault {
    if (error instanceof ApiFault) return error
    if (!(error instanceof ApiError)) return new ApiFault(-1, String(error))
    // What is no problem of the broker's comes from a proxy in between that cannot reach it.
    return new ApiFault(error.problem === null ? 0 : error.status, error.message, error.faults)
  }

  title(): string {
    if (this.status === 0) return t('fault.silent')
    if (this.status === 403) return t('fault.forbidden')
    if (this.status === 404) return t('fault.missing')
    if (this.status === 429) return t('fault.tooMany')
    return t('fault.refused')
  }
}

/** Which page of a list. */
export type Paging = Pick<PagingQuery, 'limit' | 'cursor'>

export const api = new PabalClient({ url: new URL('.', document.baseURI).href, fetch: fetchHere })

/** Notes that a login has ended. @throws ApiFault if there is no answer. */
async function fetchHere(...request: Parameters<typeof fetch>): Promise<Response> {
  let response: Response
  try {
    response = await fetch(...request)
  } catch (error) {
    throw new ApiFault(0, String(error))
  }
  // Without the header it is only a password that is wrong.
  const isLoginWanted = response.status === 401 && response.headers.has('www-authenticate')
  if (isLoginWanted && me.value !== undefined && me.value !== null) {
    me.value = null
    sessionEnded.value = true
  }
  return response
}

/** Of a query, what says something: a field that nobody filled asks for everything. */
export function given<Query extends Readonly<Record<string, unknown>>>(query: Query): Partial<Query> {
  const entries = Object.entries(query).filter(([, value]) => value !== '')
  // Without some of what it had it is still of its type, with each of it optional.
  return Object.fromEntries(entries) as Partial<Query>
}

/** Finds out who is logged in. */
export async function recognise(): Promise<void> {
  me.value = await api.me()
}

export async function logIn(username: string, password: string): Promise<void> {
  me.value = await api.login(username, password)
  sessionEnded.value = false
}

export async function logOut(): Promise<void> {
  await api.logout()
  me.value = null
}
