/**
 * `$pabal/ledger`: what became of every message and copy, in all and under each rule.
 */
import { ledger as ledgerOf, ruleLedgers } from '../../core/query/ledger.ts'
import type { CoreState } from '../../core/state.ts'
import type { RequestHandler } from './request-handler.ts'

export const ledger: RequestHandler = {
  permission: 'observe',
  fields: {},
  answer: ({ state }) => ({
    facts: { ...ledgerOf(state), owed: state.owed.size, traffic: trafficOf(state) },
    list: { name: 'rules', rows: ruleLedgers(state) },
  }),
}

/** Bytes on the connections since the broker was made. */
export interface TrafficBytes {
  readonly bytesReceived: number
  readonly bytesSent: number
}

function trafficOf({ traffic: { bytesReceived, bytesSent } }: CoreState): TrafficBytes {
  return { bytesReceived, bytesSent }
}
