/**
 * One Client Identifier: its Session, what it subscribes to, what is in flight and what waits, and what has happened to it.
 */
import type { FunctionComponent } from 'preact'
import type { SessionRow } from '../../admin/api-types.ts'
import { api } from '../api.ts'
import { useList } from '../lists.tsx'
import { FaultNotice, Notice, PageHead } from '../parts/notice.tsx'
import { link, route, setQuery } from '../route.ts'
import { t } from '../text/text.ts'
import { SessionHistory } from './session-history.tsx'
import { InFlight, Queued } from './session-messages.tsx'
import { SessionPanel } from './session-panel.tsx'
import { SessionSubscriptions } from './session-subscriptions.tsx'

const everyMs = 1000

export interface Whose {
  readonly clientIdentifier: string
  /** Undefined where only one Session has the Client Identifier. */
  readonly account: string | undefined
}

const tabs: readonly (readonly [
  name: 'subscriptions' | 'inFlight' | 'queued' | 'history',
  Tab: FunctionComponent<Whose>,
])[] = [
  ['subscriptions', SessionSubscriptions],
  ['inFlight', InFlight],
  ['queued', Queued],
  ['history', SessionHistory],
]

export function SessionPage({ clientIdentifier }: { clientIdentifier: string }) {
  const { account, show = 'subscriptions' } = route.value.query
  const list = useList<SessionRow, object>(
    `session ${account ?? ''} ${clientIdentifier}`,
    (query, signal) => api.client(clientIdentifier, { ...query, account }, { signal }),
    everyMs,
  )
  const isGone = list.fault?.status === 404
  const sessions = isGone ? [] : list.rows.filter((row) => row.kind === 'session')
  // The messages of one Session can be asked for, not those of several.
  const isOne = sessions.length === 1
  const shown = isGone ? tabs.filter(([name]) => name === 'history') : tabs
  const [current, Tab] = shown.find(([name]) => name === show) ?? shown[0] ?? ['history', SessionHistory]
  return (
    <>
      <PageHead title={clientIdentifier}>
        <a href={link(['clients'])}>{t('session.back')}</a>
      </PageHead>
      {isGone ? <Notice tone="warn">{t('session.gone')}</Notice> : <FaultNotice fault={list.fault} />}
      {sessions.map((session) => (
        <SessionPanel key={session.account} session={session} isOne={isOne} onChange={list.refresh} />
      ))}
      {(isOne || isGone) && (
        <>
          <fieldset class="tabs">
            <legend class="hidden">{clientIdentifier}</legend>
            {shown.map(([name]) => (
              <button
                key={name}
                type="button"
                aria-pressed={name === current}
                onClick={() => setQuery({ ...route.value.query, show: name })}
              >
                {t(`session.tab.${name}`)}
              </button>
            ))}
          </fieldset>
          <Tab clientIdentifier={clientIdentifier} account={account} />
        </>
      )}
    </>
  )
}
