/**
 * What the HTTP API is sent and answers with, as types: for the dashboard, the commands and programs of users. Erased: whoever
 * imports it takes nothing else along. The schemas that check it are where they come from.
 */
import type { z } from 'zod'
import type * as answers from './schemas/answers.ts'
import type * as bodies from './schemas/bodies.ts'
import type * as queries from './schemas/queries.ts'
import type * as rows from './schemas/rows.ts'

export type Backlog = z.output<typeof rows.backlogSchema>
export type Client = z.output<typeof rows.clientSchema>
export type Subscriber = z.output<typeof rows.subscriberSchema>
export type SessionRow = z.output<typeof rows.sessionRowSchema>
export type SharedGroup = z.output<typeof rows.sharedGroupSchema>
export type SubscriptionTotals = z.output<typeof rows.subscriptionTotalsSchema>
export type WhoTotals = z.output<typeof rows.whoTotalsSchema>
export type SeenTopic = z.output<typeof rows.seenTopicSchema>
export type Prospect = z.output<typeof rows.prospectSchema>
export type HistoryEvent = z.output<typeof rows.historyEventSchema>
export type InFlightMessage = z.output<typeof rows.inFlightMessageSchema>
export type QueuedMessage = z.output<typeof rows.queuedMessageSchema>
export type Held = z.output<typeof rows.heldSchema>
export type Dead = z.output<typeof rows.deadSchema>
export type SubscribeEvent = z.output<typeof rows.subscribeEventSchema>
export type HeldMessage = z.output<typeof rows.heldMessageSchema>
export type DeadMessage = z.output<typeof rows.deadMessageSchema>
export type MessageLedger = z.output<typeof rows.messageLedgerSchema>
export type CopyLedger = z.output<typeof rows.copyLedgerSchema>
export type RuleLedger = z.output<typeof rows.ruleLedgerSchema>
export type FateEntry = z.output<typeof rows.fateEntrySchema>
export type Listener = z.output<typeof rows.listenerSchema>
export type Retained = z.output<typeof rows.retainedSchema>
export type RetainedMessage = z.output<typeof rows.retainedMessageSchema>

export type Fault = z.output<typeof answers.faultSchema>
export type Problem = z.output<typeof answers.problemSchema>
export type ClientPage = z.output<typeof answers.clientPageSchema>
export type SessionPage = z.output<typeof answers.sessionPageSchema>
export type HistoryPage = z.output<typeof answers.historyPageSchema>
export type InFlightPage = z.output<typeof answers.inFlightPageSchema>
export type QueuedPage = z.output<typeof answers.queuedPageSchema>
export type SubscriberPage = z.output<typeof answers.subscriberPageSchema>
export type FilterPage = z.output<typeof answers.filterPageSchema>
export type SharedGroupPage = z.output<typeof answers.sharedGroupPageSchema>
export type TopicPage = z.output<typeof answers.topicPageSchema>
export type ListenersOfTopicPage = z.output<typeof answers.listenersPageSchema>
export type ListenerPage = z.output<typeof answers.listenerPageSchema>
export type RetainedPage = z.output<typeof answers.retainedPageSchema>
export type HeldPage = z.output<typeof answers.heldPageSchema>
export type DeadPage = z.output<typeof answers.deadPageSchema>
export type TracePage = z.output<typeof answers.tracePageSchema>
export type Ledger = z.output<typeof answers.ledgerSchema>
export type Done = z.output<typeof answers.doneSchema>
export type Purged = z.output<typeof answers.purgedSchema>
export type Warning = z.output<typeof answers.warningSchema>
export type Rates = z.output<typeof answers.ratesSchema>
export type Overview = z.output<typeof answers.overviewSchema>
export type Published = z.output<typeof answers.publishedSchema>
export type BulkPublished = z.output<typeof answers.bulkPublishedSchema>
export type Receipt = z.output<typeof answers.receiptSchema>
export type ConfigEntry = z.output<typeof answers.configEntrySchema>
export type Config = z.output<typeof answers.configSchema>
export type Reloaded = z.output<typeof answers.reloadedSchema>
export type AccessTest = z.output<typeof answers.accessTestSchema>
export type Me = z.output<typeof answers.meSchema>
export type ApiKey = z.output<typeof answers.apiKeySchema>
export type ApiKeyPage = z.output<typeof answers.apiKeyPageSchema>
export type NewApiKey = z.output<typeof answers.newApiKeySchema>
export type Readiness = z.output<typeof answers.readinessSchema>

export type Publish = z.input<typeof bodies.publishSchema>
export type BulkPublish = z.input<typeof bodies.bulkPublishSchema>
export type Which = z.input<typeof bodies.whichSchema>
export type Subscribe = z.input<typeof bodies.subscribeSchema>
export type Login = z.input<typeof bodies.loginSchema>
export type ChangePassword = z.input<typeof bodies.changePasswordSchema>
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
export type PagingQuery = QueryOf<typeof queries.pagingQuery>
export type AccountQuery = QueryOf<typeof queries.accountQuery>
export type SessionsQuery = QueryOf<typeof queries.sessionsQuery>
export type SessionQuery = QueryOf<typeof queries.sessionQuery>
export type QueueQuery = QueryOf<typeof queries.queueQuery>
export type HistoryQuery = QueryOf<typeof queries.historyQuery>
export type SubscriptionsQuery = QueryOf<typeof queries.subscriptionsQuery>
export type FilterQuery = QueryOf<typeof queries.filterQuery>
export type RetainedQuery = QueryOf<typeof queries.retainedQuery>
export type HeldQuery = QueryOf<typeof queries.heldQuery>
export type DeadQuery = QueryOf<typeof queries.deadQuery>
export type TraceQuery = QueryOf<typeof queries.traceQuery>
export type OwnSubscription = z.output<typeof rows.ownSubscriptionSchema>
export type OwnSubscriptionPage = z.output<typeof answers.ownSubscriptionPageSchema>
