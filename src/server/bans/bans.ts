/**
 * Who may not connect to a broker: makes bans and lifts them, one after the other. A ban holds, and is lifted, once that is durable; with a
 * store in memory it lasts as long as the broker.
 */
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Ban, type BanKind, banKinds, isOf, latestBanMs, whoFault } from '../../core/access/ban-list.ts'
import type { BrokerCore } from '../../core/broker.ts'
import { disconnectBanned, ban as holdBan } from '../../core/connection/banning.ts'
import { reachLimit } from '../../core/limit-reached.ts'
import type { CoreState } from '../../core/state.ts'
import type { Turn } from '../../core/turn.ts'
import { describeValue } from '../config/reading.ts'
import { FieldFault, InTheWay, NotNow, NotThere, quoted } from '../requests/request-fault.ts'
import { BanFile, banFileName } from './ban-file.ts'

/** What is needed of the broker. */
export interface BansHost {
  readonly state: CoreState
  /** Of the data directory; null: nothing is kept. */
  readonly directory: string | null
  nowMs(): number
  /** Hands the core an input and carries out what it decides. */
  act<Result>(give: (core: BrokerCore, nowMs: number, turn: Turn) => Result): Result
}

/** Who is to be banned. */
export interface BanOptions {
  /** What `who` is; `peerhost`: an address, `peerhost_net`: a range of them. */
  readonly as: BanKind
  readonly who: string
  /** For people; at most 1000 characters. */
  readonly reason?: string
  /** Who makes the ban; at most 256 characters. */
  readonly by?: string
  /** When it ends: milliseconds since 1970. Default, and Infinity: never. */
  readonly untilMs?: number
  /** In its place: how long it holds from when it is made. */
  readonly forSeconds?: number
}

const reasonLengthMax = 1000
const byLengthMax = 256
/** Connections that are looked at in one turn of the event loop. */
const sliceSize = 500
const kindsInWords = `one of ${banKinds.join(', ')}`

/** The bans of a broker. What its methods throw is an Error that says what was found and what is expected. */
export class Bans {
  readonly #host: BansHost
  #file: BanFile | null = null
  #isOpen = false
  /** Changes follow each other. */
  #changing: Promise<unknown> = Promise.resolve()

  constructor(host: BansHost) {
    this.#host = host
  }

  /** Reads what the data directory holds. @throws an Error that names the file and says what to do. */
  async open(): Promise<void> {
    const { directory, state } = this.#host
    if (directory !== null && this.#file === null) {
      const { file, bans } = await BanFile.read(join(directory, banFileName))
      this.#file = file
      const nowMs = this.#host.nowMs()
      for (const ban of bans.values()) if (ban.untilMs > nowMs) holdBan(state, ban)
    }
    this.#isOpen = true
  }

