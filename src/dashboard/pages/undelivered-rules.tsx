/**
 * The fates of messages under each rule.
 */
import type { RuleLedger } from '../../admin/api-types.ts'
import { api } from '../api.ts'
import { count } from '../format.ts'
import { useLive } from '../live.ts'
import { FaultNotice } from '../parts/notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { type TextKey, t } from '../text/text.ts'

const everyMs = 2000

const shown = [
  ['unmatched', 'rules.unmatched'],
  ['held', 'overview.held'],
  ['deadLettered', 'overview.dead'],
  ['refused', 'overview.refused'],
  ['expired', 'overview.expired'],
] as const satisfies readonly (readonly [keyof RuleLedger['fates'], TextKey])[]

export function Rules() {
  const { value, fault } = useLive('ledger', (signal) => api.ledger({ signal }), everyMs)
  // Two rules may have the same Topic Filter: one that is gone stays in the ledger.
  const rules = value?.rules ?? []
  return (
    <>
      <FaultNotice fault={fault} />
      <Table
        label={t('undelivered.tab.rules')}
        columns={columns()}
        rows={rules}
        keyOf={(rule) => rules.indexOf(rule)}
        empty={t('table.loading')}
      />
    </>
  )
}

function columns(): readonly Column<RuleLedger>[] {
  const counted = (title: string, of: (row: RuleLedger) => number): Column<RuleLedger> => ({
    title,
    width: 7.4,
    isNumber: true,
    cell: (row) => count(of(row)),
  })
  return [
    { title: t('rules.filter'), width: 10.5, cell: ({ filter }) => <code title={filter}>{filter}</code> },
    { title: t('rules.policy'), width: 13, cell: ({ whenNobody }) => t(`policy.${whenNobody}`) },
    counted(t('rules.received'), ({ received, made, restored }) => received + made + restored),
    ...shown.map(([fate, key]) => counted(t(key), ({ fates }) => fates[fate])),
    counted(t('overview.dropped'), ({ fates }) => fates.droppedHoldFull + fates.droppedByOperator),
  ]
}
