/**
 * A Session and how its client is doing, and what an operator can end of it.
 */
import { useState } from 'preact/hooks'
import type { Client } from '../../admin/api-types.ts'
import { api } from '../api.ts'
import { count, duration, moment } from '../format.ts'
import { serverNowMs } from '../live.ts'
import { backlog, protocol } from '../parts/client.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { Ago, Fact, Presence } from '../parts/notice.tsx'
import { link } from '../route.ts'
import { t } from '../text/text.ts'
import { BanDialog, type BanDialogProps } from './ban-dialog.tsx'

type Deed = 'kick' | 'end' | 'ban'

export interface SessionPanelProps {
  readonly session: Client
  /** No other account has a Session of this Client Identifier. */
  readonly isOne: boolean
  readonly onChange: () => void
}

export function SessionPanel({ session, isOne, onChange }: SessionPanelProps) {
  const [deed, setDeed] = useState<Deed | null>(null)
  const { clientIdentifier, account } = session
  return (
    <section class="panel stack" aria-label={isOne ? clientIdentifier : `${clientIdentifier} (${account})`}>
      <div class="page-head">
        <span class="actions">
          <Presence online={session.online} />
          <Lasting sinceMs={session.sinceMs} />
          {!isOne && <a href={link(['clients', clientIdentifier], { account })}>{t('session.only')}</a>}
        </span>
        <span class="actions">
          <a href={link(['trace'], { client: clientIdentifier })}>{t('session.trace')}</a>
          <button type="button" disabled={!session.online} onClick={() => setDeed('kick')}>
            {t('session.kick')}
          </button>
          <button type="button" onClick={() => setDeed('ban')}>
            {t('bans.add')}
          </button>
          <button type="button" onClick={() => setDeed('end')}>
            {t('session.end')}
          </button>
        </span>
      </div>
      <Facts session={session} />
      {deed === 'ban' && <BanDialog known={knownOf(session)} onDone={onChange} onClose={() => setDeed(null)} />}
      {(deed === 'kick' || deed === 'end') && (
        <Confirm
          title={t(`session.${deed}.question`, { client: clientIdentifier })}
          action={t(`session.${deed}.action`)}
          isDangerous={true}
          run={async () => {
            if (deed === 'kick') await api.disconnect(clientIdentifier, { account })
            else await api.endSession(clientIdentifier, { account })
            onChange()
          }}
          onClose={() => setDeed(null)}
        >
          <p>{t(`session.${deed}.words`)}</p>
        </Confirm>
      )}
    </section>
  )
}

/** An address without its port. */
function knownOf({ clientIdentifier, account, remoteAddress }: Client): BanDialogProps['known'] {
  const peerhost = remoteAddress?.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1') ?? ''
  return { clientid: clientIdentifier, username: account, peerhost }
}

function Facts({ session }: { session: Client }) {
  const { keepAliveSeconds, receiveMaximum, endsAtMs } = session
  return (
    <dl class="facts">
      <Fact title={t('who.account')}>{session.account || '–'}</Fact>
      <Fact title={t('clients.address')}>{session.remoteAddress ?? '–'}</Fact>
      <Fact title={t('session.listener')}>{session.listener ?? '–'}</Fact>
      <Fact title={t('session.encrypted')}>{encrypted(session.listener)}</Fact>
      <Fact title={t('clients.protocol')}>{protocol(session.protocolVersion)}</Fact>
      <Fact title={t('session.keepAlive')}>{keepAlive(keepAliveSeconds)}</Fact>
      <Fact title={t('session.receiveMaximum')}>{receiveMaximum === null ? '–' : count(receiveMaximum)}</Fact>
      <Fact title={t('session.will')}>{t(session.hasWill ? 'value.yes' : 'value.no')}</Fact>
      <Fact title={t('session.created')}>{moment(session.createdAtMs)}</Fact>
      <Fact title={t('session.expiry')}>{expiry(session.sessionExpirySeconds)}</Fact>
      <Fact title={t('session.ends')}>{endsAtMs === null ? '–' : moment(endsAtMs)}</Fact>
      <Fact title={t('who.inFlight')}>{count(session.inFlight)}</Fact>
      <Fact title={t('who.backlog')}>{backlog(session.backlog)}</Fact>
      <Fact title={t('session.oldest')}>
        <Ago atMs={session.backlog.oldestAtMs} />
      </Fact>
      <Fact title={t('who.acknowledged')}>
        <Ago atMs={session.lastAcknowledgedAtMs} />
      </Fact>
      <Fact title={t('session.undelivered')}>
        <span class={session.undelivered > 0 ? 'bad' : undefined}>{count(session.undelivered)}</span>
      </Fact>
    </dl>
  )
}

function Lasting({ sinceMs }: { sinceMs: number | null }) {
  return sinceMs === null ? null : <span title={moment(sinceMs)}>{duration(serverNowMs() - sinceMs)}</span>
}

function encrypted(listener: string | null): string {
  if (listener === null) return '–'
  return t(/^(?:tls|wss|mqtts):/.test(listener) ? 'session.encrypted.yes' : 'session.encrypted.no')
}

function keepAlive(seconds: number | null): string {
  if (seconds === null) return '–'
  return seconds === 0 ? t('session.keepAlive.none') : t('time.s', { n: seconds })
}

function expiry(seconds: number | null): string {
  if (seconds === null) return t('session.expiry.ever')
  return seconds === 0 ? t('session.expiry.none') : duration(seconds * 1000)
}
