/**
 * Everything the broker knows, in one place: what `BrokerCore` hands to the functions that decide.
 *
 * Shared by the functions that decide; it has no behaviour of its own beyond keeping itself in step.
 */
import type { AccessPolicy } from './access/access-policy.ts'
import { AccessRules } from './access/access-rules.ts'
import { BanList } from './access/ban-list.ts'
import type { IdentifierPatterns } from './access/identifier-patterns.ts'
import { type AskReceive, Receiving } from './access/receiving.ts'
import type { Connection } from './connection/connection.ts'
import { Headcount } from './connection/headcount.ts'
import { Deadlines } from './deadlines.ts'
import { Drains } from './held/drain.ts'
import { HeldMessages } from './held/held-messages.ts'
import type { ReachedLimits } from './limit-reached.ts'
import type { Limits } from './limits.ts'
import { writeSessionRecord } from './log.ts'
import type { Message } from './message.ts'
import { MessageEvents } from './message-events.ts'
import type { MessageTracer } from './message-tracer.ts'
import { OwedMessages } from './owed/owed-messages.ts'
import type { Seq } from './record.ts'
import { LiveRecords } from './rest/live-records.ts'
import { MessageBodies } from './rest/message-bodies.ts'
import { MessageTimes } from './rest/message-times.ts'
import { RecipientSets } from './rest/recipient-sets.ts'
import { type CopyFate, Tally } from './routing/fate.ts'
import { type DeliveryTimes, FateLog } from './routing/fate-log.ts'
import { OwnWatchers } from './routing/own-watchers.ts'
import { RetainedMessages } from './routing/retained-messages.ts'
import { type Observers, Subscriptions } from './routing/subscriptions.ts'
import { type RuleDefaults, type TopicRuleOptions, TopicRules } from './routing/topic-rule.ts'
import { TopicsSeen } from './routing/topics-seen.ts'
import type { Copy } from './session/copy.ts'
import type { Session } from './session/session.ts'
import { Sessions } from './session/sessions.ts'
import { UnderWay } from './session/under-way.ts'
import type { Wake } from './session/wake.ts'
import { SysTopics } from './sys/sys-topics.ts'
import { type About, nowhere } from './sys/sys-values.ts'
import { Traffic } from './sys/traffic.ts'
import type { Turn } from './turn.ts'
import { isVain } from './vain-deadline.ts'

/**
 * What happens to a message when the queue of a Session it is for is full: the publisher is refused; or, for durable
 * Sessions, the queue goes on in the store up to a second bound and is refused there; or the Session's oldest message is
 * given up; or the new one is not for it, and is published as a dead letter, or not. What is dropped is counted.
 */
export type WhenQueueFull = 'refuse' | 'spill' | 'drop-oldest' | 'drop-newest' | 'dead-letter'

/**
 * Where a Client Identifier is one client's own. `broker`: while an account has a Session with it, no other account may begin one;
 * `account`: every account has Client Identifiers of its own.
 */
export type ClientIdentifierScope = 'broker' | 'account'

export const clientIdentifierScopes: readonly ClientIdentifierScope[] = Object.freeze(['broker', 'account'])

/** What the host offers to answer; everything else is allowed. */
export interface CoreOptions {
  limits: Limits
  /** CONNECT without an Authentication Method is asked about. */
  asksAuthentication: boolean
  /** Names of the Authentication Methods that can be asked about. */
  authenticationMethods: ReadonlySet<string>
  /** Publishing and subscribing is asked about. */
  asksAuthorization: boolean
  /** So is who may see who listens. If neither is, nobody may but code in this process. */
  asksObservation?: boolean
  /** Who may do what. Default: nobody is denied anything. */
  access?: AccessPolicy | null
  /** Who may receive what of that which the rules allow. Default: nobody is asked. */
  asksReceive?: AskReceive | null
  /** Prefix of the Response Information sent to clients that ask for it [MQTT-3.1.2-28]; null for none. */
  responseTopicPrefix: string | null
  /** Default `broker`. */
  clientIdentifierScope?: ClientIdentifierScope
  /** Which of them an account may take. Default: any. */
  clientIdentifiers?: IdentifierPatterns | null
  whenQueueFull: WhenQueueFull
  /** Where dead letters are published. Default `dead-letters`. */
  deadLetterTopicName?: string
  /** In order: the first whose Topic Filter matches decides. Default none: then everything is reported. */
  topicRules?: readonly Partial<TopicRuleOptions>[]
  /** Whose Subscriptions do not count as listeners. Default: those to `#` and `+/#`. */
  observers?: Observers
  /** What the host says of itself below `$SYS`. */
  about?: About
  /** Where the host counts how long copies take until they are acknowledged. */
  deliveryTimes?: DeliveryTimes
  /** Records can be read again: messages that wait need not all be in memory, and a restart finds them. */
  isDurable: boolean
}

