/**
 * What becomes of messages, as they come in.
 */
import { useState } from 'preact/hooks'
import type { FateEntry } from '../../admin/api-types.ts'
import { bytes, clock, count, duration } from '../format.ts'
import { FateField, type MessageFate } from '../parts/fate-field.tsx'
import { ClientField, FilterField } from '../parts/filter-field.tsx'
import { Badge, FaultNotice, Notice, PageHead, type Tone } from '../parts/notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { route, setQuery } from '../route.ts'
import { t } from '../text/text.ts'
import { type TraceFeed, useTrace } from '../trace-feed.ts'

const entriesMax = 1000
const copiesShown = 3

const messageFates: readonly MessageFate[] = [
  'routed',
  'retainedOnly',
  'unmatched',
  'held',
  'deadLettered',
  'refused',
  'expired',
  'droppedHoldFull',
  'droppedByOperator',
  'republished',
]

export function TracePage() {
  const { topic = '', client = '', fate = '' } = route.value.query
  const [isPaused, setPaused] = useState(false)
  const wanted = { topic: topic === '' ? '#' : topic, client, fate }
  const feed = useTrace({ ...wanted, isPaused, isWanted: () => true, entriesMax })
  const change = (changed: Readonly<Record<string, string>>): void => setQuery({ topic, client, fate, ...changed })
  return (
    <>
      <PageHead title={t('trace.title')} intro={t('trace.intro')} />
      <div class="form">
        <FilterField value={topic} onChange={(next) => change({ topic: next })} placeholder="#" />
        <ClientField value={client} onChange={(next) => change({ client: next })} />
        <FateField value={fate} fates={messageFates} onChange={(next) => change({ fate: next })} />
        <button type="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
          {t(isPaused ? 'trace.start' : 'trace.pause')}
        </button>
        <button type="button" onClick={feed.clear}>
          {t('trace.clear')}
        </button>
      </div>
      <TraceView feed={feed} label={t('trace.title')} empty={t('trace.none')} />
    </>
  )
}

export function TraceView({ feed, label, empty }: { feed: TraceFeed; label: string; empty: string }) {
  const { entries, leftOut, pushedOut, isLoaded, fault } = feed
  return (
    <>
      <FaultNotice fault={fault} />
      {leftOut > 0 && <Notice tone="warn">{t('trace.leftOut', { n: leftOut })}</Notice>}
      <Table
        label={label}
        columns={columns()}
        rows={entries}
        keyOf={(row) => row.id}
        empty={isLoaded ? empty : t('table.loading')}
      />
      <div class="table-foot">
        <span>
          {t('table.shown', { shown: count(entries.length) })}
          {pushedOut > 0 && ` · ${t('trace.skipped', { n: pushedOut, max: entriesMax })}`}
        </span>
      </div>
    </>
  )
}

function columns(): readonly Column<FateEntry>[] {
  return [
    { title: t('trace.time'), width: 6.2, cell: (row) => clock(row.atMs) },
    { title: t('undelivered.topic'), width: 9.5, cell: (row) => <code title={row.topicName}>{row.topicName}</code> },
    { title: t('undelivered.fate'), width: 11.4, cell: (row) => <Fate row={row} /> },
    {
      title: t('trace.stored'),
      width: 5,
      isNumber: true,
      cell: (row) => (row.storedAfterMs === null ? '–' : duration(row.storedAfterMs)),
    },
    { title: t('trace.matched'), width: 6, isNumber: true, cell: (row) => count(row.matched) },
    { title: t('trace.copies'), width: 10, cell: (row) => <Copies row={row} /> },
    { title: t('who.qos'), width: 3.5, isNumber: true, cell: (row) => row.qos },
    { title: t('undelivered.size'), width: 4.8, isNumber: true, cell: (row) => bytes(row.size) },
    {
      title: t('undelivered.publisher'),
      width: 7.6,
      cell: (row) => row.publisher?.clientIdentifier ?? t('value.broker'),
    },
    { title: t('rules.filter'), width: 4.5, cell: (row) => <code>{row.rule}</code> },
    {
      title: t('undelivered.reason'),
      width: 6.5,
      cell: (row) => <span title={row.reason ?? ''}>{row.reason ?? '–'}</span>,
    },
  ]
}

const tones: Readonly<Partial<Record<FateEntry['fate'], Tone>>> = {
  routed: 'good',
  held: 'warn',
  unmatched: 'danger',
  refused: 'danger',
  expired: 'danger',
  deadLettered: 'danger',
  droppedHoldFull: 'danger',
  droppedByOperator: 'danger',
}

function Fate({ row: { fate } }: { row: FateEntry }) {
  const words = t(`fate.${fate}`)
  return (
    <span title={words}>
      <Badge tone={tones[fate]}>{words}</Badge>
    </span>
  )
}

function Copies({ row: { copies, furtherCopies } }: { row: FateEntry }) {
  const words = copies.map(
    ({ clientIdentifier, fate, afterMs }) => `${clientIdentifier}: ${t(`copy.${fate}`)} (${duration(afterMs)})`,
  )
  const further = copies.length - copiesShown + furtherCopies
  const shown = words.slice(0, copiesShown).join(', ')
  return (
    <span title={words.join('\n')}>{further > 0 ? `${shown} ${t('trace.more', { n: further })}` : shown || '–'}</span>
  )
}
