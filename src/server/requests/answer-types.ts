/**
 * What the answers to requests hold, for whoever asks.
 */
export type { Client } from '../../core/query/clients.ts'
export type { SeenTopic } from '../../core/query/topics.ts'
export type { BacklogCounts, Subscriber } from '../../core/query/who-listens.ts'
export type { WhoTotals } from '../../core/query/who-totals.ts'
export type { Dead, Done, Held, HeldContent } from './held.ts'
