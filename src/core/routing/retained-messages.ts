/**
 * The last message of each Topic Name that was published with RETAIN. MQTT 5.0 section 3.3.1.3.
 */
import type { Message } from '../message.ts'
import { type FrozenSeqs, SeqSet } from '../rest/seq-set.ts'
import { RetainedMessage } from './retained-message.ts'
import { TopicNameTree } from './topic-name-tree.ts'

export class RetainedMessages {
  readonly #tree = new TopicNameTree<RetainedMessage>()
  readonly #seqs = new SeqSet()
  readonly #released: (seq: number) => void
  /** They are not what the last snapshot says. */
  isChanged = false
  #bytes = 0

  /** `released` is told the seq of every message that is retained no more. */
  constructor(released: (seq: number) => void) {
    this.#released = released
  }

  get count(): number {
    return this.#tree.size
  }

  /** Bytes of their Topic Names and payloads. */
  get bytes(): number {
    return this.#bytes
  }

  get(topicName: string): RetainedMessage | undefined {
    return this.#tree.get(topicName)
  }

  /** Keeps `message` and its bytes in place of what was retained before [MQTT-3.3.1-5]. */
  set(message: Message): void {
    this.delete(message.topicName)
    this.#tree.set(new RetainedMessage(message))
    this.#seqs.add(message.seq)
    this.#bytes += message.size
    this.isChanged = true
  }

  /** True if there was one. */
  delete(topicName: string): boolean {
    const before = this.#tree.get(topicName)
    if (before === undefined) return false
    this.#tree.delete(topicName)
    this.#seqs.delete(before.seq)
    this.#bytes -= before.size
    this.isChanged = true
    this.#released(before.seq)
    return true
  }

  /** Removes the message of a Topic Name if its time is over. */
  expire(topicName: string, nowMs: number): void {
    if (this.#tree.get(topicName)?.isExpired(nowMs) === true) this.delete(topicName)
  }

  /** All of them, in no particular order. */
  all(): Iterable<RetainedMessage> {
    return this.#tree.values()
  }

  /** Those of all that there are now, ascending. */
  freezeSeqs(): FrozenSeqs {
    return this.#seqs.freeze()
  }

  /** Walks those that match a Topic Filter, in slices. */
  matcher(filter: string): { next(max: number, found: RetainedMessage[]): boolean } {
    return this.#tree.matcher(filter)
  }
}
