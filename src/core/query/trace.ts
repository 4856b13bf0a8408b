/**
 * What became of the messages of a Topic Filter, from the log of fates, oldest first.
 */
import type { FateEntry } from '../routing/fate-entry.ts'
import { topicFilterMatches } from '../routing/topic-filter.ts'
import type { CoreState } from '../state.ts'
import type { Query } from './row.ts'

/** What the log holds in all. */
export interface TraceTotals {
  /** Of the oldest entry that is still there. */
  readonly firstId: number
  /** Of the newest; 0 if there is none. Ids begin at 1 again when the broker does. */
  readonly lastId: number
  /** Messages of any Topic Name that did not enter the log, because too many came in a second. */
  readonly leftOut: number
}

export function traceTotals({ fateLog: { firstId, lastId, leftOut } }: CoreState): TraceTotals {
  return { firstId, lastId, leftOut }
}

/** Which entries. */
export interface TraceWish {
  readonly filter: string
  /** Only those with a higher id. */
  readonly after: number
  /** Client Identifier: only messages that it published or got a copy of, as far as the log names it; null for all. */
  readonly client: string | null
  /** Of messages or copies: only those that met one of them; null for all. */
  readonly fates: ReadonlySet<string> | null
}

/** The entries behind `after` that are there now and are wanted; one that is pushed out meanwhile is missed. */
export function* trace({ fateLog }: CoreState, wish: TraceWish): Query<FateEntry> {
  const { after } = wish
  const { lastId } = fateLog
  for (let id = Math.max(after + 1, fateLog.firstId); id <= lastId; id++) {
    const entry = fateLog.get(id)
    if (entry === undefined) id = Math.max(id, fateLog.firstId - 1)
    yield entry !== undefined && isWanted(entry, wish) ? entry : null
  }
}

function isWanted({ topicName, publisher, fate, copies }: FateEntry, { filter, client, fates }: TraceWish): boolean {
  if (!topicFilterMatches(filter, topicName)) return false
  const isOf = client === null || publisher?.clientIdentifier === client
  if (!isOf && !copies.some((copy) => copy.clientIdentifier === client)) return false
  return fates === null || fates.has(fate) || copies.some((copy) => fates.has(copy.fate))
}
