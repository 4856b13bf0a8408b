/**
 * The HTTP API of a broker, for programs in TypeScript and JavaScript: every operation of its OpenAPI document once, with its types.
 *
 * A Topic Name, a Topic Filter, a Client Identifier is given as it is: what must be encoded is encoded here. Every method throws an
 * ApiError if the broker refuses, and what `fetch` throws if there is no answer.
 */
import type * as api from '../admin/api-types.ts'
import { errorOf } from './api-error.ts'
import { type Call, Connection, type PabalClientOptions, type RequestOptions } from './connection.ts'
import { type EventsOptions, openEvents, openTryOut, type StreamOpened, type TryOutOptions } from './event-stream.ts'
import { List } from './list.ts'

/** What holds for one message. */
export interface PublishOptions extends RequestOptions {
  /** The same for each attempt to publish one message: it is published once. */
  readonly idempotencyKey?: string
}

/** The HTTP API of one broker; a method for each operation of its OpenAPI document. */
export class PabalClient {
  readonly #connection: Connection

  constructor(options: PabalClientOptions = {}) {
    this.#connection = new Connection(options)
  }

  // Access

  /** Logs in with a name and password, where there is no API key. Changes are then sent with the token they need. */
  async login(username: string, password: string, options: RequestOptions = {}): Promise<api.Me> {
    const call = { path: '/login', body: { username, password }, ...options }
    const me = await this.#connection.ask<api.Me>('POST', call)
    this.#connection.login = me
    return me
  }

  async logout(options: RequestOptions = {}): Promise<void> {
    await this.#connection.ask('POST', { path: '/logout', ...options })
    this.#connection.login = null
  }

  /** Who is asking. In a browser this also takes up a login that was there before the page. */
  async me(options: RequestOptions = {}): Promise<api.Me> {
    const me = await this.#connection.ask<api.Me>('GET', { path: '/me', ...options })
    if (me.kind === 'session') this.#connection.login = me
    return me
  }

  /** All other logins end. */
  async changePassword(current: string, password: string, options: RequestOptions = {}): Promise<void> {
    await this.#connection.ask('POST', { path: '/password', body: { current, password }, ...options })
  }

  apiKeys(options: RequestOptions = {}): List<api.ApiKeyPage> {
    return this.#list({ path: '/api_key', ...options })
  }

  /** The answer has the key, which is never shown again. */
  makeApiKey(key: api.MakeApiKey, options: RequestOptions = {}): Promise<api.NewApiKey> {
    return this.#connection.ask('POST', { path: '/api_key', body: key, ...options })
  }

  removeApiKey(id: string, options: RequestOptions = {}): Promise<void> {
    return this.#connection.ask('DELETE', { path: '/api_key/{id}', params: [id], ...options })
  }

  // Health

  livez(options: RequestOptions = {}): Promise<api.Readiness> {
    return this.#connection.ask('GET', { path: '/livez', ...options })
  }

  /** Also if it is not ready: `ready` says so, and `reasons` why. */
  readyz(options: RequestOptions = {}): Promise<api.Readiness> {
    return this.#connection.ask('GET', { path: '/readyz', answersToo: [503], ...options })
  }

  healthz(options: RequestOptions = {}): Promise<api.Readiness> {
    return this.#connection.ask('GET', { path: '/healthz', answersToo: [503], ...options })
  }

