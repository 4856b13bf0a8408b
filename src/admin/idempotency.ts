/**
 * Requests that are to be done once, however often they arrive: a repetition gets the answer of the first.
 *
 * Kept in memory, for a while, and not without bound: whoever must know after a restart publishes over MQTT at QoS 2.
 */
import { createHash } from 'node:crypto'
import { describeValue } from '../server/config/reading.ts'
import { problem } from './problem.ts'
import type { Reply } from './room.ts'

/** How long an answer is remembered, and how many at most: the newest. */
const rememberedMs = 3600_000
export const rememberedMax = 10_000
/** Characters of all answers together. */
const charactersMax = 16 * 1024 * 1024

interface Remembered {
  readonly fingerprint: string
  readonly answer: Promise<Reply>
  readonly endsAtMs: number
  /** 0 until the answer is there. */
  characters: number
}

export class Idempotency {
  readonly #all = new Map<string, Remembered>()
  #characters = 0

  /**
   * Does the work, or answers as it was answered. `key`: what the client has chosen; `scope`: whose it is and what for. Refusals
   * are not remembered: nothing was done, and it may work the next time.
   *
   * @throws HttpProblem if the key has been used for something else.
   */
  async once(scope: string, key: string, body: unknown, nowMs: number, work: () => Promise<Reply>): Promise<Reply> {
    this.#forgetOld(nowMs)
    const name = `${scope}\0${key}`
    const fingerprint = createHash('sha256').update(JSON.stringify(body)).digest('base64')
    const known = this.#all.get(name)
    if (known !== undefined) {
      if (known.fingerprint !== fingerprint) throw usedAlready(key)
      const { headers, ...reply } = await known.answer
      return { ...reply, headers: { ...headers, 'idempotency-replayed': 'true' } }
    }
    const remembered = { fingerprint, answer: work(), endsAtMs: nowMs + rememberedMs, characters: 0 }
    this.#all.set(name, remembered)
    this.#makeRoom()
    try {
      const reply = await remembered.answer
      if (reply.status >= 400) this.#forget(name, remembered)
      else this.#count(name, remembered, reply)
      return reply
    } catch (error) {
      this.#forget(name, remembered)
      throw error
    }
  }

  #count(name: string, remembered: Remembered, { json }: Reply): void {
    if (this.#all.get(name) !== remembered) return
    remembered.characters = name.length + (json?.length ?? 0)
    this.#characters += remembered.characters
    this.#makeRoom()
  }

  #makeRoom(): void {
    for (const [name, oldest] of this.#all) {
      if (this.#all.size <= rememberedMax && this.#characters <= charactersMax) return
      this.#forget(name, oldest)
    }
  }

  #forgetOld(nowMs: number): void {
    for (const [name, oldest] of this.#all) {
      if (oldest.endsAtMs > nowMs) return
      this.#forget(name, oldest)
    }
  }

  #forget(name: string, remembered: Remembered): void {
    if (this.#all.get(name) !== remembered) return
    this.#all.delete(name)
    this.#characters -= remembered.characters
  }
}

function usedAlready(key: string) {
  const found = `${describeValue(key)}, which was used for another body within the last hour`
  return problem(
    'key-used',
    'header.idempotency-key',
    found,
    'a key for each request',
    'use a new one for a new message',
  )
}
