/**
 * What has happened to one client of late, refusals included; also when its Session is no more.
 */
import type { HistoryEvent, HistoryPage } from '../../admin/api-types.ts'
import { api } from '../api.ts'
import { duration, moment } from '../format.ts'
import { ListFoot, useList } from '../lists.tsx'
import { protocol } from '../parts/client.tsx'
import { Badge, FaultNotice, type Tone } from '../parts/notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { t } from '../text/text.ts'
import type { Whose } from './session.tsx'

const everyMs = 2000
const neverExpires = 0xffff_ffff

export function SessionHistory({ clientIdentifier, account }: Whose) {
  const list = useList<HistoryEvent, NonNullable<HistoryPage['about']>>(
    `history ${account ?? ''} ${clientIdentifier}`,
    (query, signal) => api.clientHistory(clientIdentifier, { ...query, account }, { signal }),
    everyMs,
  )
  const forgotten = list.about?.forgotten ?? 0
  return (
    <section class="stack" aria-label={t('session.tab.history')}>
      <FaultNotice fault={list.fault} />
      <Table
        label={t('session.tab.history')}
        columns={columns()}
        rows={list.rows}
        keyOf={(row) => list.rows.length - list.rows.indexOf(row)}
        empty={list.isLoaded ? t('history.none') : t('table.loading')}
        onEnd={list.more}
      />
      <ListFoot list={list} />
      {forgotten > 0 && <p class="muted">{t('history.forgotten', { n: forgotten })}</p>}
    </section>
  )
}

const tones: Readonly<Partial<Record<HistoryEvent['type'], Tone>>> = {
  connected: 'good',
  disconnected: 'warn',
  refused: 'danger',
  queuePurged: 'danger',
  sessionTakenOver: 'warn',
  sessionEnded: 'danger',
}

function columns(): readonly Column<HistoryEvent>[] {
  return [
    { title: t('undelivered.at'), width: 12, cell: (row) => moment(row.atMs) },
    {
      title: t('history.what'),
      width: 9,
      cell: ({ type }) => <Badge tone={tones[type]}>{t(`history.${type}`)}</Badge>,
    },
    { title: t('history.details'), width: 18, cell: (row) => <Details row={row} /> },
    { title: t('clients.address'), width: 9, cell: (row) => row.remoteAddress ?? '–' },
  ]
}

function Details({ row }: { row: HistoryEvent }) {
  const words = detailsOf(row).join(' · ')
  return <span title={words}>{words || '–'}</span>
}

function detailsOf(row: HistoryEvent): string[] {
  const { type, reasonCode, reason = '', topicFilter = '', qos, expiryInterval, formerRemoteAddress = '' } = row
  const code = reasonCode === undefined ? [] : [`0x${reasonCode.toString(16).padStart(2, '0')}`]
  const by = row.by === 'operator' ? [t('history.byOperator')] : []
  switch (type) {
    case 'connected':
      return [
        protocol(row.protocolVersion === 4 ? 4 : 5),
        t(row.sessionPresent === true ? 'history.resumed' : 'history.newSession'),
      ]
    case 'subscribed':
      return [topicFilter, ...(qos === undefined ? [] : [`${t('who.qos')} ${qos}`]), ...by]
    case 'unsubscribed':
      return [topicFilter, ...by]
    case 'queuePurged':
      return [t('history.purged', { n: row.messages ?? 0 })]
    case 'sessionCreated':
      return [`${t('session.expiry')}: ${lasting(expiryInterval ?? 0)}`]
    case 'sessionTakenOver':
      return [t('history.formerAddress', { address: formerRemoteAddress })]
    case 'sessionEnded':
      return [reason, ...((row.messages ?? 0) > 0 ? [t('history.lost', { n: row.messages ?? 0 })] : [])]
    case 'disconnected':
      return [...code, reason]
    case 'refused':
      return [...code, reason, ...(row.otherAccount === undefined ? [] : [`${t('who.account')}: ${row.otherAccount}`])]
  }
}

function lasting(seconds: number): string {
  if (seconds === neverExpires) return t('session.expiry.ever')
  return seconds === 0 ? t('session.expiry.none') : duration(seconds * 1000)
}
