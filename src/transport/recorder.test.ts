/**
 * A channel handler that remembers, and that tests can wait for.
 */
import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ChannelHandler } from './channel.ts'

export class Recorder implements ChannelHandler {
  readonly chunks: Buffer[] = []
  byteCount = 0
  drainedCount = 0
  readonly closings: (Error | null)[] = []
  /** Called with every chunk after it was recorded. */
  onChunk: (chunk: Buffer) => void = () => {}
  #waiting: { isMet: () => boolean; resolve: () => void }[] = []

  receiveBytes(bytes: Buffer, start: number, end: number): void {
    const chunk = bytes.subarray(start, end)
    assert.equal(this.closings.length, 0, 'nothing follows closed')
    this.chunks.push(chunk)
    this.byteCount += chunk.length
    this.onChunk(chunk)
    this.#wake()
  }

  drained(): void {
    assert.equal(this.closings.length, 0, 'nothing follows closed')
    this.drainedCount += 1
    this.#wake()
  }

  closed(error: Error | null): void {
    this.closings.push(error)
    this.#wake()
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks)
  }

  /** Resolves once the condition holds; it is looked at whenever something happens. */
  until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ isMet, resolve }))
  }

  untilBytes(count: number): Promise<void> {
    return this.until(() => this.byteCount >= count)
  }

  untilDrained(): Promise<void> {
    const before = this.drainedCount
    return this.until(() => this.drainedCount > before || this.closings.length > 0)
  }

  /** Resolves with what `closed` was given, and sees to it that it was called once. */
  async untilClosed(): Promise<Error | null> {
    await this.until(() => this.closings.length > 0)
    for (let turn = 0; turn < 3; turn++) await nextTurn()
    assert.equal(this.closings.length, 1, 'closed is called exactly once')
    return this.closings[0] ?? null
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = waiting.filter(({ isMet }) => !isMet())
    for (const waiter of waiting) if (!this.#waiting.includes(waiter)) waiter.resolve()
  }
}
