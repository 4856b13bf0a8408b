/**
 * What every client is owed, told in the plainest way: Sessions, Subscriptions, Retained Messages, wills and time.
 *
 * Nothing of the broker's routing is used but the definition of what a Topic Filter matches. A Shared Subscription owes a
 * message to one member, whichever; everything else is foretold exactly.
 */
import { topicFilterMatches } from '../../src/core/routing/topic-filter.ts'
import type { Subscribe, SubscriptionRequest, WillMessage } from '../../src/protocol/control-packet.ts'

export interface ModelMessage {
  /** No other message has it. */
  readonly label: string
  /** Deletes the Retained Message. */
  readonly isEmpty: boolean
  readonly topicName: string
  readonly qos: number
  readonly retain: boolean
  /** More than a client with a Maximum Packet Size takes. */
  readonly isLarge: boolean
  readonly isWill: boolean
  readonly publisher: ModelSession | null
  readonly expiresMs: number
}

/** The form in which a copy must arrive. */
export interface Form {
  readonly qos: number
  readonly retain: boolean
  readonly identifiers: readonly number[]
}

/** A copy that one Session must get, in its place among the others. */
export interface Owed extends Form {
  readonly message: ModelMessage
  hasArrived: boolean
  /** A crash came before it was durable. */
  isLost: boolean
  /** It arrived before a crash, and comes again as a repetition. */
  mustBeDup: boolean
  /** It may have been dropped, for a reason that is allowed. */
  mayBeMissing: boolean
}

/** A copy that one of several Sessions must get. */
export interface OwedToGroup {
  readonly message: ModelMessage
  readonly topicFilter: string
  readonly forms: Map<ModelSession, Form>
  arrivals: number
  mayBeMissing: boolean
}

interface ModelSubscription extends SubscriptionRequest {
  readonly identifier: number
}

/** A monitor is no listener. */
function observes(topicFilter: string): boolean {
  return /^(?:\$share\/[^/]+\/)?#$/.test(topicFilter)
}

export class ModelSession {
  readonly clientIdentifier: string
  readonly takesLarge: boolean
  /** What its records call it; 0 while it has none. */
  number = 0
  expiryInterval: number
  isOnline = true
  hasEnded = false
  /** Did not read for a while: QoS 0 copies may have been dropped. */
  wasSlow = false
  readonly subscriptions = new Map<string, ModelSubscription>()
  /** Shared Subscriptions it has or had. */
  readonly sharedFilters = new Set<string>()
  readonly owed: Owed[] = []
  /** QoS 2 Packet Identifiers of the client between PUBLISH and PUBREL. */
  readonly inbound = new Set<number>()
  will: (() => ModelMessage) | null = null
  willDelaySeconds = 0
  willAtMs = Number.POSITIVE_INFINITY
  endsAtMs = Number.POSITIVE_INFINITY

  constructor(clientIdentifier: string, takesLarge: boolean, expiryInterval: number) {
    this.clientIdentifier = clientIdentifier
    this.takesLarge = takesLarge
    this.expiryInterval = expiryInterval
  }

  get survives(): boolean {
    return this.expiryInterval > 0
  }
}

/** What publishing came to. */
export interface Outcome {
  /** Sessions and shared groups it goes to that do not only observe. */
  readonly matched: number
  /** Sessions whose copies must be durable before it is acknowledged. */
  readonly durable: readonly ModelSession[]
}

export interface ModelConnect {
  readonly clientIdentifier: string
  readonly takesLarge: boolean
  readonly cleanStart: boolean
  readonly expiryInterval: number
  readonly will: WillMessage | null
  readonly makeWill: (publisher: ModelSession) => ModelMessage
}

export class Model {
  readonly sessions = new Map<string, ModelSession>()
  readonly retained = new Map<string, ModelMessage>()
  /** All there ever were, by label. */
  readonly messages = new Map<string, ModelMessage>()
  readonly owedToGroups: OwedToGroup[] = []
  /** Queues are so short that a Will Message may find no room. */
  willsMayBeDropped = false

  publish(message: ModelMessage): Outcome {
    this.messages.set(message.label, message)
    if (message.retain && message.isEmpty) this.retained.delete(message.topicName)
    else if (message.retain) this.retained.set(message.topicName, message)
    const durable: ModelSession[] = []
    const groups = new Map<string, OwedToGroup>()
    let matched = 0
    for (const session of this.sessions.values()) {
      const parts = this.#matching(session, message, groups)
      if (parts.length === 0) continue
      if (parts.some(({ topicFilter }) => !observes(topicFilter))) matched += 1
      const form = {
        qos: Math.min(message.qos, Math.max(...parts.map((part) => part.qos))),
        retain: message.retain && parts.some((part) => part.retainAsPublished),
        identifiers: parts.map((part) => part.identifier).filter((identifier) => identifier > 0),
      }
      this.#owe(session, message, form)
      if (form.qos > 0 && session.survives) durable.push(session)
    }
    this.owedToGroups.push(...groups.values())
    const listening = [...groups.keys()].filter((topicFilter) => !observes(topicFilter))
    return { matched: matched + listening.length, durable }
  }

