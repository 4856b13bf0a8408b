/**
 * The log of a broker process: lines of JSON, or for people, on standard error.
 *
 * Written behind the back of the event loop: a reader that is slow, or gone, never holds up a message. What it has no room for
 * is counted, and told when there is some again. Escaping is done once for the whole line, so that no field can be forgotten.
 */
import { type Logger, pino } from 'pino'
import { Flood, type FloodLine } from './flood.ts'
import { humanLine, humanStack } from './human-line.ts'
import { LineWriter } from './line-writer.ts'
import type { LogOptions } from './log-options.ts'
import { safeJson, shortValues } from './log-text.ts'

const waitingBytesMax = 4 * 1024 * 1024
const stderr = 2
/** How long the end of the process waits for a reader that does not read. */
const flushMsMax = 1000

/** Where finished lines go. */
export interface LogSink {
  write(text: string): void
  /** At the end of the process: when it returns, this and all before it have left, or nobody takes it. */
  writeLast(text: string): void
  /** Resolves when everything written so far has left, or nobody takes it. */
  flush(): Promise<void>
}

export type LogFields = Readonly<Record<string, unknown>>

export class Log {
  readonly #logger: Logger
  readonly #flood = new Flood()
  readonly #sink: LogSink
  readonly #nowMs: () => number
  #timer: NodeJS.Timeout | null = null
  #isHuman: boolean
  #isLast = false

  constructor({ level }: Pick<LogOptions, 'level'>, isHuman: boolean, sink: LogSink, nowMs: () => number) {
    this.#sink = sink
    this.#nowMs = nowMs
    this.#isHuman = isHuman
    const destination = {
      write: (line: string) => this.#leave(this.#isHuman ? humanLine(line) : `${safeJson(line.trimEnd())}\n`),
    }
    const time = () => `,"time":"${new Date(nowMs()).toISOString()}"`
    const formatters = { level: (label: string) => ({ level: label }) }
    this.#logger = pino({ level, base: null, timestamp: time, formatters }, destination)
  }

  /** From the next line on. */
  change({ level }: Pick<LogOptions, 'level'>, isHuman: boolean): void {
    this.#logger.level = level
    this.#isHuman = isHuman
  }

  /** Whether lines are for people. */
  get isHuman(): boolean {
    return this.#isHuman
  }

  /** Whether lines of this level are written at all. */
  has(level: FloodLine['level']): boolean {
    return this.#logger.isLevelEnabled(level)
  }

  /** A line of which there may be a flood. */
  tell(line: FloodLine): void {
    if (!this.has(line.level)) return
    const nowMs = this.#nowMs()
    if (nowMs >= this.#flood.endsAtMs) this.#endWindow()
    if (this.#flood.takes(line, nowMs)) this.#write(line)
    else this.#timer ??= setTimeout(() => this.#endWindow(), this.#flood.endsAtMs - nowMs).unref()
  }

  /** A line that is always written, if its level is. */
  say(level: FloodLine['level'] | 'fatal', event: string, text: string, fields: LogFields = {}): void {
    this.#logger[level]({ event, ...shortValues(fields) }, text)
  }

  /** A line of the audit log, whatever the level: it stands here if it has no file. */
  audit(fields: LogFields, text: string): void {
    const written = this.#logger.isLevelEnabled('info') ? this.#logger : this.#logger.child({}, { level: 'info' })
    written.info({ event: 'audit', ...fields }, text)
  }

  /** The last line of a process that ends at once, whatever the level: it has left when this returns. Nothing of `stack` is cut. */
  sayLast(event: string, text: string, fields: LogFields, stack: string): void {
    this.#isLast = true
    this.#endWindow()
    const facts = { event, ...shortValues(fields) }
    const logger = this.#logger.child({}, { level: 'fatal' })
    logger.fatal(this.#isHuman ? facts : { ...facts, stack }, text)
    if (this.#isHuman) this.#leave(humanStack(stack))
  }

  /** Resolves when the last lines have left. */
  close(): Promise<void> {
    this.#endWindow()
    return this.#sink.flush()
  }

  #leave(text: string): void {
    if (this.#isLast) this.#sink.writeLast(text)
    else this.#sink.write(text)
  }

  #endWindow(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    for (const line of this.#flood.end()) this.#write(line)
  }

  #write({ level, event, fields, text }: FloodLine): void {
    this.#logger[level]({ event, ...shortValues(fields) }, text)
  }
}

/** The log of this process. */
export function openLog(options: LogOptions): Log {
  const missing = (lines: number, msg: string): string => {
    const json = JSON.stringify({ level: 'warn', time: new Date().toISOString(), event: 'logDropped', lines, msg })
    return log.isHuman ? humanLine(json) : `${json}\n`
  }
  const writer = new LineWriter(stderr, waitingBytesMax, missing)
  const sink = {
    write: (text: string) => writer.write(text),
    writeLast: (text: string) => writer.writeLast(text),
    flush: () => writer.idle(flushMsMax),
  }
  const log = new Log(options, isForPeople(options), sink, Date.now)
  return log
}

/** Whether the log of this process is for people with this format. */
export function isForPeople({ format }: Pick<LogOptions, 'format'>): boolean {
  return format === 'human' || (format === 'auto' && process.stderr.isTTY)
}
