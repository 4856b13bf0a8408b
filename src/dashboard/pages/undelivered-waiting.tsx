/**
 * Held messages and dead letters: looked at, published again, dropped. They differ in a few columns and in their names.
 */
import { useState } from 'preact/hooks'
import type { Dead, Done, Held, Which } from '../../admin/api-types.ts'
import { api, given } from '../api.ts'
import { bytes, count, moment, until } from '../format.ts'
import { ListFoot, useList } from '../lists.tsx'
import { serverNowMs } from '../live.ts'
import { ClientField, FilterField } from '../parts/filter-field.tsx'
import { Ago, FaultNotice, Notice } from '../parts/notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { route, setQuery } from '../route.ts'
import { type TextKey, t } from '../text/text.ts'
import { type Deed, DeedDialog, type Kind } from './undelivered-deeds.tsx'
import { MessageDialog } from './undelivered-message.tsx'

const everyMs = 2000

interface Amount {
  readonly messages: number
  readonly bytes: number
}

export function HeldMessages() {
  const { filter = '', client = '' } = route.value.query
  const list = useList<Held, { readonly held: Amount }>(
    `held ${filter} ${client}`,
    (query, signal) => api.held({ ...query, ...given({ filter, client }) }, { signal }),
    everyMs,
  )
  return <Waiting kind="held" list={list} amount={list.about?.held ?? null} columns={heldColumns} />
}

export function DeadLetters() {
  const { filter = '', client = '' } = route.value.query
  const list = useList<Dead, { readonly dead: Amount }>(
    `dead ${filter} ${client}`,
    (query, signal) => api.dead({ ...query, ...given({ filter, client }) }, { signal }),
    everyMs,
  )
  return <Waiting kind="dead" list={list} amount={list.about?.dead ?? null} columns={deadColumns} />
}

interface WaitingProps<Row extends Held> {
  readonly kind: Kind
  readonly list: ReturnType<typeof useList<Row, object>>
  readonly amount: Amount | null
  readonly columns: (look: (row: Row) => void) => readonly Column<Row>[]
}

function Waiting<Row extends Held>({ kind, list, amount, columns }: WaitingProps<Row>) {
  const { filter = '' } = route.value.query
  const [lookedAt, setLookedAt] = useState<Row | null>(null)
  const [deed, setDeed] = useState<{ deed: Deed; which: Which; scope: string } | null>(null)
  const [done, setDone] = useState<Done | null>(null)
  const wholeScope =
    filter === ''
      ? t(kind === 'held' ? 'undelivered.allHeld' : 'undelivered.allDead')
      : t('undelivered.allOf', { filter })
  const start = (next: Deed, row: Row | null): void => {
    setLookedAt(null)
    setDone(null)
    const whole: Which = filter === '' ? { all: true } : { filter }
    const scope = row === null ? wholeScope : t('undelivered.message', { id: String(row.id), topic: row.topic })
    setDeed({ deed: next, which: row === null ? whole : { id: row.id }, scope })
  }
  return (
    <>
      <Wishes kind={kind} isEmpty={list.rows.length === 0} onDeed={(next) => start(next, null)} />
      <FaultNotice fault={list.fault} />
      {done !== null && <DoneNotice done={done} />}
      <Table
        label={t(`undelivered.tab.${kind}`)}
        columns={columns(setLookedAt)}
        rows={list.rows}
        keyOf={(row) => row.id}
        empty={list.isLoaded ? t(`undelivered.${kind}.none`) : t('table.loading')}
        onEnd={list.more}
      />
      <ListFoot list={list} />
      {amount !== null && (
        <p class="muted">
          {t(kind === 'held' ? 'overview.held' : 'overview.dead')}: {count(amount.messages)} ({bytes(amount.bytes)})
        </p>
      )}
      {lookedAt !== null && (
        <MessageDialog
          kind={kind}
          row={lookedAt}
          onDeed={(next) => start(next, lookedAt)}
          onClose={() => setLookedAt(null)}
        />
      )}
      {deed !== null && (
        <DeedDialog
          {...deed}
          kind={kind}
          onDone={(result) => {
            setDone(result)
            list.refresh()
          }}
          onClose={() => setDeed(null)}
        />
      )}
    </>
  )
}

