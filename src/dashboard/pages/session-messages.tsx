/**
 * The messages of one Session: those on their way to and from its client, and those that wait for it.
 */
import { useState } from 'preact/hooks'
import type { InFlightMessage, InFlightPage, Purged, QueuedMessage, QueuedPage } from '../../admin/api-types.ts'
import { api } from '../api.ts'
import { bytes, moment, until } from '../format.ts'
import { ListFoot, useList } from '../lists.tsx'
import { serverNowMs } from '../live.ts'
import { backlog } from '../parts/client.tsx'
import { Content, type ContentFields } from '../parts/content.tsx'
import { Confirm, Dialog } from '../parts/dialog.tsx'
import { Ago, Badge, FaultNotice } from '../parts/notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { t } from '../text/text.ts'
import type { Whose } from './session.tsx'

const everyMs = 1000

export function InFlight({ clientIdentifier, account }: Whose) {
  const list = useList<InFlightMessage, NonNullable<InFlightPage['about']>>(
    `inflight ${account ?? ''} ${clientIdentifier}`,
    (query, signal) => api.inFlightMessages(clientIdentifier, { ...query, account }, { signal }),
    everyMs,
  )
  return (
    <section class="stack" aria-label={t('session.tab.inFlight')}>
      <FaultNotice fault={list.fault} />
      <Table
        label={t('session.tab.inFlight')}
        columns={inFlightColumns()}
        rows={list.rows}
        keyOf={(row) => `${row.direction} ${row.packetIdentifier}`}
        empty={list.isLoaded ? t('inFlight.none') : t('table.loading')}
        onEnd={list.more}
      />
      <ListFoot list={list} />
    </section>
  )
}

function inFlightColumns(): readonly Column<InFlightMessage>[] {
  return [
    { title: t('inFlight.direction'), width: 7.5, cell: (row) => t(`inFlight.${row.direction}`) },
    { title: t('inFlight.packetIdentifier'), width: 6, isNumber: true, cell: (row) => row.packetIdentifier },
    {
      title: t('undelivered.topic'),
      width: 12,
      cell: ({ topic }) =>
        topic === null ? <span class="muted">{t('inFlight.forgotten')}</span> : <code title={topic}>{topic}</code>,
    },
    { title: t('who.qos'), width: 4, isNumber: true, cell: (row) => row.qos },
    {
      title: t('inFlight.waitsFor'),
      width: 13,
      cell: ({ waitsFor, sent }) => (
        <>
          {t(`inFlight.waitsFor.${waitsFor}`)} {!sent && <Badge tone="warn">{t('inFlight.again')}</Badge>}
        </>
      ),
    },
    {
      title: t('undelivered.size'),
      width: 5.5,
      isNumber: true,
      cell: (row) => (row.bytes === null ? '–' : bytes(row.bytes)),
    },
    { title: t('retained.received'), width: 8, cell: (row) => <Ago atMs={row.receivedAtMs} /> },
  ]
}

export function Queued({ clientIdentifier, account }: Whose) {
  const [lookedAt, setLookedAt] = useState<QueuedMessage | null>(null)
  const [isWithPayloads, setWithPayloads] = useState(false)
  const payload = isWithPayloads || undefined
  const list = useList<QueuedMessage, NonNullable<QueuedPage['about']>>(
    `queued ${payload} ${account ?? ''} ${clientIdentifier}`,
    (query, signal) => api.queuedMessages(clientIdentifier, { ...query, account, payload }, { signal }),
    // What messages say is not asked for again and again.
    isWithPayloads ? 0 : everyMs,
  )
  return (
    <section class="stack" aria-label={t('session.tab.queued')}>
      <div class="page-head">
        <label class="check">
          <input
            type="checkbox"
            checked={isWithPayloads}
            onChange={({ currentTarget }) => setWithPayloads(currentTarget.checked)}
          />
          {t('queued.withPayloads')}
        </label>
        <Purge
          clientIdentifier={clientIdentifier}
          account={account}
          isEmpty={list.rows.length === 0}
          onDone={list.refresh}
        />
      </div>
      <FaultNotice fault={list.fault} />
      <Table
        label={t('session.tab.queued')}
        columns={queuedColumns(isWithPayloads ? setLookedAt : null)}
        rows={list.rows}
        // Messages in a queue have no names of their own: a row is its place.
        keyOf={(row) => list.rows.indexOf(row)}
        empty={list.isLoaded ? t('queued.none') : t('table.loading')}
        onEnd={list.more}
      />
      <ListFoot list={list} />
      {list.about !== null && (
        <p class="muted">
          {t('session.tab.queued')}: {backlog(list.about.backlog)}
        </p>
      )}
      {lookedAt !== null && (
        <Dialog title={lookedAt.topic} onClose={() => setLookedAt(null)}>
          <div class="stack">
            <Content content={contentOf(lookedAt)} />
            <form method="dialog" class="actions end">
              <button type="submit">{t('dialog.close')}</button>
            </form>
          </div>
        </Dialog>
      )}
    </section>
  )
}

/** Gives up all that waits, after asking once more, and says how much it was. */
function Purge({ clientIdentifier, account, isEmpty, onDone }: Whose & { isEmpty: boolean; onDone: () => void }) {
  const [isAsking, setAsking] = useState(false)
  const [purged, setPurged] = useState<Purged | null>(null)
  return (
    <span class="actions">
      {purged !== null && <span role="status">{t('queued.purged', { n: purged.messages })}</span>}
      <button type="button" disabled={isEmpty} onClick={() => setAsking(true)}>
        {t('queued.purge')}…
      </button>
      {isAsking && (
        <Confirm
          title={t('queued.purge.question', { client: clientIdentifier })}
          action={t('queued.purge')}
          isDangerous={true}
          run={async () => {
            setPurged(await api.purgeQueue(clientIdentifier, { account }))
            onDone()
          }}
          onClose={() => setAsking(false)}
        >
          <p>{t('queued.purge.words')}</p>
        </Confirm>
      )}
    </span>
  )
}

/** Only rows that were asked for with it have one. */
function contentOf({
  payload = '',
  payloadBytes = 0,
  payloadTruncated = false,
  properties = {},
}: QueuedMessage): ContentFields {
  return { payload, payloadBytes, payloadTruncated, properties }
}

function queuedColumns(look: ((row: QueuedMessage) => void) | null): readonly Column<QueuedMessage>[] {
  const lookColumn: Column<QueuedMessage> = {
    title: t('undelivered.look'),
    width: 5.5,
    cell: (row) => (
      <button
        type="button"
        class="small"
        aria-label={t('sub.lookAt', { topic: row.topic })}
        onClick={() => look?.(row)}
      >
        {t('undelivered.look')}
      </button>
    ),
  }
  return [
    { title: t('undelivered.topic'), width: 14, cell: (row) => <code title={row.topic}>{row.topic}</code> },
    ...(look === null ? [] : [lookColumn]),
    { title: t('who.qos'), width: 4, isNumber: true, cell: (row) => row.qos },
    { title: t('undelivered.size'), width: 6, isNumber: true, cell: (row) => bytes(row.bytes) },
    { title: t('retained.received'), width: 8, cell: (row) => <Ago atMs={row.receivedAtMs} /> },
    {
      title: t('undelivered.expires'),
      width: 8,
      cell: (row) => <span title={moment(row.expiresAtMs)}>{until(row.expiresAtMs, serverNowMs())}</span>,
    },
  ]
}
