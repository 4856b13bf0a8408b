/**
 * What a 5.0 publisher asks for with the User Properties `pabal-receipt` and `pabal-receipt-topic`.
 */
import type { Publish } from '../../protocol/packets/publish.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'
import { sentTopicNameFault } from '../limit-reached.ts'
import { isPrivateReply } from '../routing/reply.ts'
import { isReserved } from '../routing/topic-name.ts'
import type { CoreState } from '../state.ts'

export interface ReceiptRequest {
  readonly topicName: string
  readonly wants: 'delivered' | 'all'
  /** The receipt says who got the message. */
  readonly names: boolean
}

/** Why there can be none. */
export interface ReceiptFault {
  readonly reasonCode: number
  readonly text: string
}

/** QoS of a receipt; a Subscription with a lower one gets it at that. */
export const receiptQos = 1

/** Null if no receipt is asked for. */
export function readReceiptRequest(core: CoreState, packet: Publish): ReceiptRequest | ReceiptFault | null {
  const { userProperties } = packet.properties
  if (userProperties === undefined) return null
  const wanted = valuesOf(userProperties, 'pabal-receipt')
  if (wanted.length === 0) return null
  const [wants] = wanted
  if (wanted.length > 1) return fault('the User Property pabal-receipt is there more than once; send it once')
  if (wants !== 'delivered' && wants !== 'all') {
    return fault(`the User Property pabal-receipt is "${wants}"; it must be "delivered" or "all"`)
  }
  const topics = valuesOf(userProperties, 'pabal-receipt-topic')
  if (topics.length > 1) return fault('the User Property pabal-receipt-topic is there more than once; send it once')
  const topicName = topics[0] ?? packet.properties.responseTopic
  if (topicName === undefined) {
    return fault('a receipt is asked for without a place to send it to: add a Response Topic, or pabal-receipt-topic')
  }
  const invalid = sentTopicNameFault(core, topicName)
  if (invalid !== null) return fault(`the receipt cannot go to "${topicName}": ${invalid}`)
  if (isReserved(topicName) && !isPrivateReply(topicName)) {
    const text = `the receipt cannot go to "${topicName}", which is reserved; use $pabal/receipt/ID/reply or a Topic Name of your own`
    return { reasonCode: ReasonCode.NotAuthorized, text }
  }
  return { topicName, wants, names: false }
}

export function isReceiptFault(request: ReceiptRequest | ReceiptFault): request is ReceiptFault {
  return 'reasonCode' in request
}

function valuesOf(properties: readonly (readonly [string, string])[], wanted: string): string[] {
  return properties.filter(([name]) => name === wanted).map(([, value]) => value)
}

/** 5.0 has no code for it of its own, and the packet is well-formed. */
function fault(text: string): ReceiptFault {
  return { reasonCode: ReasonCode.ImplementationSpecificError, text }
}
