/**
 * `$pabal/ledger`: what became of every message and copy, in all and under each rule.
 */
import { ledger as ledgerOf, ruleLedgers } from '../../core/query/ledger.ts'
import type { RequestHandler } from './request-handler.ts'

export const ledger: RequestHandler = {
  permission: 'observe',
  fields: {},
  answer: ({ state }) => ({
    facts: { ...ledgerOf(state), owed: state.owed.size },
    list: { name: 'rules', rows: ruleLedgers(state) },
  }),
}
