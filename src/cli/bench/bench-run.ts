/**
 * One run of `pabal bench`: connects, subscribes, lets publishers send until time, count or Ctrl-C ends it, waits for what is missing, and
 * says what came of it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { connectChannel } from '../../transport/connect.ts'
import { BenchClient, type BenchClientEvents } from './bench-client.ts'
import type { BenchPlan, BenchResult } from './bench-plan.ts'
import { BenchPublisher } from './bench-publisher.ts'
import { BenchSubscriber } from './bench-subscriber.ts'
import { connectionFaultText } from './connection-fault.ts'
import { Latencies } from './latencies.ts'
import { stampBytes } from './stamp.ts'

export interface Tally {
  readonly connected: number
  readonly sent: number
  readonly received: number
}

export interface RunWatch {
  /** Now and then, at most every `lookMs`. */
  progress(phase: 'connecting' | 'running' | 'draining', tally: Tally): void
}

/** Who stands behind one connection. */
interface Part {
  readonly clientIdentifier: string
  readonly publisher: BenchPublisher | null
  readonly subscriber: BenchSubscriber | null
  /** What the subscriber subscribes to. */
  readonly topic: string
}

const atATime = 100
const lookMs = 20
/** So long without anything new is the end of waiting. */
const quietMs = 1000

export class BenchRun {
  readonly #plan: BenchPlan
  readonly #stopped: AbortSignal
  readonly #watch: RunWatch
  readonly #id = Math.floor(Math.random() * 2 ** 32)
  readonly #connectTimes = new Latencies()
  readonly #latencies = new Latencies()
  readonly #acknowledgementTimes = new Latencies()
  readonly #parts: readonly Part[]
  readonly #clients: BenchClient[] = []
  /** Those whose connection was made, and the subscribers, too. */
  readonly #publishers: BenchPublisher[] = []
  readonly #subscribers: BenchSubscriber[] = []
  #refusedConnections = 0
  #lostConnections = 0
  #lostPublishers = 0
  #connectionFault: string | null = null
  #connectSeconds = 0
  #granted = 0

  constructor(plan: BenchPlan, stopped: AbortSignal, watch: RunWatch) {
    this.#plan = plan
    this.#stopped = stopped
    this.#watch = watch
    this.#parts = Array.from({ length: plan.count }, (_, i) => this.#partsOf(i)).flat()
  }

