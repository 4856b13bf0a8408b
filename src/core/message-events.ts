/**
 * Events about messages and copies: whether anybody wants them, and how many of them there are at most. @hot
 *
 * Nothing is made while nobody listens, and never more than so many in a second: those that are left out are counted, and told
 * of in one event when the second is over. There is none about what the broker itself publishes: each would lead to another.
 */
import type { BrokerEvent, CopyDroppedEvent, MessageFateEvent, MessageFateEventType } from './event.ts'
import type { Message } from './message.ts'
import type { CopyFate, MessageFate, NotedMessage, Publisher } from './routing/fate.ts'

const windowMs = 1000

const eventTypes: Readonly<Record<MessageFate, MessageFateEventType | null>> = {
  routed: null,
  retainedOnly: null,
  unmatched: 'messageUnmatched',
  held: 'messageHeld',
  deadLettered: 'messageDeadLettered',
  refused: 'messageRefused',
  expired: 'messageExpired',
  droppedHoldFull: 'messageDropped',
  droppedByOperator: 'messageDropped',
  // What it is published as has a fate of its own.
  republished: null,
}

const dropReasons: Readonly<Record<CopyFate, CopyDroppedEvent['reason'] | null>> = {
  acknowledged: null,
  refusedByClient: 'refused',
  sentQos0: null,
  // The Session's own event says it for all of them.
  sessionEnded: null,
  // As above.
  droppedByOperator: null,
  expired: 'expired',
  droppedTooLarge: 'too-large',
  droppedOffline: 'offline',
  droppedSlow: 'slow',
  droppedQueueFull: 'queue-full',
  deadLettered: 'dead-lettered',
  accessRevoked: 'not-allowed',
}

export class MessageEvents {
  perSecondMax: number
  /** Somebody listens. */
  isWatched = false
  /** What happened, oldest first: whoever drives the core takes it out. */
  readonly news: BrokerEvent[] = []
  #hostTypes: ReadonlySet<string> = new Set()
  #clientsListen = false
  #windowEndsMs = 0
  #made = 0
  #leftOut = 0

  constructor(perSecondMax: number) {
    this.perSecondMax = perSecondMax
  }

  /** Which of them code in this process wants to know: others take no part of the bound. */
  set hostTypes(types: ReadonlySet<string>) {
    this.#hostTypes = types
    this.isWatched = types.size > 0 || this.#clientsListen
  }

  /** A client has a Subscription for them. */
  set clientsListen(clientsListen: boolean) {
    this.#clientsListen = clientsListen
    this.isWatched = clientsListen || this.#hostTypes.size > 0
  }

  /** When what was left out is to be told of; Infinity if nothing was. */
  get dueMs(): number {
    return this.#leftOut === 0 ? Number.POSITIVE_INFINITY : this.#windowEndsMs
  }

  /** `messageId` is that of its entry in the log of fates. */
  tellOfMessage(fate: MessageFate, rule: string, noted: NotedMessage, messageId: number | null, nowMs: number): void {
    const type = eventTypes[fate]
    if (type === null || !this.#isWanted(type) || !this.#takes(nowMs)) return
    const { topicName, qos, retain, size, publisher, reason } = noted
    const event: MessageFateEvent<MessageFateEventType> = {
      type,
      topicName,
      qos,
      retain,
      size,
      account: publisher?.account ?? null,
      clientIdentifier: publisher?.clientIdentifier ?? null,
      rule,
      reason,
      messageId,
    }
    // One of the members of the union, whichever its type says.
    this.news.push(event as BrokerEvent)
  }

  /** `message` is null if it is not in memory: then nobody knows what it was about, and it counts as left out. */
  tellOfCopy(fate: CopyFate, to: Publisher, message: Message | null, nowMs: number): void {
    const reason = dropReasons[fate]
    if (reason === null || !this.#isWanted('copyDropped')) return
    if (message === null) {
      this.tellLeftOut(nowMs)
      if (nowMs >= this.#windowEndsMs) this.#beginWindow(nowMs)
      this.#leftOut += 1
      return
    }
    if (message.topicName.startsWith('$') || !this.#takes(nowMs)) return
    const { account, clientIdentifier } = to
    const { topicName, size, entryId } = message
    const { qos } = message.publish
    const messageId = entryId === 0 ? null : entryId
    this.news.push({ type: 'copyDropped', clientIdentifier, account, reason, topicName, qos, size, messageId })
  }

  /** Says how many were left out in the second that is over, if any. */
  tellLeftOut(nowMs: number): void {
    if (this.#leftOut === 0 || nowMs < this.#windowEndsMs) return
    this.news.push({ type: 'eventsLeftOut', count: this.#leftOut })
    this.#leftOut = 0
  }

  #isWanted(type: BrokerEvent['type']): boolean {
    return this.#clientsListen || this.#hostTypes.has(type)
  }

  #takes(nowMs: number): boolean {
    if (nowMs >= this.#windowEndsMs) {
      this.tellLeftOut(nowMs)
      this.#beginWindow(nowMs)
    }
    if (this.#made < this.perSecondMax) {
      this.#made += 1
      return true
    }
    this.#leftOut += 1
    return false
  }

  #beginWindow(nowMs: number): void {
    this.#windowEndsMs = nowMs + windowMs
    this.#made = 0
  }
}
