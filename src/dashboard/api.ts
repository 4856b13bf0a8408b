/**
 * The HTTP API as the pages see it: each question and each deed once, with the types of `api-types.ts`.
 *
 * Every address is relative to the page: nothing is ever asked of another host.
 */
import { signal } from '@preact/signals'
import type {
  AccessTest,
  ApiKeyPage,
  ChangePassword,
  ClientPage,
  Config,
  DeadMessage,
  DeadPage,
  Done,
  Fault,
  HeldMessage,
  HeldPage,
  HistoryPage,
  InFlightPage,
  Ledger,
  ListenersOfTopicPage,
  MakeApiKey,
  Me,
  NewApiKey,
  Overview,
  Problem,
  Publish,
  Published,
  Purged,
  QueuedPage,
  Receipt,
  Reloaded,
  RetainedMessage,
  RetainedPage,
  SessionPage,
  SharedGroupPage,
  SubscribeEvent,
  TopicPage,
  TracePage,
  Which,
} from '../admin/api-types.ts'
import { readEvents } from './event-reader.ts'
import { t } from './text/text.ts'

/** Who is logged in; null: nobody, so that the page asks for it. Undefined: not known yet. */
export const me = signal<Me | null | undefined>(undefined)
/** Whether somebody was logged in here and is no more. */
export const sessionEnded = signal(false)

/** Why a request was not answered as hoped. `status` 0: there was no answer. */
export class ApiFault extends Error {
  readonly status: number
  /** What came with it: a problem of RFC 9457, where there was an answer. */
  readonly body: unknown

  constructor(status: number, body: unknown, message: string) {
    super(message)
    this.status = status
    this.body = body
  }

  /** All that is wrong, if it is more than one thing: each with its place. */
  faults(): readonly Fault[] {
    const { faults = [] } = (this.body ?? {}) as Partial<Problem>
    return faults.length > 1 ? faults : []
  }

  /** A mistake of this page: it is shown like any other fault. */
  static ofPage(error: unknown): ApiFault {
    return new ApiFault(-1, null, String(error))
  }

  title(): string {
    if (this.status === 0) return t('fault.silent')
    if (this.status === 403) return t('fault.forbidden')
    if (this.status === 404) return t('fault.missing')
    if (this.status === 429) return t('fault.tooMany')
    return t('fault.refused')
  }
}

export type Query = Readonly<Record<string, string | number | undefined>>

export const api = {
  overview: (signal: AbortSignal) => get<Overview>('overview', {}, signal),
  ledger: (signal: AbortSignal) => get<Ledger>('ledger', {}, signal),
  listeners: (topic: string, query: Query, signal: AbortSignal) =>
    get<ListenersOfTopicPage>(`topics/${encodeURIComponent(topic)}/listeners`, query, signal),
  topics: (query: Query, signal: AbortSignal) => get<TopicPage>('topics', query, signal),
  held: (query: Query, signal: AbortSignal) => get<HeldPage>('held', query, signal),
  heldMessage: (id: number, signal: AbortSignal) => get<HeldMessage>(`held/${id}`, {}, signal),
  release: (which: Which) => send<Done>('POST', 'held/release', which),
  dropHeld: (which: Which) => send<Done>('POST', 'held/drop', which),
  dead: (query: Query, signal: AbortSignal) => get<DeadPage>('dead', query, signal),
  deadMessage: (id: number, signal: AbortSignal) => get<DeadMessage>(`dead/${id}`, {}, signal),
  requeue: (which: Which) => send<Done>('POST', 'dead/requeue', which),
  dropDead: (which: Which) => send<Done>('POST', 'dead/drop', which),
  clients: (query: Query, signal: AbortSignal) => get<ClientPage>('clients', query, signal),
  client: (id: string, query: Query, signal: AbortSignal) =>
    get<SessionPage>(`clients/${encodeURIComponent(id)}`, query, signal),
  inFlight: (id: string, query: Query, signal: AbortSignal) =>
    get<InFlightPage>(`clients/${encodeURIComponent(id)}/inflight_messages`, query, signal),
  queued: (id: string, query: Query, signal: AbortSignal) =>
    get<QueuedPage>(`clients/${encodeURIComponent(id)}/mqueue_messages`, query, signal),
  history: (id: string, query: Query, signal: AbortSignal) =>
    get<HistoryPage>(`clients/${encodeURIComponent(id)}/history`, query, signal),
  unsubscribe: (id: string, topicFilter: string, account: string) =>
    send<null>(
      'DELETE',
      `clients/${encodeURIComponent(id)}/subscriptions/${encodeURIComponent(topicFilter)}?${new URLSearchParams({ account })}`,
    ),
  purge: (id: string, query: Query) =>
    send<Purged>('DELETE', `clients/${encodeURIComponent(id)}/mqueue_messages${searchOf(query)}`),
  kick: (id: string, account: string) =>
    send<null>('DELETE', `clients/${encodeURIComponent(id)}?${new URLSearchParams({ account })}`),
  endSession: (id: string, account: string) =>
    send<null>('DELETE', `sessions/${encodeURIComponent(id)}?${new URLSearchParams({ account })}`),
  groups: (query: Query, signal: AbortSignal) => get<SharedGroupPage>('shared_groups', query, signal),
  retained: (query: Query, signal: AbortSignal) => get<RetainedPage>('retainer/messages', query, signal),
  retainedMessage: (topic: string, signal: AbortSignal) =>
    get<RetainedMessage>(`retainer/message/${encodeURIComponent(topic)}`, {}, signal),
  deleteRetained: (topic: string) => send<null>('DELETE', `retainer/message/${encodeURIComponent(topic)}`),
  trace: (query: Query, signal: AbortSignal) => get<TracePage>('trace', query, signal),
  publish,
  receipt: (id: string, signal: AbortSignal) => get<Receipt>(`receipts/${encodeURIComponent(id)}`, {}, signal),
  subscribe,
  accessTest: (query: Query, signal: AbortSignal) => get<AccessTest>('access/test', query, signal),
  apiKeys: (signal: AbortSignal) => get<ApiKeyPage>('api_key', {}, signal),
  makeApiKey: (key: MakeApiKey) => send<NewApiKey>('POST', 'api_key', key),
  removeApiKey: (id: string) => send<null>('DELETE', `api_key/${encodeURIComponent(id)}`),
  changePassword: (body: ChangePassword) => send<null>('POST', 'password', body),
  config: (signal: AbortSignal) => get<Config>('config', {}, signal),
  reload: () => send<Reloaded>('POST', 'config/reload'),
} as const

