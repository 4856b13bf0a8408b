/**
 * Shared groups, with how their members are doing.
 */
import type { FilterSubscriptions } from '../routing/filter-subscriptions.ts'
import type { CoreState } from '../state.ts'
import type { Query } from './row.ts'

/** One group of one Topic Filter: each message goes to one of its members. */
export interface SharedGroupCounts {
  readonly sharedGroup: string
  /** Without `$share/name/`. */
  readonly topicFilter: string
  /** Subscriptions; a Session has one at most. */
  readonly members: number
  /** Those whose client is connected. */
  readonly online: number
  /** Of the Sessions of all members, whatever they were sent it for. */
  readonly inFlight: number
  readonly backlog: { readonly messages: number; readonly bytes: number }
}

/** Members that are counted in one step. */
const stepSize = 64

export function* sharedGroups(core: CoreState): Query<SharedGroupCounts> {
  for (const entry of core.subscriptions.all()) {
    if (entry === null || entry.groups === null) yield null
    else yield* groupsOf(entry)
  }
}

function* groupsOf({ filter, groups }: FilterSubscriptions): Query<SharedGroupCounts> {
  for (const { shareName, members } of groups?.values() ?? []) {
    let online = 0
    let inFlight = 0
    let messages = 0
    let bytes = 0
    // Members come and go between two steps: how many there are is looked at anew each time.
    for (let position = 0; position < members.length; position++) {
      const session = members[position]?.session
      if (session === undefined) continue
      if (session.isOnline) online += 1
      inFlight += session.outbound.inFlightMessages
      messages += session.outbound.queuedMessages
      bytes += session.outbound.queuedBytes
      if (position % stepSize === stepSize - 1) yield null
    }
    const backlog = { messages, bytes }
    if (members.length === 0) yield null
    else yield { sharedGroup: shareName, topicFilter: filter, members: members.length, online, inFlight, backlog }
  }
}