  /** In the text format of Prometheus. */
  async metrics(options: RequestOptions = {}): Promise<string> {
    return (await this.#whole({ path: '/metrics', headers: { accept: 'text/plain' }, ...options })).text()
  }

  // The broker

  overview(options: RequestOptions = {}): Promise<api.Overview> {
    return this.#connection.ask('GET', { path: '/overview', ...options })
  }

  /** The numbers of EMQX that mean the same here, under their names. */
  stats(options: RequestOptions = {}): Promise<api.Stats> {
    return this.#connection.ask('GET', { path: '/stats', query: { aggregate: true }, ...options })
  }

  /** Whether the access rules let a client do something, and which rule decides. */
  accessTest(
    query: { action: api.AccessTest['action']; topic: string; account?: string; client?: string; groups?: string },
    options: RequestOptions = {},
  ): Promise<api.AccessTest> {
    return this.#connection.ask('GET', { path: '/access/test', query: { ...query }, ...options })
  }

  listeners(options: RequestOptions = {}): List<api.ListenerPage> {
    return this.#list({ path: '/listeners', ...options })
  }

  config(options: RequestOptions = {}): Promise<api.Config> {
    return this.#connection.ask('GET', { path: '/config', ...options })
  }

  reloadConfig(options: RequestOptions = {}): Promise<api.Reloaded> {
    return this.#connection.ask('POST', { path: '/config/reload', ...options })
  }

  /** Everything that is stored, as a file for `pabal restore`, as it arrives. */
  async backup(options: RequestOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const { body } = await this.#whole({ path: '/backup', headers: { accept: '*/*' }, ...options })
    return body ?? new Blob([]).stream()
  }

  /** Events from `streamOpened` on, which comes first. A connection that breaks is opened again, and the same told again. */
  events(options: EventsOptions = {}): AsyncGenerator<api.ServerEvent | StreamOpened, void> {
    return openEvents(this.#connection, options)
  }

  /** Messages as a Subscription gets them, to try it out: `subscribed` comes first. */
  tryOut(filter: string, options: TryOutOptions = {}): AsyncGenerator<api.SubscribeEvent, void> {
    return openTryOut(this.#connection, filter, options)
  }

  // Clients

  clients(query: api.SessionsQuery = {}, options: RequestOptions = {}): List<api.ClientPage> {
    return this.#list({ path: '/clients', query, ...options })
  }

  sessions(query: api.SessionsQuery = {}, options: RequestOptions = {}): List<api.ClientPage> {
    return this.#list({ path: '/sessions', query, ...options })
  }

  /** The Sessions of one Client Identifier, each followed by its Subscriptions. */
  client(id: string, query: api.SessionQuery = {}, options: RequestOptions = {}): List<api.SessionPage> {
    return this.#list({ path: '/clients/{clientIdentifier}', params: [id], query, ...options })
  }

  clientSubscriptions(
    id: string,
    query: api.SessionQuery = {},
    options: RequestOptions = {},
  ): List<api.OwnSubscriptionPage> {
    return this.#list({ path: '/clients/{clientIdentifier}/subscriptions', params: [id], query, ...options })
  }

  clientHistory(id: string, query: api.HistoryQuery = {}, options: RequestOptions = {}): List<api.HistoryPage> {
    return this.#list({ path: '/clients/{clientIdentifier}/history', params: [id], query, ...options })
  }

  inFlightMessages(id: string, query: api.SessionQuery = {}, options: RequestOptions = {}): List<api.InFlightPage> {
    return this.#list({ path: '/clients/{clientIdentifier}/inflight_messages', params: [id], query, ...options })
  }

  queuedMessages(id: string, query: api.QueueQuery = {}, options: RequestOptions = {}): List<api.QueuedPage> {
    return this.#list({ path: '/clients/{clientIdentifier}/mqueue_messages', params: [id], query, ...options })
  }

  /** Gives up what waits for a client. */
  purgeQueue(id: string, query: api.AccountQuery = {}, options: RequestOptions = {}): Promise<api.Purged> {
    const path = '/clients/{clientIdentifier}/mqueue_messages'
    return this.#connection.ask('DELETE', { path, params: [id], query, ...options })
  }

  disconnect(id: string, query: api.AccountQuery = {}, options: RequestOptions = {}): Promise<void> {
    return this.#connection.ask('DELETE', { path: '/clients/{clientIdentifier}', params: [id], query, ...options })
  }

  endSession(id: string, query: api.AccountQuery = {}, options: RequestOptions = {}): Promise<void> {
    return this.#connection.ask('DELETE', { path: '/sessions/{clientIdentifier}', params: [id], query, ...options })
  }

  subscribe(
    id: string,
    subscription: api.Subscribe,
    query: api.AccountQuery = {},
    options: RequestOptions = {},
  ): Promise<api.Subscriber> {
    const path = '/clients/{clientIdentifier}/subscribe'
    return this.#connection.ask('POST', { path, params: [id], query, body: subscription, ...options })
  }

  /** `filter` as the client sent it, `$share/NAME/` included. */
  unsubscribe(id: string, filter: string, query: api.AccountQuery = {}, options: RequestOptions = {}): Promise<void> {
    const path = '/clients/{clientIdentifier}/subscriptions/{filter}'
    return this.#connection.ask('DELETE', { path, params: [id, filter], query, ...options })
  }

  /** Who may not connect. */
  banned(query: api.PagingQuery = {}, options: RequestOptions = {}): List<api.BannedPage> {
    return this.#list({ path: '/banned', query, ...options })
  }

  /** Bans a client, which is disconnected if it is connected. Its Session stays. */
  ban(ban: api.Ban, options: RequestOptions = {}): Promise<api.Banned> {
    return this.#connection.ask('POST', { path: '/banned', body: ban, ...options })
  }

  liftBan(as: api.Ban['as'], who: string, options: RequestOptions = {}): Promise<void> {
    return this.#connection.ask('DELETE', { path: '/banned/{as}/{who}', params: [as, who], ...options })
  }

  liftAllBans(options: RequestOptions = {}): Promise<void> {
    return this.#connection.ask('DELETE', { path: '/banned', ...options })
  }

  // Who listens

  subscriptions(query: api.SubscriptionsQuery = {}, options: RequestOptions = {}): List<api.FilterPage> {
    return this.#list({ path: '/subscriptions', query, ...options })
  }

  sharedGroups(query: api.PagingQuery = {}, options: RequestOptions = {}): List<api.SharedGroupPage> {
    return this.#list({ path: '/shared_groups', query, ...options })
  }

  topics(query: api.FilterQuery = {}, options: RequestOptions = {}): List<api.TopicPage> {
    return this.#list({ path: '/topics', query, ...options })
  }

  /** Who listens to a Topic Name, and what a message meets that nobody listens for. */
  listenersOf(
    topic: string,
    query: api.PagingQuery = {},
    options: RequestOptions = {},
  ): List<api.ListenersOfTopicPage> {
    return this.#list({ path: '/topics/{topic}/listeners', params: [topic], query, ...options })
  }

  // Messages

  /** Resolves also if the message was refused: `reason_code` is 0x80 or more then. */
  publish(message: api.Publish, options: PublishOptions = {}): Promise<api.Published> {
    return this.#connection.ask('POST', { path: '/publish', body: message, answersToo: [409, 503], ...keyed(options) })
  }

  publishBulk(messages: api.BulkPublish, options: PublishOptions = {}): Promise<api.BulkPublished> {
    return this.#connection.ask('POST', { path: '/publish/bulk', body: messages, ...keyed(options) })
  }

  receipt(id: string, options: RequestOptions = {}): Promise<api.Receipt> {
    return this.#connection.ask('GET', { path: '/receipts/{id}', params: [id], ...options })
  }

  ledger(options: RequestOptions = {}): Promise<api.Ledger> {
    return this.#connection.ask('GET', { path: '/ledger', ...options })
  }

  trace(query: api.TraceQuery = {}, options: RequestOptions = {}): List<api.TracePage> {
    return this.#list({ path: '/trace', query, ...options })
  }

  retainedMessages(query: api.RetainedQuery = {}, options: RequestOptions = {}): List<api.RetainedPage> {
    return this.#list({ path: '/retainer/messages', query, ...options })
  }

  retainedMessage(topic: string, options: RequestOptions = {}): Promise<api.RetainedMessage> {
    return this.#connection.ask('GET', { path: '/retainer/message/{topic}', params: [topic], ...options })
  }

  removeRetained(topic: string, options: RequestOptions = {}): Promise<void> {
    return this.#connection.ask('DELETE', { path: '/retainer/message/{topic}', params: [topic], ...options })
  }

  // What nobody received

  held(query: api.HeldQuery = {}, options: RequestOptions = {}): List<api.HeldPage> {
    return this.#list({ path: '/held', query, ...options })
  }

  heldMessage(id: number, options: RequestOptions = {}): Promise<api.HeldMessage> {
    return this.#connection.ask('GET', { path: '/held/{id}', params: [id], ...options })
  }

  releaseHeld(which: api.Which, options: RequestOptions = {}): Promise<api.Done> {
    return this.#connection.ask('POST', { path: '/held/release', body: which, ...options })
  }

  dropHeld(which: api.Which, options: RequestOptions = {}): Promise<api.Done> {
    return this.#connection.ask('POST', { path: '/held/drop', body: which, ...options })
  }

  removeHeld(id: number, options: RequestOptions = {}): Promise<void> {
    return this.#connection.ask('DELETE', { path: '/held/{id}', params: [id], ...options })
  }

  dead(query: api.DeadQuery = {}, options: RequestOptions = {}): List<api.DeadPage> {
    return this.#list({ path: '/dead', query, ...options })
  }

  deadMessage(id: number, options: RequestOptions = {}): Promise<api.DeadMessage> {
    return this.#connection.ask('GET', { path: '/dead/{id}', params: [id], ...options })
  }

  requeueDead(which: api.Which, options: RequestOptions = {}): Promise<api.Done> {
    return this.#connection.ask('POST', { path: '/dead/requeue', body: which, ...options })
  }

  dropDead(which: api.Which, options: RequestOptions = {}): Promise<api.Done> {
    return this.#connection.ask('POST', { path: '/dead/drop', body: which, ...options })
  }

  removeDead(id: number, options: RequestOptions = {}): Promise<void> {
    return this.#connection.ask('DELETE', { path: '/dead/{id}', params: [id], ...options })
  }

  #list<Page extends { data: readonly unknown[]; meta: { cursor: string | null } }>(call: Call): List<Page> {
    const first = call.query ?? {}
    return new List((cursor) =>
      this.#connection.ask<Page>('GET', cursor === undefined ? call : { ...call, query: { ...first, cursor } }),
    )
  }

  async #whole(call: Call): Promise<Response> {
    const response = await this.#connection.send('GET', call)
    if (response.ok) return response
    throw await errorOf(response, `GET ${call.path}`)
  }
}

function keyed({ idempotencyKey, ...options }: PublishOptions): Pick<Call, 'headers' | 'signal'> {
  return idempotencyKey === undefined ? options : { ...options, headers: { 'idempotency-key': idempotencyKey } }
}
