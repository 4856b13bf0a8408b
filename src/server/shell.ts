/**
 * The shell around the core: drives it with packets and time, and carries out what it decides. All I/O is here or below.
 */
import { BrokerCore } from '../core/broker.ts'
import type { BrokerEvent } from '../core/event.ts'
import { publishEvent } from '../core/event-stream.ts'
import type { Message } from '../core/message.ts'
import type { Question } from '../core/question.ts'
import { type Reconfiguration, reconfigure } from '../core/reconfigure.ts'
import { Restore } from '../core/rest/restore.ts'
import type { Traffic } from '../core/sys/traffic.ts'
import { type Load, newTurn, type Turn } from '../core/turn.ts'
import { LatencyHistogram } from '../metrics/latency-histogram.ts'
import { type Store, shard } from '../store/store.ts'
import { AwaitedAnswers } from './awaited-answers.ts'
import { Bans } from './bans/bans.ts'
import { ClientHistory } from './client-history.ts'
import { ClientLink } from './client-link.ts'
import { deliveryTimesInto, type Latencies } from './delivery-times.ts'
import { expiryLoss } from './expiry-loss.ts'
import { Flushing } from './flushing.ts'
import type { Gatekeeper } from './gatekeeper.ts'
import { LinkLimits } from './link-limits.ts'
import { abandonStore, closeStore, openStore } from './open-stores.ts'
import { ReadBuffers } from './read-buffers.ts'
import { ReadingTime } from './reading-time.ts'
import { Requests } from './requests/requests.ts'
import type { ShellOptions, ShellOwner } from './shell-owner.ts'
import { Snapshotting } from './snapshotting.ts'
import { TurnRunner } from './turn-runner.ts'
import { UnfinishedPackets } from './unfinished-packets.ts'

/** What setTimeout can take. */
const timeoutMsMax = 0x7fff_ffff

export class Shell {
  // As in `Connection`: what each message looks at stands first.
  /** Of what code in this process has published. */
  readonly core: BrokerCore
  readonly traffic: Traffic
  /** The decisions not yet carried out: filled by the core, emptied by `run`. */
  readonly turn: Turn = newTurn()
  /** What is written to clients. */
  readonly flushing: Flushing
  readonly reading = new ReadingTime(() => this.nowMs())
  readonly #clock: () => number
  linkLimits: LinkLimits
  readonly #gatekeeper: Gatekeeper
  readonly #runner: TurnRunner
  readonly unfinished = new UnfinishedPackets()
  readonly #owner: ShellOwner
  readonly store: Store
  readonly #snapshotting: Snapshotting
  readonly #history: ClientHistory
  /** What clients ask of the broker itself. */
  readonly requests: Requests
  readonly bans: Bans
  readonly answers = new AwaitedAnswers(this.reading)
  readonly #readBuffers = new ReadBuffers((bytes) => this.#owner.grew(bytes))
  readonly #waitingForStore: ClientLink[] = []
  /** Events about messages, as the core makes them. */
  readonly #news: BrokerEvent[]
  /** Events that a client may want. */
  readonly #toPublish: BrokerEvent[] = []
  readonly #delivery = new LatencyHistogram()
  #timer: NodeJS.Timeout | null = null
  #timerAtMs = Number.POSITIVE_INFINITY
  #isStopped = false
  #isOpen = false
  readonly #acceptLoss: boolean
  #unusable: Error | null = null
  /** The store has failed; ends when it is let go. */
  #abandoning: Promise<void> | null = null
  #storeHasRoom = true

  constructor(options: ShellOptions, gatekeeper: Gatekeeper, store: Store, owner: ShellOwner, clock: () => number) {
    this.core = new BrokerCore({ ...options, deliveryTimes: deliveryTimesInto(this.#delivery) })
    this.traffic = this.core.state.traffic
    this.linkLimits = new LinkLimits(options.limits)
    const { state } = this.core
    this.flushing = new Flushing(this.traffic, () => this.run(state.nowMs))
    this.#gatekeeper = gatekeeper
    this.#owner = owner
    this.#clock = clock
    this.#news = this.core.state.messageEvents.news
    this.store = store
    this.#acceptLoss = options.acceptLoss
    this.#runner = new TurnRunner(store, {
      answer: (outgoing) => this.answers.answer(outgoing),
      report: (event) => this.#report(event),
      load: (load) => void this.#load(load),
      isNeeded: (seq) => this.core.state.live.has(seq),
      durable: (seq, bytes) => {
        this.core.durable(seq)
        if (store.isDurable) this.#snapshotting.grew(bytes)
      },
      caughtUp: () => this.#readOn(),
      released: () => this.flushing.goOn(),
      storeTakes: (takesMore) => this.#storeTakes(takesMore && this.#storeHasRoom),
      failed: (error) => this.#failed(error),
    })
    this.#snapshotting = new Snapshotting(
      this.core,
      store,
      options.snapshotEveryBytes,
      () => this.#runner.durable(),
      (error) => this.#failed(error),
    )
    this.#history = new ClientHistory(() => this.core.state.limits.clientHistoryEventsMax)
    this.bans = new Bans({
      state: this.core.state,
      directory: store.directory,
      nowMs: () => this.nowMs(),
      act: (give) => this.act(give),
    })
    this.requests = this.#makeRequests()
  }

