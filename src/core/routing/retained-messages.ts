/**
 * The last message of each Topic Name that was published with RETAIN. MQTT 5.0 section 3.3.1.3.
 */
import type { Message } from '../message.ts'
import { TopicNameTree } from './topic-name-tree.ts'

export class RetainedMessages {
  #tree = new TopicNameTree<Message>()

  get count(): number {
    return this.#tree.size
  }

  get(topicName: string): Message | undefined {
    return this.#tree.get(topicName)
  }

  /** Keeps `message` and its bytes in place of what was retained before [MQTT-3.3.1-5]. */
  set(message: Message): void {
    message.own()
    this.#tree.set(message.topicName, message)
  }

  /** True if there was one. */
  delete(topicName: string): boolean {
    return this.#tree.delete(topicName)
  }

  /** Removes the message of a Topic Name if its time is over. */
  expire(topicName: string, nowMs: number): void {
    if (this.#tree.get(topicName)?.isExpired(nowMs) === true) this.#tree.delete(topicName)
  }

  /** Walks those that match a Topic Filter, in slices. */
  matcher(filter: string): { next(max: number, found: Message[]): boolean } {
    return this.#tree.matcher(filter)
  }
}
