/**
 * What a host asks about a Topic Name: who listens to it, and how many.
 */
import { type Subscriber, whoListens } from '../core/query/who-listens.ts'
import { type WhoTotals, whoTotals } from '../core/query/who-totals.ts'
import { topicNameFault } from '../core/routing/topic-name.ts'
import type { CoreState } from '../core/state.ts'
import { pullAll } from './requests/pages.ts'
import type { Shell } from './shell.ts'

/** In slices, so that traffic goes on meanwhile. @throws an Error if the Topic Name is not one. */
export function subscribersTo(topicName: string, shell: Shell): Promise<Subscriber[]> {
  return pullAll(whoListens(stateFor(topicName, shell), topicName), shell.requests.slices)
}

/** @throws an Error if the Topic Name is not one. */
export function listenersTo(topicName: string, shell: Shell): WhoTotals {
  return whoTotals(stateFor(topicName, shell), topicName)
}

function stateFor(topicName: string, { core: { state } }: Shell): CoreState {
  const fault = typeof topicName === 'string' ? topicNameFault(topicName, state.limits) : 'a Topic Name is a text'
  if (fault !== null) throw new Error(`cannot say who listens to "${topicName}": ${fault}`)
  return state
}
