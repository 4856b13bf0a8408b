/**
 * Keeps a flood out of the log: of lines that are the same a few are written in ten seconds, and of each kind so many; the
 * rest is counted, and the counts are told.
 */
import { count } from '../counted.ts'

/** A line about to be written. */
export interface FloodLine {
  readonly level: 'error' | 'warn' | 'info' | 'debug'
  /** Of which kind it is. */
  readonly event: string
  readonly text: string
  readonly fields: Readonly<Record<string, unknown>>
  /** What lines of its kind have in common that say the same again. */
  readonly same: string
}

interface Seen {
  written: number
  leftOut: number
  /** The last that was left out. */
  line: FloodLine
}

const windowMs = 10_000
const sameMax = 5
const kindMax = 500

export class Flood {
  readonly #same = new Map<string, Seen>()
  readonly #kinds = new Map<string, Seen>()
  #endsAtMs = 0

  /** When what was left out is to be told of: at the end of the window. */
  get endsAtMs(): number {
    return this.#endsAtMs
  }

  /** Whether to write a line; the window before must have been ended with `end`. */
  takes(line: FloodLine, nowMs: number): boolean {
    if (nowMs >= this.#endsAtMs) this.#endsAtMs = nowMs + windowMs
    const kind = seenOf(this.#kinds, line.event, line)
    if (kind.written >= kindMax) return leaveOut(kind, line)
    const same = seenOf(this.#same, `${line.event}\0${line.same}`, line)
    if (same.written >= sameMax) return leaveOut(same, line)
    kind.written += 1
    same.written += 1
    return true
  }

  /** Ends the window, and returns the lines that say what was left out. */
  end(): FloodLine[] {
    const told: FloodLine[] = []
    const seconds = windowMs / 1000
    for (const { leftOut, line } of this.#same.values()) {
      if (leftOut === 0) continue
      const text = `${line.text}: ${count(leftOut)} more like this within ${seconds} s`
      told.push({ ...line, text, fields: { ...line.fields, leftOut } })
    }
    for (const { leftOut, line } of this.#kinds.values()) {
      if (leftOut === 0) continue
      const text = `${line.text}: ${count(leftOut)} more of this kind within ${seconds} s, each of them another`
      told.push({ ...line, text, fields: { leftOut } })
    }
    this.#same.clear()
    this.#kinds.clear()
    this.#endsAtMs = 0
    return told
  }
}

function seenOf(all: Map<string, Seen>, key: string, line: FloodLine): Seen {
  let seen = all.get(key)
  if (seen === undefined) {
    seen = { written: 0, leftOut: 0, line }
    all.set(key, seen)
  }
  return seen
}

function leaveOut(seen: Seen, line: FloodLine): false {
  seen.leftOut += 1
  seen.line = line
  return false
}
