/**
 * Why a message may not become the Retained Message of its Topic Name, in words.
 */
import type { Publish } from '../../protocol/packets/publish.ts'
import { reachLimit } from '../limit-reached.ts'
import type { CoreState } from '../state.ts'

/** Why there is no room to retain a message; null if there is. */
export function retainRefusal(core: CoreState, { topicName, payloadSize }: Publish): string | null {
  const limit = core.retainFault(topicName, topicName.length + payloadSize)
  if (limit === null) return null
  const what = limit === 'retainedMessagesMax' ? 'Retained Messages' : 'bytes of Retained Messages'
  return reachLimit(core, limit, `the broker keeps no more than ${core.limits[limit]} ${what}`)
}