  /** The Subscriptions that give the Session a copy of its own; shared ones are collected in `groups`. */
  #matching(session: ModelSession, message: ModelMessage, groups: Map<string, OwedToGroup>): ModelSubscription[] {
    const parts: ModelSubscription[] = []
    for (const subscription of session.subscriptions.values()) {
      const { topicFilter } = subscription
      const isShared = topicFilter.startsWith('$share/')
      const filter = isShared ? topicFilter.split('/').slice(2).join('/') : topicFilter
      if (!topicFilterMatches(filter, message.topicName)) continue
      if (!isShared) {
        if (!(subscription.noLocal && message.publisher === session)) parts.push(subscription)
        continue
      }
      const group = groups.get(topicFilter) ?? {
        message,
        topicFilter,
        forms: new Map(),
        arrivals: 0,
        mayBeMissing: message.qos === 0 || (message.isWill && this.willsMayBeDropped),
      }
      groups.set(topicFilter, group)
      const form = {
        qos: Math.min(message.qos, subscription.qos),
        retain: message.retain && subscription.retainAsPublished,
        identifiers: subscription.identifier > 0 ? [subscription.identifier] : [],
      }
      group.forms.set(session, form)
      if (form.qos === 0 || (message.isLarge && !session.takesLarge)) group.mayBeMissing = true
    }
    return parts
  }

  subscribe(session: ModelSession, request: SubscriptionRequest, packet: Subscribe, nowMs: number): void {
    const identifier = packet.properties.subscriptionIdentifier ?? 0
    const { topicFilter, retainHandling } = request
    const isNew = !session.subscriptions.has(topicFilter)
    session.subscriptions.set(topicFilter, { ...request, identifier })
    if (topicFilter.startsWith('$share/')) {
      session.sharedFilters.add(topicFilter)
      return
    }
    if (retainHandling === 2 || (retainHandling === 1 && !isNew)) return
    for (const message of this.retained.values()) {
      if (message.expiresMs <= nowMs || !topicFilterMatches(topicFilter, message.topicName)) continue
      const identifiers = identifier > 0 ? [identifier] : []
      this.#owe(session, message, { qos: Math.min(message.qos, request.qos), retain: true, identifiers })
    }
  }

  /** Returns the Session, and whether it was there before. */
  connect(fields: ModelConnect, nowMs: number): { session: ModelSession; isPresent: boolean } {
    const { clientIdentifier, takesLarge, cleanStart, expiryInterval, will } = fields
    const stored = this.sessions.get(clientIdentifier)
    if (stored?.isOnline === true) this.detach(stored, false, nowMs)
    if (stored !== undefined && cleanStart) this.end(stored)
    const isPresent = stored !== undefined && !stored.hasEnded
    const session = isPresent ? stored : new ModelSession(clientIdentifier, takesLarge, expiryInterval)
    this.sessions.set(clientIdentifier, session)
    session.expiryInterval = expiryInterval
    session.isOnline = true
    session.will = will === null ? null : () => fields.makeWill(session)
    session.willDelaySeconds = will?.properties.willDelayInterval ?? 0
    session.willAtMs = Number.POSITIVE_INFINITY
    session.endsAtMs = Number.POSITIVE_INFINITY
    return { session, isPresent }
  }

  detach(session: ModelSession, saidGoodbye: boolean, nowMs: number): void {
    session.isOnline = false
    for (const owed of session.owed) if (owed.qos === 0) owed.mayBeMissing = true
    if (saidGoodbye) session.will = null
    if (!session.survives) {
      this.end(session)
      return
    }
    session.endsAtMs = nowMs + session.expiryInterval * 1000
    if (session.will !== null) session.willAtMs = nowMs + session.willDelaySeconds * 1000
    if (session.willAtMs <= nowMs) this.#publishWill(session)
  }

  end(session: ModelSession): void {
    session.hasEnded = true
    if (this.sessions.get(session.clientIdentifier) === session) this.sessions.delete(session.clientIdentifier)
    this.giveUpShares(session)
    this.#publishWill(session)
  }

  /** What it has of shared groups moves on to other members, or to nobody. */
  giveUpShares(session: ModelSession): void {
    for (const group of this.owedToGroups) if (group.forms.has(session)) group.mayBeMissing = true
  }

  /** Wills and ends that are due. */
  advance(nowMs: number): void {
    for (const session of [...this.sessions.values()]) if (!session.isOnline) this.advanceSession(session, nowMs)
  }

  advanceSession(session: ModelSession, nowMs: number): void {
    if (session.endsAtMs <= nowMs) this.end(session)
    else if (session.willAtMs <= nowMs) this.#publishWill(session)
  }

  #publishWill(session: ModelSession): void {
    const { will } = session
    session.will = null
    session.willAtMs = Number.POSITIVE_INFINITY
    if (will !== null) this.publish(will())
  }

  #owe(session: ModelSession, message: ModelMessage, form: Form): void {
    if (message.isLarge && !session.takesLarge) return
    if (form.qos === 0 && !session.isOnline) return
    const mayBeMissing = message.isWill && this.willsMayBeDropped
    const fate = { hasArrived: false, isLost: false, mustBeDup: false, mayBeMissing }
    session.owed.push({ ...form, message, ...fate })
  }
}

/** The same but for the QoS. */
export function isSameForm(one: Form, other: Form): boolean {
  return one.retain === other.retain && String([...one.identifiers].sort()) === String([...other.identifiers].sort())
}

/** Somebody of the group has to get it at the time. */
export function mustArrive({ mayBeMissing, message }: OwedToGroup, nowMs: number): boolean {
  return !mayBeMissing && message.expiresMs > nowMs
}

/** It is there, or there is a reason why it is not. */
export function isSettled(owed: Owed, session: ModelSession, nowMs: number): boolean {
  if (owed.hasArrived || owed.mayBeMissing || owed.message.expiresMs <= nowMs) return true
  return owed.qos === 0 && session.wasSlow
}