  get latencies(): Latencies {
    return { ...this.#runner.latencies, delivery: this.#delivery }
  }

  #makeRequests(): Requests {
    const { core } = this
    const shell = this
    return new Requests({
      core,
      store: this.store,
      bans: this.bans,
      history: this.#history,
      gatekeeper: this.#gatekeeper,
      nowMs: () => this.nowMs(),
      act: (give) => this.act(give),
      durable: () => this.durable(),
      audit: (event) => this.#owner.audit(event),
      get isStopped() {
        return shell.#isStopped
      },
    })
  }

  /** Hands the core an input and carries out what it decides. */
  act<Result>(give: (core: BrokerCore, nowMs: number, turn: Turn) => Result): Result {
    const result = give(this.core, this.inputMs(), this.turn)
    this.core.settle(this.nowMs(), this.turn)
    this.run()
    return result
  }

  /** Changes what can be changed while the broker runs, in one go. */
  reconfigure(change: Reconfiguration): void {
    reconfigure(this.core.state, change, this.nowMs(), this.turn)
    this.linkLimits = new LinkLimits(this.core.state.limits)
    this.core.settle(this.nowMs(), this.turn)
    this.run()
  }

  #changeRoom(hasRoom: boolean): void {
    this.#storeHasRoom = hasRoom
    this.#snapshotting.hurry(!hasRoom)
    this.#storeTakes(hasRoom)
  }

  #storeTakes(takesMore: boolean): void {
    if (this.core.state.storeTakesMessages === takesMore) return
    this.core.storeTakes(takesMore, this.inputMs(), this.turn)
    this.run()
    this.#owner.storeTakes(takesMore)
    if (!takesMore) this.#readOn()
  }

  /**
   * More has been decided than should wait for the write that is under way: publishers are not read until it has ended. Never
   * while the store refuses: then what makes room must be read, and the rest is refused or waits elsewhere.
   */
  get isBehind(): boolean {
    return this.#runner.isBehind && this.core.state.storeTakesMessages
  }

  /** `link` has stopped reading and goes on when the store has caught up. */
  waitForStore(link: ClientLink): void {
    this.#waitingForStore.push(link)
  }

  #readOn(): void {
    for (const link of this.#waitingForStore.splice(0)) setImmediate(() => link.proceed())
  }

  /** The state is the one that the store holds. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /**
   * Opens the store and makes the state again that it holds. Before anything else; again, does nothing. What could be
   * opened but not restored is closed, and refused for good: half a state is none to go on from.
   */
  async open(): Promise<void> {
    if (this.#unusable !== null) throw this.#unusable
    if (this.#isOpen) return
    await openStore(this.store, {
      onRoom: (hasRoom) => this.#changeRoom(hasRoom),
      onFailure: (error) => this.#failed(error),
    })
    try {
      await this.bans.open()
      await this.#restore()
      this.#isOpen = true
    } catch (error) {
      this.#unusable = error instanceof Error ? error : new Error(String(error))
      await closeStore(this.store)
      throw error
    }
    this.run()
  }

  async #restore(): Promise<void> {
    const restore = new Restore(this.core.state)
    await this.store.snapshots(shard, (snapshot, at) => restore.snapshot(snapshot, at))
    await this.store.tail(shard, (seq, record) => restore.record(seq, record))
    const { state } = this.core
    state.lastSeq = Math.max(state.lastSeq, await this.store.head(shard))
    this.core.durable(state.lastSeq)
    this.#runner.startBehind(state.lastSeq)
    const loss = expiryLoss(state, restore.sessions(), this.nowMs())
    if (loss !== null && !this.#acceptLoss) throw new Error(loss)
    restore.finish(this.nowMs(), this.turn)
    state.sys.start(this.nowMs())
  }

  async #load(load: Load): Promise<void> {
    try {
      const found = await this.store.read(shard, load.seqs)
      if (this.#isStopped) return
      const messages: Message[] = []
      for (const { record } of found) if (record.type === 'message') messages.push(record.message)
      this.core.loaded(load, messages, this.inputMs(), this.turn)
      this.run()
    } catch (error) {
      this.#failed(error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** Milliseconds since 1970. */
  nowMs(): number {
    return this.#clock()
  }

  /** The same for an input to the core that may bring messages. */
  inputMs(): number {
    this.inputBegins()
    return this.#clock()
  }

  /** The core is given an input that may bring messages. */
  inputBegins(): void {
    this.#gatekeeper.mustNotAsk()
    this.core.state.tracer?.inputBegins()
  }

  /** Has leave, and written down, what the core has decided so far. `run` is to follow in the same turn of the event loop. */
  carryOut(): void {
    const { requests } = this.turn
    if (requests.length > 0) this.requests.take(requests.splice(0))
    this.#runner.run(this.turn)
    this.#readBuffers.received(this.traffic.bytesReceived)
  }

  /** Carries out what the core has decided so far, and looks what is due. `nowMs`: for whoever knows it already. */
  run(nowMs = this.nowMs()): void {
    this.carryOut()
    this.#owner.afterTurn?.(this.core)
    if (this.#toPublish.length + this.#news.length > 0) this.#publishEvents()
    this.#arm(nowMs)
  }

  #report(event: BrokerEvent): void {
    this.#history.note(event, this.nowMs())
    if (this.core.state.subscriptions.watchers.events > 0) this.#toPublish.push(event)
    this.#owner.report(event)
  }

  /** What is decided by that makes no events about messages: it ends. */
  #publishEvents(): void {
    const { state } = this.core
    do {
      for (const event of this.#news.splice(0)) this.#report(event)
      const nowMs = this.nowMs()
      for (const event of this.#toPublish.splice(0)) publishEvent(state, event, nowMs, this.turn)
      this.#runner.run(this.turn)
    } while (this.#toPublish.length + this.#news.length > 0)
  }

  closed(link: ClientLink, text: string): void {
    this.core.closed(link.connection, text, this.inputMs(), this.turn)
    this.#gatekeeper.forget(link.connection)
    this.requests.forget(link.connection)
    this.run()
  }

  /** Puts the open questions to the host. What is answered at once is decided at once. */
  ask(): void {
    const questions = this.turn.questions.splice(0)
    for (const question of questions) {
      const answer = this.#gatekeeper.ask(question)
      if (answer instanceof Promise) void this.#answerLater(question, answer)
      else this.core.answered(question, answer, this.inputMs(), this.turn)
    }
    if (this.turn.questions.length > 0) this.ask()
  }

  async #answerLater(question: Question, promise: ReturnType<Gatekeeper['ask']>): Promise<void> {
    const answer = await promise
    if (this.#isStopped) return
    this.core.answered(question, answer, this.inputMs(), this.turn)
    if (this.turn.questions.length > 0) this.ask()
    this.run()
    const { link } = question.connection
    if (link instanceof ClientLink) link.proceed()
  }

  /** So much more waits for a client than when it was last flushed. */
  unsentGrew(bytes: number): void {
    this.#owner.grew(bytes)
  }

  #arm(nowMs: number): void {
    if (this.#isStopped) return
    const atMs = this.core.nextDeadlineMs(nowMs)
    if (atMs >= this.#timerAtMs) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timerAtMs = atMs
    this.#timer = setTimeout(this.#advance, Math.min(Math.max(0, atMs - this.nowMs()), timeoutMsMax))
    this.#timer.unref()
  }

  readonly #advance = (): void => {
    this.#timer = null
    this.#timerAtMs = Number.POSITIVE_INFINITY
    this.advance()
  }

  /** Does what has become due; also for tests that move the clock. */
  advance(): void {
    this.core.advance(this.inputMs(), this.turn)
    this.unfinished.look(this)
    this.run()
  }

  /** Resolves when all that was decided so far is durable; never once the store has failed. */
  durable(): Promise<void> {
    return this.#runner.durable()
  }

  /** Resolves when nothing more is to be written. */
  idle(): Promise<void> {
    return this.#runner.idle()
  }

  /**
   * Says goodbye to every client and resolves when all of it is durable and handed to the operating system; if the store has failed,
   * when it is let go.
   */
  async stop(): Promise<void> {
    if (this.#abandoning !== null) return this.#abandoning
    if (!this.#isOpen) return
    this.core.stop(this.inputMs(), this.turn)
    this.run()
    const isAllDurable = await this.#runner.finish()
    this.flushing.flushAll()
    this.#isStopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#abandoning !== null) return this.#abandoning
    if (this.store.isDurable && isAllDurable) await this.#snapshotting.finish()
    await closeStore(this.store)
  }

  #failed(error: Error): void {
    if (this.#abandoning !== null) return
    this.#abandoning = abandonStore(this.store)
    this.#isStopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    for (const connection of this.core.state.connections) {
      const { link } = connection
      if (link instanceof ClientLink) link.destroy()
    }
    this.answers.fail(error)
    this.#owner.failed(error)
  }
}
