/**
 * What the host has answered about receipts a connection asks for, kept so that each is asked about once: may it publish where
 * the receipt is to go, and may it know who listens?
 */
import type { Publish } from '../../protocol/packets/publish.ts'
import type { Connection } from '../connection/connection.ts'
import type { CoreState } from '../state.ts'
import type { ReceiptRequest } from './receipt-request.ts'

const verdictsMax = 1000
const everything: readonly boolean[] = Object.freeze([true, true])
const countsOnly: readonly boolean[] = Object.freeze([true, false])

/** May publish, may observe; undefined if the host is to be asked. */
export function knownVerdicts(
  { options }: CoreState,
  connection: Connection,
  packet: Publish,
  request: ReceiptRequest,
): readonly boolean[] | undefined {
  if (connection.isLocal) return everything
  if (!options.asksAuthorization && options.asksObservation !== true) return countsOnly
  return connection.receiptVerdicts?.get(keyOf(packet, request))
}

export function rememberVerdicts(
  connection: Connection,
  packet: Publish,
  request: ReceiptRequest,
  verdicts: readonly boolean[],
): void {
  if (connection.awaitsOldAnswer) return
  connection.receiptVerdicts ??= new Map()
  if (connection.receiptVerdicts.size >= verdictsMax) connection.receiptVerdicts.clear()
  connection.receiptVerdicts.set(keyOf(packet, request), verdicts)
}

/** No Topic Name holds U+0000. */
function keyOf({ topicName }: Publish, request: ReceiptRequest): string {
  return `${topicName}\u0000${request.topicName}`
}