export interface QueueBounds {
  readonly messagesMax: number
  readonly bytesMax: number
}

/** A copy of a message that something is owed for has its fate. */
export interface Ending {
  readonly fate: CopyFate
  readonly session: Session
  readonly messageSeq: Seq
  /** Another member of its shared group has got it in its place. */
  hasMoved: boolean
}

/** A monitor that gets everything must not make "nobody" never true. */
export const defaultObservers: Observers = Object.freeze({
  accounts: new Set<string>(),
  filters: new Set(['#', '+/#']),
})

const unbounded: QueueBounds = { messagesMax: Number.POSITIVE_INFINITY, bytesMax: Number.POSITIVE_INFINITY }

/** What a rule has that says nothing of its own. */
export function ruleDefaultsOf(
  options: Pick<CoreOptions, 'limits' | 'deadLetterTopicName' | 'whenQueueFull'>,
): RuleDefaults {
  const { heldMessagesPerTopicMax, heldBytesPerTopicMax, heldSecondsMax } = options.limits
  return {
    deadLetterTopicName: options.deadLetterTopicName ?? 'dead-letters',
    heldMessagesMax: heldMessagesPerTopicMax,
    heldBytesMax: heldBytesPerTopicMax,
    heldSecondsMax,
    whenQueueFull: options.whenQueueFull,
  }
}

/** Settled copies are written down at latest after this long; a crash repeats at most that much of QoS 1. */
const settledDelayMs = 100

export class CoreState {
  // What each message looks at stands first and together, as in `Connection`.
  /** When the input came that is being worked on: for what is told of it, never for a decision. */
  nowMs = 0
  readonly options: CoreOptions
  readonly limits: Limits
  /** The process takes more memory than it may. */
  memoryIsShort = false
  /** False while the store refuses: then nothing that needs a record is taken in. */
  storeTakesMessages = true
  readonly subscriptions: Subscriptions
  /** What was published to lately. */
  readonly topics: TopicsSeen
  readonly tally = new Tally()
  readonly rules: TopicRules
  /** Messages that wait for a listener, and what is left to do about those that have found one. */
  readonly held = new HeldMessages()
  readonly fateLog: FateLog
  readonly messageEvents: MessageEvents
  /** Who follows single messages; null for nobody. */
  tracer: MessageTracer | null = null
  /** Messages something is owed for. */
  readonly owed: OwedMessages
  /** Copies of those that have ended in this input. */
  readonly endings: Ending[] = []
  /** Make an event for every admitted message. */
  reportsMessages = false
  readonly sessions = new Sessions()
  readonly connections = new Set<Connection>()
  /** Of remote addresses, from the moment on they are opened. */
  readonly connectionsByAddress = new Headcount()
  /** Of accounts, those that are in. */
  readonly connectionsByAccount = new Headcount()
  /** Who may not come in. The host keeps them: what is here is durable already. */
  readonly bans = new BanList()
  /** How often something was refused because of a limit. */
  readonly reachedLimits: ReachedLimits = {}
  readonly retained: RetainedMessages
  readonly deadlines = new Deadlines((deadline) => isVain(this, deadline))
  readonly drains = new Drains()
  readonly underWay = new UnderWay()
  readonly traffic = new Traffic()
  readonly sys: SysTopics
  /** The Packet Identifier that most copies of the last message to many went out under. */
  lastSharedPacketId = 0
  /** Records that are still needed. */
  readonly live = new LiveRecords()
  readonly recipientSets = new RecipientSets()
  readonly messageTimes = new MessageTimes()
  readonly bodies: MessageBodies
  /** Sessions whose snapshot is not what they are; stays empty where there are no snapshots. */
  readonly changed = new Set<Session>()
  /** Place of the last record written down. */
  lastSeq = 0
  /** When the last event asked for clients to be woken. */
  readonly wakes = new Map<Session, Wake>()
  /** Connections with Retained Messages still to be sent. */
  readonly retainedDeliveries = new Set<Connection>()
  /** Bytes of all PUBLISH packets that wait for the store. */
  parkedBytes = 0
  isStopping = false
  #queueBounds: QueueBounds = unbounded
  #spillBounds: QueueBounds = unbounded
  #settled = new Set<Session>()

