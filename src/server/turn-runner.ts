/**
 * Carries out Turns: what may leave at once leaves, the rest waits in order until its records are durable. @hot
 *
 * The one place where the law is kept: nothing that rests on an undurable record leaves the process. Records of all turns
 * that come while a batch is being written form the next batch. A message that everybody it was for has acknowledged by
 * the time its batch is closed is not written: nothing rests on it any more.
 */
import { performance } from 'node:perf_hooks'
import type { BrokerEvent } from '../core/event.ts'
import type { CoreRecord, Seq } from '../core/record.ts'
import type { Load, Outgoing, OutgoingAnswer, Turn } from '../core/turn.ts'
import { LatencyHistogram } from '../metrics/latency-histogram.ts'
import { type Store, StoreRefusedError, shard } from '../store/store.ts'
import type { Link } from './link.ts'

interface Batch {
  /** Null where nobody needs the record any more. */
  records: (CoreRecord | null)[]
  outgoing: Outgoing[]
  /** Bytes of the messages among the records. */
  bytes: number
  /** When the first of what is going out began to wait; 0 while nothing does. */
  waitsSinceMs: number
  /** Called when the batch is durable. */
  whenDurable: (() => void)[]
}

/** What the runner tells its owner. */
export interface TurnRunnerOwner {
  answer(outgoing: OutgoingAnswer): void
  report(event: BrokerEvent): void
  load(load: Load): void
  /** Whether somebody still waits for the message with this seq. */
  isNeeded(seq: Seq): boolean
  /** Every record up to `seq` is durable, or not needed; `bytes` more are in the store. */
  durable(seq: Seq, bytes: number): void
  /** The batch that filled is being written, and the next one is empty. */
  caughtUp(): void
  /** Something was sent from a finished batch: flush soon. */
  released(): void
  /** Whether the store takes more. */
  storeTakes(takesMore: boolean): void
  /** The store has failed: nothing can be promised any more. */
  failed(error: Error): void
}

const retryMs = 100
/** What a message costs in memory besides its Topic Name and payload while it waits to be written. */
const recordOverheadBytes = 512
/** With so much in the batch that fills while another is written, no more is to be taken in. */
const fillingBytesMax = 32 * 1024 * 1024
/** What a batch of messages is held back at most, if subscribers acknowledge them faster than the store writes. */
const holdMsMax = 2

/** How long durability takes. */
export interface StoreLatencies {
  /** From a batch handed to the store until it is durable. */
  readonly append: LatencyHistogram
  /** What waits for a batch to be durable, acknowledgements above all: each counts with the wait of the first of its batch. */
  readonly acknowledge: LatencyHistogram
}

export class TurnRunner {
  readonly latencies: StoreLatencies = { append: new LatencyHistogram(), acknowledge: new LatencyHistogram() }
  readonly #store: Store
  readonly #owner: TurnRunnerOwner
  #filling = newBatch()
  #isWriting = false
  #hasFailed = false
  #isFinishing = false
  #durableSeq = 0
  #whenIdle: (() => void)[] = []
  /** Subscribers had acknowledged the last batch before it was written. */
  #subscribersAreFaster = false
  /** Set while the batch that fills is held back, though nothing is being written. */
  #hold: NodeJS.Timeout | null = null
  /** So many of the first records of the batch that fills have been looked at: nobody needs them. */
  #needless = 0

  constructor(store: Store, owner: TurnRunnerOwner) {
    this.#store = store
    this.#owner = owner
  }

  /** What is in the store already. */
  startBehind(seq: Seq): void {
    this.#durableSeq = seq
  }

  /** More has been decided than should wait for the store. */
  get isBehind(): boolean {
    return this.#filling.bytes > fillingBytesMax
  }

  /** Carries out `turn` and empties it for the next. */
  run(turn: Turn): void {
    const { records, now, onceDurable, events, loads } = turn
    if (now.length > 0) {
      this.#dispatchAll(now)
      empty(now)
    }
    const filling = this.#filling
    if (records.length > 0) {
      for (const record of records) {
        filling.records.push(record)
        if (record.type === 'message') filling.bytes += record.message.size + recordOverheadBytes
      }
      empty(records)
    }
    if (onceDurable.length > 0) {
      if (!this.#isWriting && filling.records.length === 0) this.#dispatchAll(onceDurable)
      else {
        if (filling.waitsSinceMs === 0) filling.waitsSinceMs = performance.now()
        for (const outgoing of onceDurable) filling.outgoing.push(outgoing)
      }
      empty(onceDurable)
    }
    if (filling.records.length > 0 && !this.#isWriting) this.#writeSoon()
    if (loads.length > 0) for (const load of loads.splice(0)) this.#owner.load(load)
    if (events.length > 0) for (const event of events.splice(0)) this.#owner.report(event)
  }

  /** Resolves when every record handed in so far is durable and what waited for it has been sent. */
  idle(): Promise<void> {
    this.#endHold()
    if (!this.#isWriting || this.#hasFailed) return Promise.resolve()
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve)
    })
  }

  /**
   * The same at the end: what the store refuses is given up, because nothing that rests on it has left. False if that
   * was so.
   */
  async finish(): Promise<boolean> {
    this.#isFinishing = true
    await this.idle()
    return !this.#hasFailed
  }