  /** Those that hold at this moment. */
  list(): Ban[] {
    const nowMs = this.#host.nowMs()
    return [...this.#host.state.bans.values()].filter(({ untilMs }) => untilMs > nowMs)
  }

  /**
   * Bans a client, in place of an earlier ban of the same that ends no later. Whoever it is of and is connected is disconnected; its
   * Session stays. Resolves when that is done and the ban is durable.
   */
  add(options: BanOptions): Promise<Ban> {
    return this.#inTurn(() => this.#add(options))
  }

  /** Lifts a ban, durably; what it was. */
  remove(as: BanKind, who: string): Promise<Ban> {
    return this.#inTurn(() => this.#remove(as, who))
  }

  /** Lifts every ban, durably; how many there were. */
  removeAll(): Promise<number> {
    return this.#inTurn(() => this.#removeAll())
  }

  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const changed = this.#changing.then(() => {
      if (!this.#isOpen) throw new Error('the broker has not been started: await start() first')
      return change()
    })
    // Its caller hears of it.
    this.#changing = changed.catch(() => {})
    return changed
  }

  async #add(options: BanOptions): Promise<Ban> {
    const { state } = this.#host
    const nowMs = this.#host.nowMs()
    const ban = checkedBan(options, nowMs)
    const { as, who } = ban
    const earlier = state.bans.get(as, who)
    const isInForce = earlier !== undefined && earlier.untilMs > nowMs
    if (isInForce && earlier.untilMs > ban.untilMs) {
      const found = `a ban of ${as} ${quoted(who)} until ${untilInWords(earlier.untilMs)}`
      throw new InTheWay(found, 'none that ends later', 'lift that one first, if it is to end earlier')
    }
    const { bansMax } = state.limits
    if (earlier === undefined && state.bans.size >= bansMax) {
      const found = reachLimit(state, 'bansMax', `${state.bans.size} bans already`)
      throw new InTheWay(found, `at most ${bansMax}`, 'lift some, ban a range of addresses, or raise the limit')
    }
    const others = (): Iterable<Ban> => this.list().filter((each) => each !== earlier)
    await this.#write(() => this.#file?.append({ type: 'ban', ban }, () => [...others(), ban], state.bans.size))
    this.#host.act(({ state }) => holdBan(state, ban))
    await this.#disconnect(ban)
    return ban
  }

  /** In slices, so that the others are not kept waiting; whoever comes meanwhile is refused already. */
  async #disconnect(ban: Ban): Promise<void> {
    const mine = isOf(ban)
    const connections = [...this.#host.state.connections]
    for (let at = 0; at < connections.length; at += sliceSize) {
      if (at > 0) await nextTurn()
      const slice = connections.slice(at, at + sliceSize)
      this.#host.act((core, nowMs, turn) => disconnectBanned(core.state, ban, mine, slice, nowMs, turn))
    }
  }

  async #remove(as: BanKind, who: string): Promise<Ban> {
    const { state } = this.#host
    checkKind(as)
    const ban = typeof who === 'string' ? state.bans.get(as, who) : undefined
    if (ban === undefined || ban.untilMs <= this.#host.nowMs()) {
      throw new NotThere(
        `no ban of ${as} ${quoted(String(who))}`,
        'one that there is',
        'look it up in the list of bans',
      )
    }
    const others = (): Iterable<Ban> => this.list().filter((each) => each !== ban)
    await this.#write(() => this.#file?.append({ type: 'lift', as, who }, others, state.bans.size))
    this.#host.act(({ state }) => state.bans.delete(as, who))
    return ban
  }

  async #removeAll(): Promise<number> {
    const all = this.list()
    await this.#write(() => this.#file?.replace([]))
    this.#host.act(({ state }) => {
      for (const { as, who } of [...state.bans.values()]) state.bans.delete(as, who)
    })
    return all.length
  }

  /** @throws NotNow */
  async #write(write: () => Promise<void> | undefined): Promise<void> {
    try {
      await write()
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      const advice = 'make room for it or put its directory right, then ask again; nothing has changed'
      throw new NotNow(`${banFileName} cannot be written: ${why}`, 'a file that can', advice)
    }
  }
}

/** @throws FieldFault */
function checkKind(as: unknown): asserts as is BanKind {
  if (banKinds.some((kind) => kind === as)) return
  throw new FieldFault('as', describeValue(as), kindsInWords, 'say what is banned: "as": "clientid"')
}

/** @throws FieldFault */
function checkedBan(options: BanOptions, nowMs: number): Ban {
  const { as, who, reason = '', by = '' } = options
  checkKind(as)
  const fault = typeof who === 'string' ? whoFault(as, who) : 'a text'
  if (fault !== null) {
    const advice = as === 'peerhost' ? 'correct it; a range of addresses is peerhost_net' : 'correct it'
    throw new FieldFault('who', describeValue(who), fault, advice)
  }
  checkLength('reason', reason, reasonLengthMax)
  checkLength('by', by, byLengthMax)
  return { as, who, reason, by, atMs: nowMs, untilMs: endOf(options, nowMs) }
}

/** @throws FieldFault */
function endOf({ untilMs, forSeconds }: BanOptions, nowMs: number): number {
  if (forSeconds !== undefined) {
    if (untilMs !== undefined) throw new FieldFault('until', 'a number of seconds, too', 'one of them', 'leave one out')
    if (typeof forSeconds === 'number' && forSeconds > 0) return Math.min(nowMs + forSeconds * 1000, latestBanMs)
    throw new FieldFault('forSeconds', describeValue(forSeconds), 'seconds, above 0', 'leave it out to ban for ever')
  }
  const endsMs: unknown = untilMs ?? Number.POSITIVE_INFINITY
  const isLater = typeof endsMs === 'number' && endsMs > nowMs
  if (isLater && (endsMs <= latestBanMs || endsMs === Number.POSITIVE_INFINITY)) return endsMs
  const found = typeof endsMs === 'number' ? untilInWords(endsMs) : describeValue(endsMs)
  throw new FieldFault('until', found, `a time after ${untilInWords(nowMs)}`, 'leave it out to ban for ever')
}

/** @throws FieldFault */
function checkLength(field: string, text: unknown, max: number): void {
  const expected = `a text of at most ${max} characters`
  if (typeof text !== 'string') throw new FieldFault(field, describeValue(text), expected, 'correct it')
  if (text.length > max) throw new FieldFault(field, `${text.length} characters`, expected, 'shorten it')
  if (!text.isWellFormed()) throw new FieldFault(field, 'half a character', expected, 'correct it')
}

/** `for ever`, or as RFC 3339 has it. */
function untilInWords(atMs: number): string {
  if (atMs === Number.POSITIVE_INFINITY) return 'for ever'
  const date = new Date(atMs)
  return Number.isNaN(date.getTime()) ? `${atMs}` : date.toISOString()
}
