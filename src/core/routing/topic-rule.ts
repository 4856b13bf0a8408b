/**
 * What the operator wants for the messages of a Topic Filter: above all what happens when nobody listens.
 *
 * Rules stand in order; the first whose Topic Filter matches decides alone. Behind the last there is one that reports.
 * Topic Names that begin with `$` are the broker's own and have no rule.
 */
import type { WhenQueueFull } from '../state.ts'
import { type MessageFates, noMessages } from './fate.ts'
import { topicFilterMatches } from './topic-filter.ts'

/**
 * What happens to a message that no counting Subscription matches.
 *
 * `accept`: acknowledged with success, as the standard has it. `report`: 0x10 No matching subscribers, and counted. `reject`:
 * refused. `hold`: kept until somebody listens. `dead-letter`: published on another Topic Name, with what is to be known.
 */
export type WhenNobody = 'accept' | 'report' | 'reject' | 'hold' | 'dead-letter'

/** Every field of a rule; one that is left out has its default. */
export interface TopicRuleOptions {
  /** Which messages: a Topic Filter, without `$share/`; it does not begin with `$`. */
  filter: string
  /** Default `report`. */
  whenNobody: WhenNobody
  /** False answers 0x00 where it would be 0x10, for clients that take that for a failure. Default true. */
  tellsPublisher: boolean
  /** `reject`: 0x80, 0x83, 0x87, 0x90, 0x97 or 0x99. Default 0x83 Implementation specific error. */
  rejectReasonCode: number
  /** `reject`, for 3.1.1, which has no code to refuse with: `close` the connection, or acknowledge and count the message. Default `close`. */
  rejectOlder: 'close' | 'accept-and-count'
  /** `dead-letter`, here and when a queue is full: the Topic Name it is published on. Default: the broker's. */
  deadLetterTopicName: string
  /** `hold`: messages of one Topic Name that are kept at most. Default: the limit `heldMessagesPerTopicMax`. */
  heldMessagesMax: number
  /** Bytes of Topic Names and payloads that are kept at most on one Topic Name. Default: the limit `heldBytesPerTopicMax`. */
  heldBytesMax: number
  /** Seconds a message is held at most; 0: as long as it lives. Default: the limit `heldSecondsMax`. */
  heldSecondsMax: number
  /** What happens when the queue of a Session is full. Default: as the broker has it. */
  whenQueueFull: WhenQueueFull
  /**
   * When a QoS 1 or 2 message that somebody listens for is acknowledged: `on-receipt`, when it is durable, which is the default;
   * `on-delivery`, when a subscriber has acknowledged; `on-delivery-to-all`, when all have.
   */
  acknowledge: 'on-receipt' | 'on-delivery' | 'on-delivery-to-all'
  /** Seconds such an acknowledgement waits at most: 1 to 3600. Default 30. */
  acknowledgeSecondsMax: number
  /** There is an event when a message is queued for a client that is away. Default false. */
  wake: boolean
}

export class TopicRule {
  /** They may change while the broker runs; the filter does not. */
  options: Readonly<TopicRuleOptions>
  /** Messages under this rule by their fate, since the broker was made. */
  readonly messages: MessageFates = noMessages()
  received = 0
  made = 0
  restored = 0

  constructor(options: Readonly<TopicRuleOptions>) {
    this.options = options
  }
}

/** What a rule leaves open and the broker decides for all. */
export type RuleDefaults = Pick<
  TopicRuleOptions,
  'deadLetterTopicName' | 'heldMessagesMax' | 'heldBytesMax' | 'heldSecondsMax' | 'whenQueueFull'
>

/** What holds where nobody says anything. */
export const ruleDefaults: Readonly<Omit<TopicRuleOptions, keyof RuleDefaults>> = Object.freeze({
  filter: '#',
  whenNobody: 'report',
  tellsPublisher: true,
  rejectReasonCode: 0x83,
  rejectOlder: 'close',
  acknowledge: 'on-receipt',
  acknowledgeSecondsMax: 30,
  wake: false,
})

/** Reason Codes with which `reject` may refuse. */
export const rejectReasonCodes: readonly number[] = Object.freeze([0x80, 0x83, 0x87, 0x90, 0x97, 0x99])

export class TopicRules {
  /** In order; `rest` is the last. */
  #all: readonly TopicRule[]
  /** For everything but `$` that no other matches. */
  readonly rest: TopicRule
  /** For Topic Names that begin with `$`. */
  readonly own: TopicRule
  #retired: readonly TopicRule[] = []

  constructor(rules: readonly Partial<TopicRuleOptions>[], defaults: RuleDefaults) {
    const complete = { ...ruleDefaults, ...defaults }
    this.rest = new TopicRule(complete)
    this.own = new TopicRule(ownOptions(complete))
    this.#all = [...rules.map((rule) => new TopicRule({ ...complete, ...rule })), this.rest]
  }

  get all(): readonly TopicRule[] {
    return this.#all
  }

  /** Those that are no longer in force and have counted something. */
  get retired(): readonly TopicRule[] {
    return this.#retired
  }

  /**
   * Other rules from now on. What was counted stays with its Topic Filter: a rule with the same one goes on counting, one that
   * is left out is kept with its counts, and takes them up again if it comes back.
   */
  replace(rules: readonly Partial<TopicRuleOptions>[], defaults: RuleDefaults): void {
    const complete = { ...ruleDefaults, ...defaults }
    const known = new Map<string, TopicRule>()
    for (const rule of [...this.#retired, ...this.#all]) if (rule !== this.rest) known.set(rule.options.filter, rule)
    const all = rules.map((given) => {
      const options = { ...complete, ...given }
      const rule = known.get(options.filter) ?? new TopicRule(options)
      known.delete(options.filter)
      rule.options = options
      return rule
    })
    this.rest.options = complete
    this.own.options = ownOptions(complete)
    this.#all = [...all, this.rest]
    this.#retired = [...known.values()].filter(({ received, made, restored }) => received + made + restored > 0)
  }

  /** The last one matches every Topic Name that does not begin with `$`. */
  ruleFor(topicName: string): TopicRule {
    return this.all.find(({ options }) => topicFilterMatches(options.filter, topicName)) ?? this.own
  }
}

function ownOptions(complete: TopicRuleOptions): TopicRuleOptions {
  return { ...complete, filter: '$', whenNobody: 'accept' }
}