  constructor(options: CoreOptions) {
    // Of our own: both may change while the broker runs.
    this.options = { ...options }
    this.limits = { ...options.limits }
    this.owed = new OwedMessages(this.limits, options.isDurable)
    this.bodies = new MessageBodies(options.isDurable ? options.limits.queueMemoryBytesMax : Number.POSITIVE_INFINITY)
    this.rules = new TopicRules(options.topicRules ?? [], ruleDefaultsOf(options))
    this.topics = new TopicsSeen(options.limits.topicsSeenMax)
    const watchers = new OwnWatchers(() => {
      this.messageEvents.clientsListen = watchers.messageEvents > 0
    })
    const observers = options.observers ?? defaultObservers
    this.subscriptions = new Subscriptions(this.rules, observers, this.topics, watchers)
    this.accessChanged()
    this.sys = new SysTopics(options.limits.sysIntervalSeconds, options.about ?? nowhere)
    const { fateLogMessagesMax, fateLogPerSecondMax } = options.limits
    this.fateLog = new FateLog(fateLogMessagesMax, fateLogPerSecondMax, options.deliveryTimes)
    this.messageEvents = new MessageEvents(options.limits.messageEventsPerSecondMax)
    this.retained = new RetainedMessages((seq) => this.release(seq, seq))
    this.limitsChanged()
  }

  /** Who may do what; null: nobody is denied anything. */
  get access(): AccessRules | null {
    return this.subscriptions.access?.rules ?? null
  }

  /** Whether it matters to anybody which groups a client is in. */
  get asksForGroups(): boolean {
    return this.access?.dependsOnGroups === true || this.receiving?.asks === true
  }

  /** Who may receive what; null: nobody is denied anything. */
  get receiving(): Receiving | null {
    return this.subscriptions.access
  }

  /** To be called after `access` or `asksReceive` was changed among the options; whatever was decided by them before is void. */
  accessChanged(): void {
    const { access = null, asksReceive = null } = this.options
    const rules = access === null ? null : new AccessRules(access)
    this.subscriptions.access = rules === null && asksReceive === null ? null : new Receiving(rules, asksReceive)
    // Each route knows who may receive.
    this.subscriptions.changed()
  }

  /** To be called after a limit was changed in place. */
  limitsChanged(): void {
    const { sessionQueueMessagesMax, sessionQueueBytesMax, sessionSpillMessagesMax, sessionSpillBytesMax } = this.limits
    this.#queueBounds = { messagesMax: sessionQueueMessagesMax, bytesMax: sessionQueueBytesMax }
    this.#spillBounds = this.options.isDurable
      ? { messagesMax: sessionSpillMessagesMax, bytesMax: sessionSpillBytesMax }
      : this.#queueBounds
    if (this.options.isDurable) this.bodies.bytesMax = this.limits.queueMemoryBytesMax
    this.fateLog.perSecondMax = this.limits.fateLogPerSecondMax
    this.messageEvents.perSecondMax = this.limits.messageEventsPerSecondMax
    this.sys.intervalSeconds = this.limits.sysIntervalSeconds
  }

  opened(connection: Connection): void {
    this.connections.add(connection)
    this.connectionsByAddress.add(connection.address)
  }

  /** How much may wait in one Session of the messages with this policy. */
  queueBounds(survives: boolean, whenQueueFull: WhenQueueFull): QueueBounds {
    return survives && whenQueueFull === 'spill' ? this.#spillBounds : this.#queueBounds
  }

