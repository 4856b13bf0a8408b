/**
 * The Subscriptions to a Topic Filter, or to whatever has a Topic Name in common with it.
 */
import { type SubscriptionTotals, totalsOf } from '../routing/filter-subscriptions.ts'
import { filtersOverlap } from '../routing/filters-overlap.ts'
import type { CoreState } from '../state.ts'
import type { Query } from './row.ts'
import { type Subscriber, subscribersTo } from './who-listens.ts'

/** `filter` is valid and without `$share/name/`. */
export function* whoSubscribes(core: CoreState, filter: string, isExact: boolean): Query<Subscriber> {
  const known = knownEntries(core, filter, isExact)
  if (known !== null) {
    for (const entry of known) yield* subscribersTo(core, entry)
    return
  }
  for (const entry of core.subscriptions.all()) {
    if (entry === null || !filtersOverlap(filter, entry.filter)) yield null
    else yield* subscribersTo(core, entry)
  }
}

/** Null where they would have to be looked for among all Topic Filters. */
export function filterTotals(core: CoreState, filter: string, isExact: boolean): SubscriptionTotals | null {
  const known = knownEntries(core, filter, isExact)
  return known === null ? null : totalsOf(known)
}

/** Every Subscription there is. */
export function* allSubscriptions(core: CoreState): Query<Subscriber> {
  for (const entry of core.subscriptions.all()) {
    if (entry === null) yield null
    else yield* subscribersTo(core, entry)
  }
}

function knownEntries({ subscriptions }: CoreState, filter: string, isExact: boolean) {
  if (isExact) {
    const entry = subscriptions.get(filter)
    return entry === undefined ? [] : [entry]
  }
  // Without a wildcard it is a Topic Name, too: what overlaps is what matches.
  return /[+#]/.test(filter) ? null : subscriptions.matching(filter)
}
