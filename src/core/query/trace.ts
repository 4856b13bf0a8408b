/**
 * What became of the messages of a Topic Filter, from the log of fates, oldest first.
 */
import type { FateEntry } from '../routing/fate-log.ts'
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

/** The entries behind `after` that are there now, as far as their Topic Name matches; one that is pushed out meanwhile is missed. */
export function* trace({ fateLog }: CoreState, filter: string, after: number): Query<FateEntry> {
  const { lastId } = fateLog
  for (let id = Math.max(after + 1, fateLog.firstId); id <= lastId; id++) {
    const entry = fateLog.get(id)
    if (entry === undefined) id = Math.max(id, fateLog.firstId - 1)
    yield entry !== undefined && topicFilterMatches(filter, entry.topicName) ? entry : null
  }
}
