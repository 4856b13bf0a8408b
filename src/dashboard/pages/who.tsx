/**
 * Who listens on a Topic Name: every subscriber, and what a message that is published now would meet.
 */
import { useLayoutEffect, useState } from 'preact/hooks'
import type { ListenersOfTopicPage, Subscriber } from '../../admin/api-types.ts'
import { api } from '../api.ts'
import { bytes, count } from '../format.ts'
import { ListFoot, useList } from '../lists.tsx'
import { backlog, ClientLink } from '../parts/client.tsx'
import { Ago, Badge, FaultNotice, PageHead, Presence } from '../parts/notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { link, route, setQuery } from '../route.ts'
import { t } from '../text/text.ts'

/** So that what happens is seen within a second. */
const everyMs = 500

export function WhoPage() {
  const { topic = '' } = route.value.query
  const [typed, setTyped] = useState(topic)
  // At once: later it would take away what has been typed meanwhile.
  useLayoutEffect(() => setTyped(topic), [topic])
  const list = useList<Subscriber, About>(
    topic === '' ? null : `listeners ${topic}`,
    (query, signal) => api.listenersOf(topic, query, { signal }),
    everyMs,
  )
  return (
    <>
      <PageHead title={t('who.title')} intro={t('who.intro')} />
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault()
          setQuery({ topic: typed })
        }}
      >
        <label class="field wide">
          <span>{t('who.topic')}</span>
          <input
            data-search
            class="mono"
            value={typed}
            placeholder="orders/new"
            autocomplete="off"
            spellcheck={false}
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary">
          {t('who.ask')}
        </button>
      </form>
      <FaultNotice fault={list.fault} />
      {list.about !== null && <Prospect about={list.about} />}
      {topic !== '' && list.isLoaded && (
        <section class="stack" aria-labelledby="subscribers">
          <h2 id="subscribers">{t('who.subscribers')}</h2>
          <Table
            label={t('who.subscribers')}
            columns={columns(list.rows)}
            rows={list.rows}
            keyOf={(row) => `${row.account} ${row.clientIdentifier} ${row.sharedGroup} ${row.topicFilter}`}
            empty={t('who.none')}
            markOf={(row) => (row.acl?.allowed === false ? 'danger' : row.observer ? 'quiet' : undefined)}
            onEnd={list.more}
          />
          <ListFoot list={list} />
        </section>
      )}
    </>
  )
}

type About = NonNullable<ListenersOfTopicPage['about']>

function Prospect({ about: { totals, nobody } }: { about: About }) {
  const isHeard = totals.listeners > 0
  return (
    <section class={`panel verdict ${isHeard ? 'good' : 'danger'}`} aria-live="polite">
      <h2>{t('who.now')}</h2>
      <p class="verdict-words">{isHeard ? heard(totals) : t('who.nobody')}</p>
      {!isHeard && <p>{t(`who.nobody.${nobody.whenNobody}`)}</p>}
      {!isHeard && <p>{t('who.rule', { rule: nobody.rule })}</p>}
      <dl class="facts totals">
        <Total title={t('who.online')} n={totals.online} />
        <Total title={t('who.offline')} n={totals.offline} />
        <Total title={t('who.groups')} n={totals.sharedGroups} />
        <Total title={t('who.observers')} n={totals.observers} />
        {totals.denied > 0 && <Total title={t('who.denied')} n={totals.denied} />}
      </dl>
      {isHeard && (
        <p class="muted">
          {t('who.otherwise', { policy: t(`policy.${nobody.whenNobody}`) })} {t('who.rule', { rule: nobody.rule })}
        </p>
      )}
      {nobody.held.messages > 0 && (
        <p>
          {t('who.alreadyHeld', { n: nobody.held.messages, size: bytes(nobody.held.bytes) })}{' '}
          <a href={link(['undelivered'])}>{t('overview.details')}</a>
        </p>
      )}
    </section>
  )
}

function Total({ title, n }: { title: string; n: number }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{count(n)}</dd>
    </div>
  )
}

function heard({ listeners, listenersAreExact }: About['totals']): string {
  if (!listenersAreExact) return t('who.goes.atLeast', { n: listeners })
  return listeners === 1 ? t('who.goes.one') : t('who.goes', { n: listeners })
}

/** Groups, accounts and rules have a column only where there are any: on most screens there is no room to spare. */
function columns(rows: readonly Subscriber[]): readonly Column<Subscriber>[] {
  const rule: Column<Subscriber> = {
    title: t('who.aclRule'),
    width: 13,
    cell: ({ acl }) => <code title={acl?.rule ?? ''}>{acl === null ? '–' : (acl.rule ?? t('who.aclRule.none'))}</code>,
  }
  const group: Column<Subscriber> = { title: t('who.group'), width: 5, cell: (row) => row.sharedGroup ?? '–' }
  const account: Column<Subscriber> = { title: t('who.account'), width: 6, cell: (row) => row.account || '–' }
  return [
    { title: t('who.client'), width: 9, cell: (row) => <ClientLink {...row} /> },
    { title: t('who.state'), width: 6, cell: (row) => <Presence online={row.online} /> },
    { title: t('who.verdict'), width: 11, cell: (row) => <Verdict row={row} /> },
    { title: t('who.qos'), width: 3.5, isNumber: true, cell: (row) => row.qos },
    { title: t('who.filter'), width: 8, cell: (row) => <code title={row.topicFilter}>{row.topicFilter}</code> },
    ...(rows.some(({ sharedGroup }) => sharedGroup !== null) ? [group] : []),
    ...(rows.some((row) => row.account !== '') ? [account] : []),
    ...(rows.some(({ acl }) => acl?.allowed === false) ? [rule] : []),
    { title: t('who.inFlight'), width: 5.5, isNumber: true, cell: (row) => count(row.inFlight) },
    { title: t('who.backlog'), width: 7, isNumber: true, cell: (row) => backlog(row.backlog) },
    { title: t('who.oldest'), width: 6.8, cell: (row) => <Ago atMs={row.backlog.oldestAtMs} /> },
    { title: t('who.acknowledged'), width: 6.8, cell: (row) => <Ago atMs={row.lastAcknowledgedAtMs} /> },
  ]
}

/** What a message published now would be for this Subscription alone. */
function Verdict({ row }: { row: Subscriber }) {
  if (row.acl?.allowed === false) return <Badge tone="danger">{t('who.verdict.denied')}</Badge>
  if (row.sharedGroup !== null) return <Badge tone="accent">{t('who.verdict.group')}</Badge>
  const isNow = row.online
  const waits = !isNow && row.qos > 0
  const words = isNow ? 'who.verdict.now' : waits ? 'who.verdict.waits' : 'who.verdict.lost'
  return (
    <>
      <Badge tone={isNow ? 'good' : waits ? 'warn' : 'danger'}>{t(words)}</Badge>{' '}
      {row.observer && <Badge>{t('who.observer')}</Badge>}
    </>
  )
}
