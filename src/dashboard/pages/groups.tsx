/**
 * Shared groups.
 */
import type { SharedGroup } from '../../admin/api-types.ts'
import { api } from '../api.ts'
import { count } from '../format.ts'
import { ListFoot, useList } from '../lists.tsx'
import { backlog } from '../parts/client.tsx'
import { FaultNotice, PageHead } from '../parts/notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { t } from '../text/text.ts'

const everyMs = 2000

export function GroupsPage() {
  const list = useList<SharedGroup, object>('groups', (query, signal) => api.sharedGroups(query, { signal }), everyMs)
  return (
    <>
      <PageHead title={t('nav.groups')} intro={t('groups.intro')} />
      <FaultNotice fault={list.fault} />
      <Table
        label={t('nav.groups')}
        columns={columns()}
        rows={list.rows}
        keyOf={(row) => `${row.sharedGroup}/${row.topicFilter}`}
        empty={list.isLoaded ? t('groups.none') : t('table.loading')}
        markOf={(row) => (row.online === 0 ? 'danger' : undefined)}
        onEnd={list.more}
      />
      <ListFoot list={list} />
    </>
  )
}

function columns(): readonly Column<SharedGroup>[] {
  return [
    { title: t('who.group'), width: 10, cell: (row) => row.sharedGroup },
    { title: t('who.filter'), width: 12, cell: (row) => <code title={row.topicFilter}>{row.topicFilter}</code> },
    { title: t('groups.members'), width: 6, isNumber: true, cell: (row) => count(row.members) },
    { title: t('topics.online'), width: 6, isNumber: true, cell: (row) => count(row.online) },
    { title: t('who.inFlight'), width: 6.5, isNumber: true, cell: (row) => count(row.inFlight) },
    { title: t('who.backlog'), width: 9, isNumber: true, cell: (row) => backlog(row.backlog) },
  ]
}
