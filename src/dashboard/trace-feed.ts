/**
 * The log of fates as it grows: what is new is asked for each second, so many entries at most, and what is left out is counted.
 */
import { useEffect, useState } from 'preact/hooks'
import type { FateEntry, TraceQuery } from '../admin/api-types.ts'
import { type ApiFault, api, given } from './api.ts'
import { repeat } from './live.ts'

export interface TraceFeed {
  /** Newest first. */
  readonly entries: readonly FateEntry[]
  /** Messages that came in too fast to be remembered or to be shown, since this page began to look. */
  readonly leftOut: number
  /** Entries that made room for newer ones here. */
  readonly pushedOut: number
  readonly isLoaded: boolean
  readonly fault: ApiFault | null
  readonly clear: () => void
}

export interface TraceWish {
  /** A Topic Filter. */
  readonly topic: string
  /** A Client Identifier; empty for all. */
  readonly client: string
  /** Fates with commas between them; empty for all. */
  readonly fate: string
  readonly isPaused: boolean
  readonly isWanted: (entry: FateEntry) => boolean
  readonly entriesMax: number
}

const everyMs = 1000
/** Asked for at once; what comes faster is skipped. */
const perAskMax = 500
/** No entry has a higher id: what is asked for is only how far the log goes. */
const beyondAll = 999_999_999_999_999
/** So far back it begins: as far as one answer goes. */
const lookBack = perAskMax

const nothing = { entries: [], leftOut: 0, pushedOut: 0, isLoaded: false, fault: null } as const

type State = Omit<TraceFeed, 'clear'>

export function useTrace({ topic, client, fate, isPaused, isWanted, entriesMax }: TraceWish): TraceFeed {
  const [state, setState] = useState<State>(nothing)
  useEffect(() => setState(nothing), [topic, client, fate])
  useEffect(() => {
    if (isPaused) return undefined
    const reader = new Reader(given({ topic, client, fate }))
    return repeat(
      async (signal) => {
        const { fresh, leftOut } = await reader.read(signal)
        setState((before) => {
          const seen = new Set(before.entries.map(({ id }) => id))
          const wanted = fresh.filter((entry) => isWanted(entry) && !seen.has(entry.id)).reverse()
          const all = [...wanted, ...before.entries]
          const pushedOut = before.pushedOut + Math.max(0, all.length - entriesMax)
          const entries = all.slice(0, entriesMax)
          return { entries, leftOut: before.leftOut + leftOut, pushedOut, isLoaded: true, fault: null }
        })
        return 'again'
      },
      (fault) => setState((before) => ({ ...before, fault })),
      everyMs,
    )
  }, [topic, client, fate, isPaused])
  return { ...state, clear: () => setState({ ...nothing, isLoaded: true }) }
}

class Reader {
  readonly #wanted: TraceQuery
  /** Id of the newest entry that was looked at; null before the first look. */
  #after: number | null = null
  #leftOutInAll = 0

  constructor(wanted: TraceQuery) {
    this.#wanted = wanted
  }

  async read(signal: AbortSignal): Promise<{ fresh: readonly FateEntry[]; leftOut: number }> {
    if (this.#after === null) await this.#begin(signal)
    const after = this.#after ?? 0
    const { data, meta, about } = await api.trace({ ...this.#wanted, after, limit: perAskMax }, { signal })
    const lastId = about?.lastId ?? after
    if (lastId < after) {
      // The broker was started anew, and counts from 1 again.
      this.#after = null
      return { fresh: [], leftOut: 0 }
    }
    const newest = data.at(-1)?.id ?? after
    const skipped = meta.hasnext ? lastId - newest : 0
    const leftOut = (about?.leftOut ?? 0) - this.#leftOutInAll + skipped
    this.#after = lastId
    this.#leftOutInAll = about?.leftOut ?? 0
    return { fresh: data, leftOut }
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const { about } = await api.trace({ ...this.#wanted, after: beyondAll, limit: 1 }, { signal })
    this.#after = Math.max(0, (about?.lastId ?? 0) - lookBack)
    this.#leftOutInAll = about?.leftOut ?? 0
  }
}