/** What the publisher is told, also if it is that the message was refused: with a Reason Code rather than a problem. */
async function publish(message: Publish): Promise<Published> {
  try {
    return await send<Published>('POST', 'publish', message)
  } catch (error) {
    if (error instanceof ApiFault && isPublished(error.body)) return error.body
    throw error
  }
}

function isPublished(body: unknown): body is Published {
  return typeof body === 'object' && body !== null && 'reason_code' in body
}

/** Resolves when the broker ends it. @throws ApiFault */
async function subscribe(query: Query, signal: AbortSignal, take: (event: SubscribeEvent) => void): Promise<void> {
  let response: Response
  try {
    response = await fetch(`api/v1/subscribe${searchOf(query)}`, { signal })
  } catch (error) {
    throw new ApiFault(0, null, String(error))
  }
  if (!response.ok || response.body === null) await answerOf(Promise.resolve(response))
  // The broker's own words: its schema stands behind the type.
  else await readEvents(response.body, (data) => take(data as SubscribeEvent))
}

/** Finds out who is logged in. */
export async function recognise(): Promise<void> {
  me.value = await get<Me>('me', {}, new AbortController().signal)
}

export async function logIn(username: string, password: string): Promise<void> {
  me.value = await send<Me>('POST', 'login', { username, password })
  sessionEnded.value = false
}

export async function logOut(): Promise<void> {
  await send('POST', 'logout')
  me.value = null
}

function get<T>(path: string, query: Query, signal: AbortSignal): Promise<T> {
  const headers = { accept: 'application/json' }
  return answerOf<T>(fetch(`api/v1/${path}${searchOf(query)}`, { signal, headers }))
}

function searchOf(query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, `${value}`]],
  )
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}

function send<T>(method: 'POST' | 'DELETE', path: string, body?: object): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json', 'x-csrf-token': me.value?.csrfToken ?? '' }
  if (body === undefined) return answerOf<T>(fetch(`api/v1/${path}`, { method, headers }))
  headers['content-type'] = 'application/json'
  return answerOf<T>(fetch(`api/v1/${path}`, { method, headers, body: JSON.stringify(body) }))
}

/** @throws ApiFault */
async function answerOf<T>(request: Promise<Response>): Promise<T> {
  let status = 0
  let body: unknown = null
  /** Not only a password that is wrong. */
  let isLoginWanted = false
  try {
    const response = await request
    const text = await response.text()
    status = response.status
    isLoginWanted = status === 401 && response.headers.has('www-authenticate')
    if (text !== '') body = JSON.parse(text)
  } catch (error) {
    // What is not JSON does not come from the broker: a proxy in between that cannot reach it.
    throw new ApiFault(0, null, String(error))
  }
  if (isLoginWanted && me.value !== undefined && me.value !== null) {
    me.value = null
    sessionEnded.value = true
  }
  // The broker's own answer: its schema stands behind the type.
  if (status < 400) return body as T
  const { detail = `HTTP ${status}` } = (body ?? {}) as Partial<Problem>
  throw new ApiFault(status, body, detail)
}
