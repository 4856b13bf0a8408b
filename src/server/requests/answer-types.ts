/**
 * What the answers to requests hold, for whoever asks.
 */
export type { AccessTest } from '../../core/query/access-test.ts'
export type { Client } from '../../core/query/clients.ts'
export type { CopyLedger, MessageLedger, RuleLedger } from '../../core/query/ledger.ts'
export type { SharedGroupCounts } from '../../core/query/shared-groups.ts'
export type { SeenTopic } from '../../core/query/topics.ts'
export type { TraceEntry as FateEntry, TraceTotals } from '../../core/query/trace.ts'
export type { BacklogCounts, Subscriber } from '../../core/query/who-listens.ts'
export type { WhoTotals } from '../../core/query/who-totals.ts'
export type { CopyFate, MessageFate } from '../../core/routing/fate.ts'
export type { ClientHistoryEvent } from '../client-history.ts'
export type { MessageContent } from './content.ts'
export type { InFlightMessage, QueuedMessage } from './copies.ts'
export type { Dead, Done, Held } from './held.ts'
export type { TrafficBytes } from './ledger.ts'
export type { QueuePurged, SubscribedForClient } from './session-acts.ts'
export type { Prospect } from './who.ts'
