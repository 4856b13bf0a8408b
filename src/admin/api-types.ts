/**
 * What the HTTP API is sent and answers with, as types: for the dashboard, the commands and programs of users. Erased: whoever
 * imports it takes nothing else along. The schemas that check it are where they come from.
 */
import type { z } from 'zod'
import type * as answers from './schemas/answers.ts'
import type * as bodies from './schemas/bodies.ts'
import type * as queries from './schemas/queries.ts'
import type * as rows from './schemas/rows.ts'

/** What waits for a client beyond what is in flight. */
export type Backlog = z.output<typeof rows.backlogSchema>
/** A Session, and how its client is doing. */
export type Client = z.output<typeof rows.clientSchema>
/** A Subscription and the Session it belongs to. */
export type Subscriber = z.output<typeof rows.subscriberSchema>
/** The Session of a client, or a Subscription of it: `kind` says which. */
export type SessionRow = z.output<typeof rows.sessionRowSchema>
/** Each message to its Topic Filter goes to one of its members. */
export type SharedGroup = z.output<typeof rows.sharedGroupSchema>
/** online + offline + observers + denied = subscriptions. */
export type SubscriptionTotals = z.output<typeof rows.subscriptionTotalsSchema>
/** How many listen. */
export type WhoTotals = z.output<typeof rows.whoTotalsSchema>
/** A Topic Name messages came in on lately, and who subscribes. */
export type SeenTopic = z.output<typeof rows.seenTopicSchema>
/** What becomes of a message that nobody listens for. */
export type Prospect = z.output<typeof rows.prospectSchema>
/** Something that has happened to a client. */
export type HistoryEvent = z.output<typeof rows.historyEventSchema>
/** A message whose exchange with the client is not over. */
export type InFlightMessage = z.output<typeof rows.inFlightMessageSchema>
/** A message that waits to be sent to a client. */
export type QueuedMessage = z.output<typeof rows.queuedMessageSchema>
/** A message that waits for a listener. */
export type Held = z.output<typeof rows.heldSchema>
/** A dead letter. */
export type Dead = z.output<typeof rows.deadSchema>
/** `data` of one server-sent event; `type` is its name, too. */
export type SubscribeEvent = z.output<typeof rows.subscribeEventSchema>
/** A held message with what it says. */
export type HeldMessage = z.output<typeof rows.heldMessageSchema>
/** A dead letter with what it says. */
export type DeadMessage = z.output<typeof rows.deadMessageSchema>
/** received + made + restored is the sum of the fates. */
export type MessageLedger = z.output<typeof rows.messageLedgerSchema>
/** created is the sum of the fates, of what is in flight and of what waits. */
export type CopyLedger = z.output<typeof rows.copyLedgerSchema>
/** The messages under one rule. */
export type RuleLedger = z.output<typeof rows.ruleLedgerSchema>
/** What became of one message. */
export type FateEntry = z.output<typeof rows.fateEntrySchema>
/** Where clients connect. */
export type Listener = z.output<typeof rows.listenerSchema>
/** A Retained Message. */
export type Retained = z.output<typeof rows.retainedSchema>
/** Who may not connect, in the words of EMQX. */
export type Banned = z.output<typeof rows.bannedSchema>
/** A Retained Message with what it says. */
export type RetainedMessage = z.output<typeof rows.retainedMessageSchema>

