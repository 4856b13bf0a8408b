/**
 * Single messages that somebody outside follows on their way: the port for it, implemented by whoever drives the core.
 *
 * It is told what happens and decides nothing. Messages it does not want are not told of again.
 */
import type { UserProperties } from '../protocol/control-packet.ts'
import type { Message } from './message.ts'
import type { CopyFate, MessageFate, NotedMessage, Publisher } from './routing/fate.ts'

export interface MessageTracer {
  /** An input to the core begins. */
  inputBegins(): void
  /**
   * A message with User Properties has its fate, and its copies are handed out next. Who wants to hear more of it sets the `trace`
   * of `noted.message`; one that was held comes again.
   */
  note(fate: MessageFate, rule: string, noted: NotedMessage, userProperties: UserProperties): void
  /** A message has been made again, from the store or from what is retained: the same. */
  recognise(message: Message): void
  /** Every record up to `seq` is durable, or needed no more. */
  durable(seq: number): void
}

/** One message that is followed. */
export interface MessageTrace {
  /** A copy goes out, perhaps not for the first time. */
  sent(to: Publisher): void
  /** A copy has its fate. */
  ended(fate: CopyFate, to: Publisher): void
}
