/**
 * Sessions and how their clients are doing; one of them in detail.
 */
import { useLayoutEffect, useState } from 'preact/hooks'
import type { Client, ClientPage } from '../../admin/api-types.ts'
import { api, given } from '../api.ts'
import { count } from '../format.ts'
import { ListFoot, useList } from '../lists.tsx'
import { backlog, ClientLink, protocol } from '../parts/client.tsx'
import { FilterField } from '../parts/filter-field.tsx'
import { Ago, FaultNotice, PageHead, Presence } from '../parts/notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { go, route, setQuery } from '../route.ts'
import { t } from '../text/text.ts'
import { SessionPage } from './session.tsx'

const everyMs = 2000
const presences = ['all', 'online', 'offline'] as const

export function ClientsPage() {
  const [, clientIdentifier] = route.value.path
  return clientIdentifier === undefined ? <ClientList /> : <SessionPage clientIdentifier={clientIdentifier} />
}

function ClientList() {
  const presence = presences.find((each) => each === route.value.query.presence) ?? 'all'
  const { like = '' } = route.value.query
  const [typed, setTyped] = useState(like)
  // At once: later it would take away what has been typed meanwhile.
  useLayoutEffect(() => setTyped(like), [like])
  const list = useList<Client, NonNullable<ClientPage['about']>>(
    `clients ${presence} ${like}`,
    (query, signal) =>
      api.clients(
        { ...query, ...(presence === 'all' ? {} : { presence }), ...given({ like_clientid: like }) },
        { signal },
      ),
    everyMs,
  )
  const { about } = list
  return (
    <>
      <PageHead title={t('clients.title')} intro={t('clients.intro')} />
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (typed !== '') go(['clients', typed])
        }}
      >
        <FilterField
          value={like}
          onChange={(next) => setQuery({ ...route.value.query, like: next })}
          onType={setTyped}
          label={t('clients.like')}
          placeholder="pump"
        />
        <button type="submit">{t('clients.open')}</button>
        <PresenceTabs chosen={presence} />
      </form>
      <FaultNotice fault={list.fault} />
      <Table
        label={t('clients.title')}
        columns={columns(list.rows)}
        rows={list.rows}
        keyOf={(row) => `${row.account} ${row.clientIdentifier}`}
        empty={list.isLoaded ? t('clients.none') : t('table.loading')}
        onEnd={list.more}
      />
      <ListFoot list={list} />
      {about !== null && <p class="muted">{t('clients.total', about)}</p>}
    </>
  )
}

function PresenceTabs({ chosen }: { chosen: (typeof presences)[number] }) {
  return (
    <fieldset class="tabs">
      <legend class="hidden">{t('who.state')}</legend>
      {presences.map((each) => (
        <button
          key={each}
          type="button"
          aria-pressed={each === chosen}
          onClick={() => setQuery({ ...route.value.query, presence: each === 'all' ? '' : each })}
        >
          {t(`clients.${each}`)}
        </button>
      ))}
    </fieldset>
  )
}

/** Accounts have a column only where there are any. */
function columns(rows: readonly Client[]): readonly Column<Client>[] {
  const account: Column<Client> = { title: t('who.account'), width: 6, cell: (row) => row.account || '–' }
  return [
    { title: t('who.client'), width: 9.5, cell: (row) => <ClientLink {...row} /> },
    { title: t('who.state'), width: 6, cell: (row) => <Presence online={row.online} /> },
    { title: t('who.since'), width: 6.8, cell: (row) => <Ago atMs={row.sinceMs} /> },
    ...(rows.some((row) => row.account !== '') ? [account] : []),
    { title: t('clients.address'), width: 9.5, cell: (row) => row.remoteAddress ?? '–' },
    { title: t('clients.protocol'), width: 7, cell: (row) => protocol(row.protocolVersion) },
    { title: t('clients.subscriptions'), width: 8, isNumber: true, cell: (row) => count(row.subscriptions) },
    { title: t('who.inFlight'), width: 5.5, isNumber: true, cell: (row) => count(row.inFlight) },
    { title: t('who.backlog'), width: 7, isNumber: true, cell: (row) => backlog(row.backlog) },
    { title: t('who.acknowledged'), width: 6.8, cell: (row) => <Ago atMs={row.lastAcknowledgedAtMs} /> },
  ]
}