  async run(): Promise<BenchResult> {
    await this.#connectAll()
    const startMs = performance.now()
    let endMs = startMs
    if (this.#clients.length > 0) {
      await this.#traffic(startMs)
      endMs = performance.now()
      await this.#drain()
    }
    const result = this.#result((endMs - startMs) / 1000)
    await Promise.race([Promise.all(this.#clients.map((client) => client.close())), sleep(2000)])
    return result
  }

  #partsOf(i: number): Part[] {
    const { mode, subscribers, clientIdentifier } = this.#plan
    const name = clientIdentifier.includes('%i')
      ? clientIdentifier.replaceAll('%i', String(i))
      : `${clientIdentifier}-${i}`
    const topic = this.#topicOf(i, name)
    if (mode === 'conn') return [{ clientIdentifier: name, publisher: null, subscriber: null, topic }]
    if (mode === 'sub') {
      const subscriber = new BenchSubscriber(this.#latencies, this.#id, null)
      return [{ clientIdentifier: name, publisher: null, subscriber, topic }]
    }
    const publisher = this.#publisher(i, topic)
    if (mode === 'pub') return [{ clientIdentifier: name, publisher, subscriber: null, topic }]
    const others = Array.from({ length: subscribers }, (_, k) => ({
      clientIdentifier: `${name}-s${k}`,
      publisher: null,
      subscriber: new BenchSubscriber(this.#latencies, this.#id, publisher),
      topic,
    }))
    return [...others, { clientIdentifier: name, publisher, subscriber: null, topic }]
  }

  #topicOf(i: number, clientIdentifier: string): string {
    const { topic, userName } = this.#plan
    return topic
      .replaceAll('%i', String(i))
      .replaceAll('%c', clientIdentifier)
      .replaceAll('%u', userName ?? '')
      .replaceAll('%r', this.#id.toString(16))
  }

  #publisher(i: number, topicName: string): BenchPublisher {
    const { qos, retain, protocolVersion, payloadBytes, message, window, outstanding, subscribers, mode } = this.#plan
    const payload = message === null ? Buffer.alloc(Math.max(stampBytes, payloadBytes), 'x') : Buffer.from(message)
    const settings = {
      run: this.#id,
      publisher: i,
      topicName,
      qos,
      retain,
      protocolVersion,
      payload,
      window,
      subscribers,
    }
    return new BenchPublisher(
      { ...settings, isStamped: message === null, outstanding: mode === 'pair' ? outstanding : 0 },
      this.#acknowledgementTimes,
    )
  }

  async #connectAll(): Promise<void> {
    const startMs = performance.now()
    const { connectIntervalMs } = this.#plan
    const underWay = new Set<Promise<void>>()
    for (const [i, part] of this.#parts.entries()) {
      if (this.#stopped.aborted) break
      const waitMs = startMs + i * connectIntervalMs - performance.now()
      if (waitMs > 0) await this.#pause(waitMs)
      const opening = this.#connect(part).finally(() => underWay.delete(opening))
      underWay.add(opening)
      if (underWay.size >= atATime) await Promise.race(underWay)
      this.#look('connecting')
    }
    await Promise.all(underWay)
    this.#connectSeconds = (performance.now() - startMs) / 1000
  }

  async #connect(part: Part): Promise<void> {
    const plan = this.#plan
    const startMs = performance.now()
    try {
      const channel = await connectChannel(plan.target)
      const { clientIdentifier, publisher, subscriber, topic } = part
      const { protocolVersion, cleanStart, sessionExpirySeconds, keepAliveSeconds, userName, password } = plan
      const settings = { protocolVersion, clientIdentifier, cleanStart, sessionExpirySeconds, keepAliveSeconds }
      const client = new BenchClient(
        channel,
        { ...settings, userName, password, receiveMaximum: 65_535 },
        this.#events(publisher, subscriber),
      )
      await client.connect()
      this.#connectTimes.add(performance.now() - startMs)
      if (subscriber !== null) {
        const [code = 0] = await client.subscribe(topic, plan.qos)
        if (code >= 0x80) throw new Error(`SUBSCRIBE to ${topic} was refused with ${code}`)
      }
      publisher?.start(client)
      if (publisher !== null) this.#publishers.push(publisher)
      if (subscriber !== null) this.#subscribers.push(subscriber)
      this.#clients.push(client)
    } catch (error) {
      this.#refusedConnections += 1
      this.#connectionFault ??= connectionFaultText(error)
    }
  }

  #events(publisher: BenchPublisher | null, subscriber: BenchSubscriber | null): BenchClientEvents {
    return {
      onMessage: (packet) => subscriber?.receive(packet),
      onAcknowledged: (packetId, reasonCode) => publisher?.settled(packetId, reasonCode),
      // In `pair` what a subscriber gets makes room for its publisher.
      onReady: () => (publisher ?? subscriber?.publisher)?.pump(),
      onLost: (error) => {
        this.#lostConnections += 1
        if (publisher !== null) this.#lostPublishers += 1
        this.#connectionFault ??= connectionFaultText(error)
      },
    }
  }

  async #traffic(startMs: number): Promise<void> {
    const { secondsMax, mode, messagesMax } = this.#plan
    const endMs = secondsMax > 0 ? startMs + secondsMax * 1000 : Number.POSITIVE_INFINITY
    // Whoever only connects holds the connections for as long as was said, and no longer than it takes if nothing was.
    if (mode === 'conn' && secondsMax === 0) return
    while (!this.#stopped.aborted && performance.now() < endMs && this.#hasAnybody()) {
      if (mode === 'pub' || mode === 'pair') {
        this.#grant(performance.now() - startMs)
        if (messagesMax > 0 && this.#sent() >= messagesMax) break
      }
      if (mode === 'sub' && messagesMax > 0 && this.#received() >= messagesMax) break
      this.#look('running')
      await this.#pause(this.#plan.messageIntervalMs === 0 ? lookMs : Math.min(lookMs, 1))
    }
    for (const publisher of this.#publishers) publisher.owed = 0
  }

  /** Somebody is left to send, or where nobody does, to receive. */
  #hasAnybody(): boolean {
    const { mode } = this.#plan
    if (mode === 'pub' || mode === 'pair') return this.#lostPublishers < this.#publishers.length
    return this.#lostConnections < this.#clients.length
  }

  /** Says how much every publisher may send, one after the other in turn. */
  #grant(passedMs: number): void {
    const { messageIntervalMs, messagesMax } = this.#plan
    const publishers = this.#publishers
    const left = messagesMax > 0 ? messagesMax - this.#granted : Number.POSITIVE_INFINITY
    if (messageIntervalMs === 0) {
      if (this.#granted > 0) return
      for (const [i, publisher] of publishers.entries()) {
        publisher.owed = messagesMax > 0 ? shareOf(messagesMax, publishers.length, i) : Number.POSITIVE_INFINITY
        publisher.pump()
      }
      this.#granted = 1
      return
    }
    // The first of each at once, spread over the first interval.
    const due = Math.floor((passedMs * publishers.length) / messageIntervalMs) + 1
    const count = Math.min(due - this.#granted, left)
    for (let i = 0; i < count; i += 1) {
      const publisher = publishers[this.#granted % publishers.length]
      this.#granted += 1
      if (publisher === undefined) continue
      publisher.owed += 1
      publisher.pump()
    }
  }

  /** Until everything has come, or nothing new comes. */
  async #drain(): Promise<void> {
    const endMs = performance.now() + this.#plan.drainSeconds * 1000
    let [last, lastMs] = [-1, performance.now()]
    while (performance.now() < endMs && !this.#isComplete()) {
      const now = this.#received() + this.#acknowledged()
      if (now !== last) [last, lastMs] = [now, performance.now()]
      else if (performance.now() - lastMs > quietMs && this.#plan.mode !== 'sub') break
      this.#look('draining')
      await sleep(lookMs)
    }
    // Whatever comes too often comes after the last.
    if (this.#plan.mode === 'pair') await sleep(Math.min(100, this.#plan.drainSeconds * 1000))
  }

  #isComplete(): boolean {
    if (this.#plan.mode === 'conn' || this.#plan.mode === 'sub') return true
    return this.#publishers.every(({ inFlight }) => inFlight === 0) && this.#lost() === 0
  }

  /** Ends sooner when the run is stopped. */
  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopped }).catch(() => {})
  }

  #look(phase: Parameters<RunWatch['progress']>[0]): void {
    this.#watch.progress(phase, { connected: this.#clients.length, sent: this.#sent(), received: this.#received() })
  }

  #sent(): number {
    return sum(this.#publishers, ({ sent }) => sent)
  }

  #acknowledged(): number {
    return sum(this.#publishers, ({ acknowledged, refused }) => acknowledged + refused)
  }

  #received(): number {
    return sum(this.#subscribers, ({ received }) => received)
  }

  #lost(): number {
    return sum(this.#subscribers, ({ lost }) => lost)
  }

  #result(seconds: number): BenchResult {
    const { mode, place, protocolVersion, qos, payloadBytes, message } = this.#plan
    const [sent, received] = [this.#sent(), this.#received()]
    const perSecond = (count: number) => (seconds > 0 ? Math.round(count / seconds) : 0)
    return {
      mode,
      place,
      protocolVersion,
      qos,
      payloadBytes: message === null ? payloadBytes : Buffer.byteLength(message),
      clients: this.#parts.length,
      refusedConnections: this.#refusedConnections,
      lostConnections: this.#lostConnections,
      connectionFault: this.#connectionFault,
      connectSeconds: this.#connectSeconds,
      connectMs: this.#connectTimes.summary(),
      seconds,
      sent,
      acknowledged: sum(this.#publishers, ({ acknowledged }) => acknowledged),
      refused: sum(this.#publishers, ({ refused }) => refused),
      nobodySubscribes: sum(this.#publishers, ({ nobody }) => nobody),
      received,
      lost: this.#lost(),
      duplicates: sum(this.#subscribers, ({ duplicates }) => duplicates),
      outOfOrder: sum(this.#subscribers, ({ outOfOrder }) => outOfOrder),
      sentPerSecond: perSecond(sent),
      receivedPerSecond: perSecond(received),
      latencyMs: this.#latencies.summary(),
      acknowledgementMs: this.#acknowledgementTimes.summary(),
      wasStopped: this.#stopped.aborted,
    }
  }
}

function shareOf(all: number, count: number, i: number): number {
  return Math.floor(all / count) + (i < all % count ? 1 : 0)
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  let all = 0
  for (const item of items) all += of(item)
  return all
}
