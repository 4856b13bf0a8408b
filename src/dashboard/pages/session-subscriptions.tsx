/**
 * What one Session subscribes to, and ending a Subscription.
 */
import { useState } from 'preact/hooks'
import type { SessionRow, Subscriber } from '../../admin/api-types.ts'
import { api } from '../api.ts'
import { ListFoot, useList } from '../lists.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { Ago } from '../parts/notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { t } from '../text/text.ts'
import type { Whose } from './session.tsx'

const everyMs = 1000

export function SessionSubscriptions({ clientIdentifier, account }: Whose) {
  const [ended, setEnded] = useState<Subscriber | null>(null)
  const list = useList<SessionRow, object>(
    `subscriptions ${account ?? ''} ${clientIdentifier}`,
    (query, signal) => api.client(clientIdentifier, { ...query, account }, { signal }),
    everyMs,
  )
  const rows = list.rows.filter((row) => row.kind === 'subscription')
  return (
    <section class="stack" aria-label={t('clients.subscriptions')}>
      <Table
        label={t('clients.subscriptions')}
        columns={columns(setEnded)}
        rows={rows}
        keyOf={(row) => `${row.account} ${row.sharedGroup} ${row.topicFilter}`}
        empty={list.isLoaded ? t('session.subscriptions.none') : t('table.loading')}
        onEnd={list.more}
      />
      {list.hasMore && <ListFoot list={list} />}
      {ended !== null && (
        <Confirm
          title={t('session.unsubscribe.question')}
          action={t('sub.unsubscribe')}
          isDangerous={true}
          run={async () => {
            await api.unsubscribe(clientIdentifier, topicFilterOf(ended), { account: ended.account })
            list.refresh()
          }}
          onClose={() => setEnded(null)}
        >
          <p>
            <code class="break">{topicFilterOf(ended)}</code>
          </p>
          <p>{t('session.unsubscribe.words')}</p>
        </Confirm>
      )}
    </section>
  )
}

/** As the client sent it. */
function topicFilterOf({ topicFilter, sharedGroup }: Subscriber): string {
  return sharedGroup === null ? topicFilter : `$share/${sharedGroup}/${topicFilter}`
}

function columns(end: (row: Subscriber) => void): readonly Column<Subscriber>[] {
  return [
    { title: t('who.filter'), width: 14, cell: (row) => <code title={row.topicFilter}>{row.topicFilter}</code> },
    { title: t('who.qos'), width: 4, isNumber: true, cell: (row) => row.qos },
    { title: t('who.group'), width: 8, cell: (row) => row.sharedGroup ?? '–' },
    { title: t('session.observer'), width: 6, cell: (row) => t(row.observer ? 'value.yes' : 'value.no') },
    { title: t('who.since'), width: 9, cell: (row) => <Ago atMs={row.subscribedAtMs} /> },
    {
      title: t('sub.unsubscribe'),
      width: 8,
      cell: (row) => (
        <button
          type="button"
          class="small"
          aria-label={t('session.unsubscribe.from', { filter: topicFilterOf(row) })}
          onClick={() => end(row)}
        >
          {t('sub.unsubscribe')}…
        </button>
      ),
    },
  ]
}
