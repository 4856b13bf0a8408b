/**
 * The messages that wait for a listener, by Topic Name and in order: held by a policy, or dead letters.
 *
 * Only what must be known of each is in memory; the message itself may be in the store alone. Bounded by count and bytes for
 * each Topic Name, each account and in all: whoever adds one has asked `fault` first.
 */
import type { Qos } from '../../protocol/control-packet.ts'
import type { Limits } from '../limits.ts'
import type { HeldFact, Seq } from '../record.ts'
import { type OfTopicName, TopicNameTree } from '../routing/topic-name-tree.ts'
import type { TopicRule } from '../routing/topic-rule.ts'

export interface HeldMessage {
  readonly seq: Seq
  readonly topicName: string
  readonly qos: Qos
  /** Bytes of Topic Name and payload. */
  readonly size: number
  readonly heldMs: number
  /** When it expires, or has been held long enough; Infinity for never. */
  readonly expiresMs: number
  readonly fact: HeldFact
  /** The one it came in under: it is counted there to its end, whatever the rules are then. */
  readonly rule: TopicRule
}

/** What is held on one Topic Name, oldest first. */
export class HeldTopic implements OfTopicName {
  readonly topicName: string
  readonly messages = new Map<Seq, HeldMessage>()
  bytes = 0
  epoch = 0

  constructor(topicName: string) {
    this.topicName = topicName
  }
}

interface Share {
  messages: number
  bytes: number
}

/** How much of one Topic Name may be held. */
export interface TopicBounds {
  readonly heldMessagesMax: number
  readonly heldBytesMax: number
}

export type HeldLimit = Extract<keyof Limits, `held${'Messages' | 'Bytes'}${'PerTopic' | 'PerAccount' | ''}Max`>

export class HeldMessages {
  readonly #tree = new TopicNameTree<HeldTopic>()
  readonly #messages = new Map<Seq, HeldMessage>()
  readonly #accounts = new Map<string, Share>()
  readonly #byReason: Readonly<Record<HeldFact['reason'], Share>> = {
    held: { messages: 0, bytes: 0 },
    dead: { messages: 0, bytes: 0 },
  }
  /** Each message that comes asks, and the Map is further away than this. */
  #count = 0
  #bytes = 0
  /** They are not what the last snapshot says. */
  isChanged = false

  get count(): number {
    return this.#count
  }

  /** Bytes of Topic Names and payloads. */
  get bytes(): number {
    return this.#bytes
  }

  /** Of those that are held by a policy, or of the dead letters. */
  counts(reason: HeldFact['reason']): { readonly messages: number; readonly bytes: number } {
    const { messages, bytes } = this.#byReason[reason]
    return { messages, bytes }
  }

  get(seq: Seq): HeldMessage | undefined {
    return this.#messages.get(seq)
  }

  topic(topicName: string): HeldTopic | undefined {
    return this.#tree.get(topicName)
  }

  /** Oldest first. It may be walked while messages come and go. */
  all(): IterableIterator<HeldMessage> {
    return this.#messages.values()
  }

  /** Walks the Topic Names that a Topic Filter matches, in slices. */
  matcher(filter: string): { next(max: number, found: HeldTopic[]): boolean } {
    return this.#tree.matcher(filter)
  }

  /** Which limit one more message would break, that of its Topic Name as `bounds` has it; null if none. */
  fault(topicName: string, account: string, size: number, bounds: TopicBounds, limits: Limits): HeldLimit | null {
    const { heldMessagesPerAccountMax, heldBytesPerAccountMax, heldMessagesMax, heldBytesMax } = limits
    const topic = this.#tree.get(topicName)
    const onTopic = { messages: topic?.messages.size ?? 0, bytes: topic?.bytes ?? 0 }
    const ofAccount = this.#accounts.get(account) ?? { messages: 0, bytes: 0 }
    const inAll = { messages: this.count, bytes: this.#bytes }
    if (onTopic.messages >= bounds.heldMessagesMax) return 'heldMessagesPerTopicMax'
    if (onTopic.bytes + size > bounds.heldBytesMax) return 'heldBytesPerTopicMax'
    if (ofAccount.messages >= heldMessagesPerAccountMax) return 'heldMessagesPerAccountMax'
    if (ofAccount.bytes + size > heldBytesPerAccountMax) return 'heldBytesPerAccountMax'
    if (inAll.messages >= heldMessagesMax) return 'heldMessagesMax'
    return inAll.bytes + size > heldBytesMax ? 'heldBytesMax' : null
  }

  add(message: HeldMessage): void {
    const { seq, topicName, size, fact } = message
    let topic = this.#tree.get(topicName)
    if (topic === undefined) {
      topic = new HeldTopic(topicName)
      this.#tree.set(topic)
    }
    topic.messages.set(seq, message)
    topic.bytes += size
    this.#messages.set(seq, message)
    this.#count = this.#messages.size
    this.#bytes += size
    this.#byReason[fact.reason].messages += 1
    this.#byReason[fact.reason].bytes += size
    const share = this.#accounts.get(fact.account)
    if (share === undefined) this.#accounts.set(fact.account, { messages: 1, bytes: size })
    else {
      share.messages += 1
      share.bytes += size
    }
    this.isChanged = true
  }

  remove(message: HeldMessage): void {
    const { seq, topicName, size, fact } = message
    if (!this.#messages.delete(seq)) return
    this.#count = this.#messages.size
    this.#bytes -= size
    const topic = this.#tree.get(topicName)
    if (topic !== undefined) {
      topic.messages.delete(seq)
      topic.bytes -= size
      if (topic.messages.size === 0) this.#tree.delete(topicName)
    }
    this.#byReason[fact.reason].messages -= 1
    this.#byReason[fact.reason].bytes -= size
    const share = this.#accounts.get(fact.account)
    if (share !== undefined) {
      share.messages -= 1
      share.bytes -= size
      if (share.messages === 0) this.#accounts.delete(fact.account)
    }
    this.isChanged = true
  }
}