  /** A copy is on its way: every one comes here once. */
  beginCopy(session: Session, messageSeq: Seq): void {
    this.tally.created += 1
    if (this.owed.size > 0) this.owed.get(messageSeq)?.begin(session)
  }

  /** The same for one of each member of a set. */
  beginCopies(members: readonly { readonly session: Session }[], messageSeq: Seq): void {
    this.tally.created += members.length
    if (this.owed.size === 0) return
    const obligation = this.owed.get(messageSeq)
    if (obligation !== undefined) for (const { session } of members) obligation.begin(session)
  }

  /** A copy has its fate: every one comes here once. `message` is null if it is not in memory. */
  endCopy(fate: CopyFate, session: Session, messageSeq: Seq, message: Message | null): void {
    // As with messages in `countMessage`.
    if (fate === 'acknowledged') this.tally.copies.acknowledged += 1
    else if (fate === 'sentQos0') this.tally.copies.sentQos0 += 1
    else {
      this.tally.copies[fate] += 1
      session.undelivered += 1
    }
    if (this.owed.size > 0 && this.owed.has(messageSeq)) {
      this.endings.push({ fate, session, messageSeq, hasMoved: false })
    }
    if (message === null ? messageSeq > 0 : message.entryId > 0) {
      this.fateLog.endCopy(fate, session, messageSeq, message, this.nowMs)
    }
    if (message !== null && message.trace !== null) message.trace.ended(fate, session)
    if (this.messageEvents.isWatched) this.messageEvents.tellOfCopy(fate, session, message, this.nowMs)
  }

  /** A message has been made again, from the store or from what is retained. */
  recognise(message: Message): void {
    this.fateLog.recognise(message)
    this.tracer?.recognise(message)
  }

  /** Every record up to `seq` is durable. */
  durable(seq: Seq): void {
    this.bodies.durableSeq = seq
    this.drains.durable(seq)
    this.fateLog.stored(seq)
    this.tracer?.durable(seq)
  }

  /** Whether there is room for a Retained Message of this Topic Name, or one to take the place of. */
  mayRetain(topicName: string, size: number): boolean {
    return this.retainFault(topicName, size) === null
  }

  /** The limit that stands in the way of it; null if none does. */
  retainFault(topicName: string, size: number): 'retainedMessagesMax' | 'retainedBytesMax' | null {
    const before = this.retained.get(topicName)
    if (before === undefined && this.retained.count >= this.limits.retainedMessagesMax) return 'retainedMessagesMax'
    const bytes = this.retained.bytes + size - (before?.size ?? 0)
    // One that is not larger than the one before takes no room.
    return bytes > this.limits.retainedBytesMax && size > (before?.size ?? 0) ? 'retainedBytesMax' : null
  }

  /** Its snapshot must be renewed. */
  noteChanged(session: Session): void {
    if (this.options.isDurable) this.changed.add(session)
  }

  /** A copy with records needs no more work; written down with the next record or soon. */
  settle(session: Session, copy: Copy): void {
    if (session.number > 0) {
      if (session.settledOrders.length === 0) this.#settled.add(session)
      session.settledOrders.push(copy.order)
    }
    this.release(copy.order, copy.messageSeq)
  }

  /** A copy no longer needs its records. */
  release(order: number, messageSeq: number): void {
    if (order !== messageSeq) this.live.release(order)
    if (this.live.release(messageSeq) === 0) this.bodies.forget(messageSeq)
  }

  /** Whether settled copies wait for `writeSettled`. */
  get hasSettled(): boolean {
    return this.#settled.size > 0
  }

  writeSettled(turn: Turn): void {
    for (const session of this.#settled) this.writeSettledOf(session, turn)
    this.#settled.clear()
  }

  writeSettledOf(session: Session, turn: Turn): void {
    const { settledOrders } = session
    if (settledOrders.length === 0) return
    session.settledOrders = []
    if (session.hasEnded) return
    writeSessionRecord(this, turn, session, { type: 'settled', session: session.number, orders: settledOrders })
  }

  /** When settled copies must be written at the latest. */
  settledDeadlineMs(nowMs: number): number {
    return nowMs + settledDelayMs
  }
}
