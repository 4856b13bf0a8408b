/**
 * Retained Messages.
 */
import { useState } from 'preact/hooks'
import type { Retained, RetainedMessage, RetainedPage as RetainedRows } from '../../admin/api-types.ts'
import { api, given } from '../api.ts'
import { bytes, count } from '../format.ts'
import { ListFoot, useList } from '../lists.tsx'
import { useLive } from '../live.ts'
import { Content } from '../parts/content.tsx'
import { Confirm, Dialog } from '../parts/dialog.tsx'
import { FilterField } from '../parts/filter-field.tsx'
import { Ago, FaultNotice, PageHead } from '../parts/notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { route, setQuery } from '../route.ts'
import { t } from '../text/text.ts'

const everyMs = 3000

export function RetainedPage() {
  const { filter = '' } = route.value.query
  const [lookedAt, setLookedAt] = useState<string | null>(null)
  const [deleted, setDeleted] = useState<string | null>(null)
  const list = useList<Retained, NonNullable<RetainedRows['about']>>(
    `retained ${filter}`,
    (query, signal) => api.retainedMessages({ ...query, ...given({ filter }) }, { signal }),
    everyMs,
  )
  const { about } = list
  return (
    <>
      <PageHead title={t('retained.title')} intro={t('retained.intro')} />
      <div class="form">
        <FilterField value={filter} onChange={(next) => setQuery({ filter: next })} placeholder="#" />
      </div>
      <FaultNotice fault={list.fault} />
      <Table
        label={t('retained.title')}
        columns={columns(setLookedAt)}
        rows={list.rows}
        keyOf={(row) => row.topic}
        empty={list.isLoaded ? t('retained.none') : t('table.loading')}
        onEnd={list.more}
      />
      <ListFoot list={list} />
      {about !== null && (
        <p class="muted">
          {t('retained.title')}: {count(about.retained.messages)} ({bytes(about.retained.bytes)})
        </p>
      )}
      {lookedAt !== null && (
        <RetainedDialog
          topic={lookedAt}
          onDelete={() => {
            setLookedAt(null)
            setDeleted(lookedAt)
          }}
          onClose={() => setLookedAt(null)}
        />
      )}
      {deleted !== null && <DeleteDialog topic={deleted} onDone={list.refresh} onClose={() => setDeleted(null)} />}
    </>
  )
}

function DeleteDialog({ topic, onDone, onClose }: { topic: string; onDone: () => void; onClose: () => void }) {
  return (
    <Confirm
      title={t('retained.delete.question')}
      action={t('retained.delete')}
      isDangerous={true}
      run={async () => {
        await api.removeRetained(topic)
        onDone()
      }}
      onClose={onClose}
    >
      <p>
        <code class="break">{topic}</code>
      </p>
      <p>{t('retained.delete.words')}</p>
    </Confirm>
  )
}

function RetainedDialog({ topic, onDelete, onClose }: { topic: string; onDelete: () => void; onClose: () => void }) {
  const { value, fault } = useLive<RetainedMessage>(
    `retained ${topic}`,
    (signal) => api.retainedMessage(topic, { signal }),
    0,
  )
  return (
    <Dialog title={topic} onClose={onClose}>
      <div class="stack">
        <FaultNotice fault={fault} />
        {value !== null && <Content content={value} />}
        <div class="actions end">
          <button type="button" onClick={onDelete}>
            {t('retained.delete')}…
          </button>
          <form method="dialog">
            <button type="submit">{t('dialog.close')}</button>
          </form>
        </div>
      </div>
    </Dialog>
  )
}

function columns(look: (topic: string) => void): readonly Column<Retained>[] {
  return [
    { title: t('undelivered.topic'), width: 14, cell: (row) => <code title={row.topic}>{row.topic}</code> },
    {
      title: t('undelivered.look'),
      width: 5.5,
      cell: ({ topic }) => (
        <button
          type="button"
          class="small"
          aria-label={`${t('undelivered.look')}: ${topic}`}
          onClick={() => look(topic)}
        >
          {t('undelivered.look')}
        </button>
      ),
    },
    { title: t('who.qos'), width: 4, isNumber: true, cell: (row) => row.qos },
    { title: t('undelivered.size'), width: 6, isNumber: true, cell: (row) => bytes(row.bytes) },
    { title: t('retained.received'), width: 9, cell: (row) => <Ago atMs={row.receivedAtMs} /> },
  ]
}
