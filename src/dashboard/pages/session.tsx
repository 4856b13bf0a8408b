/**
 * One Client Identifier: its Session, what is in flight and what waits, and what it subscribes to.
 */
import { useState } from 'preact/hooks'
import type { Client, SessionRow, Subscriber } from '../../admin/api-types.ts'
import { api } from '../api.ts'
import { count, duration, moment } from '../format.ts'
import { ListFoot, useList } from '../lists.tsx'
import { serverNowMs } from '../live.ts'
import { backlog, protocol } from '../parts/client.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { Ago, Fact, FaultNotice, Notice, PageHead, Presence } from '../parts/notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { link, route } from '../route.ts'
import { t } from '../text/text.ts'

const everyMs = 1000

export function SessionPage({ clientIdentifier }: { clientIdentifier: string }) {
  const { account } = route.value.query
  const list = useList<SessionRow, object>(
    `session ${account ?? ''} ${clientIdentifier}`,
    (query, signal) => api.client(clientIdentifier, { ...query, account }, signal),
    everyMs,
  )
  const isGone = list.fault?.status === 404
  const sessions = list.rows.filter((row) => row.kind === 'session')
  const subscriptions = list.rows.filter((row) => row.kind === 'subscription')
  return (
    <>
      <PageHead title={clientIdentifier}>
        <a href={link(['clients'])}>{t('session.back')}</a>
      </PageHead>
      {isGone ? <Notice tone="warn">{t('session.gone')}</Notice> : <FaultNotice fault={list.fault} />}
      {!isGone &&
        sessions.map((session) => <SessionPanel key={session.account} session={session} onChange={list.refresh} />)}
      {!isGone && list.isLoaded && (
        <section class="stack" aria-labelledby="subscriptions">
          <h2 id="subscriptions">{t('clients.subscriptions')}</h2>
          <Table
            label={t('clients.subscriptions')}
            columns={columns()}
            rows={subscriptions}
            keyOf={(row) => `${row.account} ${row.sharedGroup} ${row.topicFilter}`}
            empty={t('session.subscriptions.none')}
            onEnd={list.more}
          />
          {list.hasMore && <ListFoot list={list} />}
        </section>
      )}
    </>
  )
}

function SessionPanel({ session, onChange }: { session: Client; onChange: () => void }) {
  const [isAsking, setAsking] = useState(false)
  const { clientIdentifier, account } = session
  return (
    <section class="panel stack" aria-label={clientIdentifier}>
      <div class="page-head">
        <span class="actions">
          <Presence online={session.online} />
          <Lasting sinceMs={session.sinceMs} />
        </span>
        <button type="button" disabled={!session.online} onClick={() => setAsking(true)}>
          {t('session.kick')}
        </button>
      </div>
      <dl class="facts">
        <Fact title={t('who.account')}>{account || '–'}</Fact>
        <Fact title={t('clients.address')}>{session.remoteAddress ?? '–'}</Fact>
        <Fact title={t('session.listener')}>{session.listener ?? '–'}</Fact>
        <Fact title={t('clients.protocol')}>{protocol(session.protocolVersion)}</Fact>
        <Fact title={t('session.created')}>{moment(session.createdAtMs)}</Fact>
        <Fact title={t('session.expiry')}>{expiry(session.sessionExpirySeconds)}</Fact>
        <Fact title={t('session.ends')}>{session.endsAtMs === null ? '–' : moment(session.endsAtMs)}</Fact>
        <Fact title={t('session.will')}>{t(session.hasWill ? 'value.yes' : 'value.no')}</Fact>
        <Fact title={t('who.inFlight')}>{count(session.inFlight)}</Fact>
        <Fact title={t('who.backlog')}>{backlog(session.backlog)}</Fact>
        <Fact title={t('session.oldest')}>
          <Ago atMs={session.backlog.oldestAtMs} />
        </Fact>
        <Fact title={t('who.acknowledged')}>
          <Ago atMs={session.lastAcknowledgedAtMs} />
        </Fact>
      </dl>
      {isAsking && (
        <Confirm
          title={t('session.kick.question', { client: clientIdentifier })}
          action={t('session.kick.action')}
          isDangerous={true}
          run={async () => {
            await api.kick(clientIdentifier, account)
            onChange()
          }}
          onClose={() => setAsking(false)}
        >
          <p>{t('session.kick.words')}</p>
        </Confirm>
      )}
    </section>
  )
}

function Lasting({ sinceMs }: { sinceMs: number | null }) {
  return sinceMs === null ? null : <span title={moment(sinceMs)}>{duration(serverNowMs() - sinceMs)}</span>
}

function expiry(seconds: number | null): string {
  if (seconds === null) return t('session.expiry.ever')
  return seconds === 0 ? t('session.expiry.none') : duration(seconds * 1000)
}

function columns(): readonly Column<Subscriber>[] {
  return [
    { title: t('who.filter'), width: 14, cell: (row) => <code title={row.topicFilter}>{row.topicFilter}</code> },
    { title: t('who.qos'), width: 4, isNumber: true, cell: (row) => row.qos },
    { title: t('who.group'), width: 8, cell: (row) => row.sharedGroup ?? '–' },
    { title: t('session.observer'), width: 6, cell: (row) => t(row.observer ? 'value.yes' : 'value.no') },
    { title: t('who.since'), width: 9, cell: (row) => <Ago atMs={row.subscribedAtMs} /> },
  ]
}