interface WishesProps {
  readonly kind: Kind
  readonly isEmpty: boolean
  readonly onDeed: (deed: Deed) => void
}

/** Which messages, and what to do with all of them: by Topic Filter alone, which is what the API can do. */
function Wishes({ kind, isEmpty, onDeed }: WishesProps) {
  const { filter = '', client = '' } = route.value.query
  const isOff = isEmpty || client !== ''
  const why = client === '' ? undefined : t('undelivered.allNotByClient')
  return (
    <div class="form">
      <FilterField
        value={filter}
        onChange={(next) => setQuery({ ...route.value.query, filter: next })}
        placeholder="orders/#"
      />
      <ClientField value={client} onChange={(next) => setQuery({ ...route.value.query, client: next })} />
      <button type="button" disabled={isOff} title={why} onClick={() => onDeed('again')}>
        {t(kind === 'held' ? 'undelivered.releaseAll' : 'undelivered.requeueAll')}
      </button>
      <button type="button" disabled={isOff} title={why} onClick={() => onDeed('drop')}>
        {t('undelivered.dropAll')}
      </button>
    </div>
  )
}

function DoneNotice({ done: { done, refused, refusals } }: { done: Done }) {
  return (
    <Notice tone={refused === 0 ? 'good' : 'warn'}>
      {t('undelivered.done', { done, refused })}
      {refusals.map(({ id, topic, reason }) => (
        <div key={id}>
          {id}, {topic}: {reason}
        </div>
      ))}
    </Notice>
  )
}

function sharedColumns<Row extends Held>(look: (row: Row) => void, since: TextKey) {
  return {
    topic: { title: t('undelivered.topic'), width: 12, cell: (row: Row) => <code title={row.topic}>{row.topic}</code> },
    publisher: { title: t('undelivered.publisher'), width: 9, cell: (row: Row) => publisherOf(row) },
    qos: { title: t('who.qos'), width: 4, isNumber: true, cell: (row: Row) => row.qos },
    size: { title: t('undelivered.size'), width: 6, isNumber: true, cell: (row: Row) => bytes(row.bytes) },
    since: { title: t(since), width: 8, cell: (row: Row) => <Ago atMs={row.heldAtMs} /> },
    expires: {
      title: t('undelivered.expires'),
      width: 8,
      cell: (row: Row) => <Until atMs={row.expiresAtMs} />,
    },
    look: {
      title: t('undelivered.look'),
      width: 5.5,
      cell: (row: Row) => (
        <button
          type="button"
          class="small"
          aria-label={t('undelivered.lookAt', { id: String(row.id) })}
          onClick={() => look(row)}
        >
          {t('undelivered.look')}
        </button>
      ),
    },
  } as const
}

function heldColumns(look: (row: Held) => void): readonly Column<Held>[] {
  const shared = sharedColumns(look, 'undelivered.held')
  return [shared.topic, shared.look, shared.publisher, shared.qos, shared.size, shared.since, shared.expires]
}

function deadColumns(look: (row: Dead) => void): readonly Column<Dead>[] {
  const shared = sharedColumns(look, 'undelivered.at')
  return [
    shared.topic,
    shared.look,
    { title: t('undelivered.reason'), width: 12, cell: (row) => reasonOf(row) },
    { title: t('undelivered.queue'), width: 9, cell: (row) => <code title={row.queue}>{row.queue}</code> },
    shared.publisher,
    shared.qos,
    shared.size,
    shared.since,
  ]
}

function reasonOf({ reason, clients }: Dead): string {
  if (reason === 'queue-full') return t('undelivered.reason.queue-full', { clients: clients.join(', ') })
  return reason === 'no-subscribers' ? t('undelivered.reason.no-subscribers') : reason
}

export function publisherOf({ clientIdentifier }: { readonly clientIdentifier: string }) {
  return clientIdentifier === '' ? t('value.broker') : clientIdentifier
}

function Until({ atMs }: { atMs: number | null }) {
  return <span title={moment(atMs)}>{until(atMs, serverNowMs())}</span>
}
