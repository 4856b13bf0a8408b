/**
 * The messages that wait in queues and are in memory: the rest is read from the store when its turn comes.
 *
 * Only a message that is durable is ever let go of. Oldest first, because the newest are the likeliest to be sent next.
 */
import type { Message } from '../message.ts'

/** What a message costs besides its Topic Name and payload. */
const overheadBytes = 400

/** Room is made for many at a time: a Map that has lost its oldest entries finds the next one slowly. */
const roomMade = 1 / 8

export class MessageBodies {
  readonly #messages = new Map<number, Message>()
  bytesMax: number
  #bytes = 0
  /** Seq of the last durable record. */
  durableSeq = 0
  /** No room can be made before this record is durable. */
  #waitsForSeq = 0

  /** `bytesMax`: Infinity where there is no store to read from. */
  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  get(seq: number): Message | undefined {
    return this.#messages.get(seq)
  }

  /** Keeps a message that somebody waits for, and its bytes. The caller makes room when it has made use of it. */
  keep(message: Message): void {
    if (this.#messages.has(message.seq)) return
    message.own()
    this.#messages.set(message.seq, message)
    this.#bytes += message.size + overheadBytes
  }

  /** Nobody waits for it any more. */
  forget(seq: number): void {
    const message = this.#messages.get(seq)
    if (message !== undefined) this.#remove(message)
  }

  /** If there are more than the bound allows, lets go of the oldest, as far as they are durable. */
  makeRoom(): void {
    if (this.#bytes <= this.bytesMax || this.durableSeq < this.#waitsForSeq) return
    const bytesLeft = this.bytesMax * (1 - roomMade)
    for (const message of this.#messages.values()) {
      if (this.#bytes <= bytesLeft) return
      if (message.seq > this.durableSeq) {
        this.#waitsForSeq = message.seq
        return
      }
      this.#remove(message)
    }
  }

  #remove(message: Message): void {
    this.#messages.delete(message.seq)
    this.#bytes -= message.size + overheadBytes
  }
}