/** One thing that is wrong, and what to do about it. */
export type Fault = z.output<typeof answers.faultSchema>
/** RFC 9457: what went wrong, what was expected, what to do. */
export type Problem = z.output<typeof answers.problemSchema>
/** Sessions, with how many there are and how many are connected. */
export type ClientPage = z.output<typeof answers.clientPageSchema>
/** All there is to say of the Session of one client. */
export type SessionPage = z.output<typeof answers.sessionPageSchema>
/** What has happened to one client, newest first. */
export type HistoryPage = z.output<typeof answers.historyPageSchema>
/** Messages in flight to and from one client. */
export type InFlightPage = z.output<typeof answers.inFlightPageSchema>
/** Messages that wait for one client. */
export type QueuedPage = z.output<typeof answers.queuedPageSchema>
/** Subscriptions, whatever they match. */
export type SubscriberPage = z.output<typeof answers.subscriberPageSchema>
/** Subscriptions of one Topic Filter, or of all. */
export type FilterPage = z.output<typeof answers.filterPageSchema>
/** Shared groups of Subscriptions (MQTT 5.0 section 4.8.2). */
export type SharedGroupPage = z.output<typeof answers.sharedGroupPageSchema>
/** Topic Names messages came in on lately. */
export type TopicPage = z.output<typeof answers.topicPageSchema>
/** Who listens to one Topic Name, how many, and what would become of a message if nobody did. */
export type ListenersOfTopicPage = z.output<typeof answers.listenersPageSchema>
/** The listeners that are open. */
export type ListenerPage = z.output<typeof answers.listenerPageSchema>
/** Who may not connect. */
export type BannedPage = z.output<typeof answers.bannedPageSchema>
/** Retained Messages, without their payloads. */
export type RetainedPage = z.output<typeof answers.retainedPageSchema>
/** Messages that are held, without their payloads. */
export type HeldPage = z.output<typeof answers.heldPageSchema>
/** Dead letters, without their payloads. */
export type DeadPage = z.output<typeof answers.deadPageSchema>
/** What became of messages, oldest first. */
export type TracePage = z.output<typeof answers.tracePageSchema>
/** What became of every message and every copy since the broker was started. */
export type Ledger = z.output<typeof answers.ledgerSchema>
/** How many messages it was done with. */
export type Done = z.output<typeof answers.doneSchema>
/** What waited for a client and was given up. */
export type Purged = z.output<typeof answers.purgedSchema>
/** Something an operator should know. */
export type Warning = z.output<typeof answers.warningSchema>
/** In a second; worked out once a second, the same for everybody who asks. */
export type Rates = z.output<typeof answers.ratesSchema>
/** How the broker is, at a glance. */
export type Overview = z.output<typeof answers.overviewSchema>
/** The numbers of EMQX that mean the same here, under their names. */
export type Stats = z.output<typeof answers.statsSchema>
/** What became of a message that was published. */
export type Published = z.output<typeof answers.publishedSchema>
/** What became of each message, in the order they were given. */
export type BulkPublished = z.output<typeof answers.bulkPublishedSchema>
/** Who has got a message, as far as is known by now. */
export type Receipt = z.output<typeof answers.receiptSchema>
/** One key of the configuration, its value and where that comes from. */
export type ConfigEntry = z.output<typeof answers.configEntrySchema>
/** The configuration in force, with its secrets masked. */
export type Config = z.output<typeof answers.configSchema>
/** What has changed when the configuration was read again, and what must wait for a restart. */
export type Reloaded = z.output<typeof answers.reloadedSchema>
/** What the access rules say. */
export type AccessTest = z.output<typeof answers.accessTestSchema>
/** Who is asking, and what for. */
export type Me = z.output<typeof answers.meSchema>
/** What is known of an API key: not the key. Times are milliseconds since 1970. */
export type ApiKey = z.output<typeof answers.apiKeySchema>
/** The API keys there are. */
export type ApiKeyPage = z.output<typeof answers.apiKeyPageSchema>
/** A new API key with the key itself, which is shown this once. */
export type NewApiKey = z.output<typeof answers.newApiKeySchema>
/** Whether the broker is ready, and if not, why. */
export type Readiness = z.output<typeof answers.readinessSchema>

/** A message, in the words of EMQX. */
export type Publish = z.input<typeof bodies.publishSchema>
/** Messages to be published one after the other. */
export type BulkPublish = z.input<typeof bodies.bulkPublishSchema>
/** Exactly one of id, filter and all. */
export type Which = z.input<typeof bodies.whichSchema>
/** A Subscription, in the words of EMQX. */
export type Subscribe = z.input<typeof bodies.subscribeSchema>
/** Who is to be banned, in the words of EMQX. */
export type Ban = z.input<typeof bodies.banSchema>
/** Name and password of an administrator. */
export type Login = z.input<typeof bodies.loginSchema>
/** The password as it is and as it is to be. */
export type ChangePassword = z.input<typeof bodies.changePasswordSchema>
/** What a new API key is called, what it may do (`scopes`) and until when (`expiresAtMs`: milliseconds since 1970). */
export type MakeApiKey = z.input<typeof bodies.makeApiKeySchema>

/**
 * One event of `GET /api/v1/events`: its `type` is the name of the server-sent event, too. The further fields of each type are in
 * docs/operating/events.md.
 */
export interface ServerEvent {
  readonly type: string
  readonly atMs: number
  readonly [field: string]: unknown
}

/** What may stand in the queries: as it is meant, a number for a number. */
type QueryOf<Shape extends z.ZodRawShape> = z.output<z.ZodObject<Shape>>
/** Where a list goes on, and how many rows a page has. */
export type PagingQuery = QueryOf<typeof queries.pagingQuery>
/** Whose Client Identifier it is. */
export type AccountQuery = QueryOf<typeof queries.accountQuery>
/** Which Sessions: those online, those offline, or all. */
export type SessionsQuery = QueryOf<typeof queries.sessionsQuery>
/** Whose Client Identifier it is, a page at a time. */
export type SessionQuery = QueryOf<typeof queries.sessionQuery>
/** The same, with payloads or without. */
export type QueueQuery = QueryOf<typeof queries.queueQuery>
/** The same, of one account or of all. */
export type HistoryQuery = QueryOf<typeof queries.historyQuery>
/** Which Subscriptions: those a Topic Filter matches, or those to that very one. */
export type SubscriptionsQuery = QueryOf<typeof queries.subscriptionsQuery>
/** Only what a Topic Filter matches. */
export type FilterQuery = QueryOf<typeof queries.filterQuery>
/** Which Retained Messages: those a Topic Filter matches. */
export type RetainedQuery = QueryOf<typeof queries.retainedQuery>
/** Which held messages: by Topic Filter, by publisher. */
export type HeldQuery = QueryOf<typeof queries.heldQuery>
/** Which dead letters: by Topic Filter, by client. */
export type DeadQuery = QueryOf<typeof queries.deadQuery>
/** Which messages: by Topic Filter, by client, by fate, or those behind one. */
export type TraceQuery = QueryOf<typeof queries.traceQuery>
/** A Subscription of the Session that was asked for. */
export type OwnSubscription = z.output<typeof rows.ownSubscriptionSchema>
/** The Subscriptions of one client. */
export type OwnSubscriptionPage = z.output<typeof answers.ownSubscriptionPageSchema>
