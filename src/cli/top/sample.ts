/**
 * What `pabal top` asks of the broker each time, and the rates between two such samples.
 */
import type {
  Client,
  CopyLedger,
  MessageLedger,
  RuleLedger,
  SeenTopic,
  TrafficBytes,
} from '../../server/requests/answer-types.ts'
import type { AskClient } from '../ask/ask-client.ts'

export interface Sample {
  readonly atMs: number
  readonly connections: number
  readonly sessions: number
  readonly held: Sizes
  readonly dead: Sizes
  readonly messages: MessageLedger
  readonly copies: CopyLedger
  readonly owed: number
  readonly traffic: TrafficBytes
  /** PUBLISH packets received that were no requests. */
  readonly received: number
  /** Copies that clients have got, but for answers to us. */
  readonly sent: number
  readonly topics: readonly SeenTopic[]
  readonly backlogs: readonly Client[]
}

export interface Sizes {
  readonly messages: number
  readonly bytes: number
}

/** Messages and bytes in a second. */
export interface Rates {
  readonly received: number
  readonly sent: number
  readonly bytesReceived: number
  readonly bytesSent: number
  /** Messages and copies that nobody got. */
  readonly undelivered: number
}

const topicsMost = 200
const backlogsMost = 50
const requestsOfSample = 5

export class Sampler {
  readonly #client: AskClient
  #answersBefore = 0

  constructor(client: AskClient) {
    this.#client = client
  }

  /** @throws AskFault */
  async take(): Promise<Sample> {
    const limit = 1000
    // The broker sends what its own types say; more than a page of rules is not needed.
    const clients = (await this.#client.ask('clients', { backlogs: backlogsMost, limit })) as unknown as ClientsAnswer
    const topics = (await this.#client.ask('topics', { busiest: topicsMost, limit })) as unknown as TopicsAnswer
    const { held } = (await this.#client.ask('held', { limit: 1 })) as unknown as { held: Sizes }
    const { dead } = (await this.#client.ask('dead', { limit: 1 })) as unknown as { dead: Sizes }
    const ledger = (await this.#client.ask('ledger', { limit })) as unknown as LedgerAnswer
    const { messages, copies, owed, traffic, rules, atMs } = ledger
    this.#answersBefore += requestsOfSample
    return {
      atMs,
      connections: clients.connections,
      sessions: clients.sessions,
      held,
      dead,
      messages,
      copies,
      owed,
      traffic,
      received: messages.received - (rules.at(-1)?.received ?? 0),
      sent: copies.fates.acknowledged + copies.fates.sentQos0 - this.#answersBefore,
      topics: topics.topics,
      backlogs: clients.clients,
    }
  }
}

interface ClientsAnswer {
  readonly connections: number
  readonly sessions: number
  readonly clients: readonly Client[]
}

interface TopicsAnswer {
  readonly topics: readonly SeenTopic[]
}

interface LedgerAnswer {
  readonly atMs: number
  readonly messages: MessageLedger
  readonly copies: CopyLedger
  readonly owed: number
  readonly traffic: TrafficBytes
  readonly rules: readonly RuleLedger[]
}

/** Messages that nobody listened for, and copies that clients go without, since the broker was started. */
export function lost({ messages, copies }: Pick<Sample, 'messages' | 'copies'>) {
  const { unmatched, refused, expired, droppedHoldFull } = messages.fates
  const { droppedTooLarge, droppedOffline, droppedSlow, droppedQueueFull, accessRevoked } = copies.fates
  const droppedByOperator = messages.fates.droppedByOperator + copies.fates.droppedByOperator
  const copiesDropped = droppedTooLarge + droppedOffline + droppedSlow + droppedQueueFull + accessRevoked
  return {
    unmatched,
    refused,
    expired: expired + copies.fates.expired,
    dropped: droppedHoldFull + droppedByOperator + copiesDropped,
  }
}

export function ratesBetween(before: Sample, after: Sample): Rates {
  const seconds = Math.max(0.001, (after.atMs - before.atMs) / 1000)
  const rate = (one: number, other: number): number => Math.max(0, other - one) / seconds
  return {
    received: rate(before.received, after.received),
    sent: rate(before.sent, after.sent),
    bytesReceived: rate(before.traffic.bytesReceived, after.traffic.bytesReceived),
    bytesSent: rate(before.traffic.bytesSent, after.traffic.bytesSent),
    undelivered: rate(lostInAll(before), lostInAll(after)),
  }
}

function lostInAll(sample: Sample): number {
  return Object.values(lost(sample)).reduce((sum, each) => sum + each, 0)
}