  /** Resolves when every record handed in so far is durable; never once the store has failed. */
  durable(): Promise<void> {
    this.#endHold()
    if (!this.#isWriting) return Promise.resolve()
    return new Promise((resolve) => {
      this.#filling.whenDurable.push(resolve)
    })
  }

  /** At once, or when the messages are acknowledged, if that is likely to be sooner than they would be written. */
  #writeSoon(): void {
    const { records } = this.#filling
    if (this.#subscribersAreFaster) {
      while (this.#needless < records.length && this.#isNeedless(this.#needless)) this.#needless += 1
      const waitsFor = records[this.#needless]
      if (waitsFor !== undefined && isPlainMessage(records.at(-1)) && isPlainMessage(waitsFor)) {
        this.#hold ??= setTimeout(this.#endHold, holdMsMax)
        return
      }
    }
    if (this.#hold !== null) this.#endHold()
    else void this.#write()
  }

  readonly #endHold = (): void => {
    if (this.#hold === null) return
    clearTimeout(this.#hold)
    this.#hold = null
    void this.#write()
  }

  /** Whether nothing rests on a record of the batch that fills. */
  #isNeedless(index: number): boolean {
    const record = this.#filling.records[index]
    return isPlainMessage(record) && !this.#owner.isNeeded(this.#durableSeq + 1 + index)
  }

  /** Takes the batch that has filled, without what nobody needs any more. */
  #close(): Batch {
    const batch = this.#filling
    if (this.#store.isDurable) {
      for (let index = 0; index < batch.records.length; index++) {
        if (index < this.#needless || this.#isNeedless(index)) batch.records[index] = null
      }
    }
    this.#needless = 0
    this.#filling = newBatch()
    this.#owner.caughtUp()
    return batch
  }

  async #write(): Promise<void> {
    this.#isWriting = true
    while (!isEmpty(this.#filling)) {
      const batch = this.#close()
      try {
        if (batch.records.length > 0) await this.#append(batch.records)
      } catch (error) {
        this.#hasFailed = true
        if (!(error instanceof StoreRefusedError)) {
          this.#owner.failed(error instanceof Error ? error : new Error(String(error)))
        }
        for (const resolve of this.#whenIdle.splice(0)) resolve()
        return
      }
      if (batch.waitsSinceMs > 0) {
        const nowMs = performance.now()
        const waitedSeconds = (nowMs - batch.waitsSinceMs) / 1000
        this.latencies.acknowledge.observe(waitedSeconds, batch.outgoing.length, nowMs)
      }
      this.#dispatchAll(batch.outgoing)
      for (const resolve of batch.whenDurable) resolve()
      this.#owner.released()
    }
    this.#isWriting = false
    for (const resolve of this.#whenIdle.splice(0)) resolve()
  }

  async #append(records: readonly (CoreRecord | null)[]): Promise<void> {
    const first = this.#durableSeq + 1
    const bytes = records.some(isThere) ? await this.#appendToStore(first, records) : 0
    const middle = (records.length - 1) >> 1
    const sample = records[middle]
    // Of what was not written subscribers have been faster in any case.
    this.#subscribersAreFaster =
      this.#store.isDurable && (sample === null || (isPlainMessage(sample) && !this.#owner.isNeeded(first + middle)))
    this.#durableSeq += records.length
    this.#owner.durable(this.#durableSeq, bytes)
  }

  /**
   * Tries again for as long as the store refuses, up to the last batches of a stop; meanwhile nothing new is taken in.
   * Returns the bytes written.
   */
  async #appendToStore(first: Seq, records: readonly (CoreRecord | null)[]): Promise<number> {
    for (;;) {
      try {
        const beganMs = performance.now()
        const { bytes } = await this.#store.append(shard, first, records)
        const endedMs = performance.now()
        this.latencies.append.observe((endedMs - beganMs) / 1000, 1, endedMs)
        this.#owner.storeTakes(true)
        return bytes
      } catch (error) {
        if (!(error instanceof StoreRefusedError) || this.#isFinishing) throw error
        this.#owner.storeTakes(false)
        await new Promise((resolve) => setTimeout(resolve, retryMs))
      }
    }
  }

  #dispatchAll(outgoings: readonly Outgoing[]): void {
    for (const outgoing of outgoings) {
      if (outgoing.type === 'answer') this.#owner.answer(outgoing)
      // Every connection of this core was opened by the shell with a Link.
      else (outgoing.connection.link as Link).send(outgoing)
    }
  }
}

/** The next Turn's decisions come soon: to V8 `length = 0` is a call, and the end of the memory that they would stand in. */
function empty(list: unknown[]): void {
  if (list.length === 1) list.pop()
  else list.length = 0
}

function newBatch(): Batch {
  return { records: [], outgoing: [], bytes: 0, waitsSinceMs: 0, whenDurable: [] }
}

function isEmpty({ records, outgoing, whenDurable }: Batch): boolean {
  return records.length + outgoing.length + whenDurable.length === 0
}

/** A message whose record says nothing but who gets it. */
function isPlainMessage(record: CoreRecord | null | undefined): boolean {
  if (record?.type !== 'message') return false
  const { retained, inbound, willOf, held, replaces, owed } = record
  const saysMore = retained !== 'unchanged' || inbound !== null || willOf !== null
  return !saysMore && held === null && replaces === 0 && owed === null
}

function isThere(record: CoreRecord | null): boolean {
  return record !== null
}
