/**
 * Bans a client: what is banned, for how long, and why.
 */
import { useState } from 'preact/hooks'
import type { Ban } from '../../admin/api-types.ts'
import { api } from '../api.ts'
import { duration } from '../format.ts'
import { Confirm } from '../parts/dialog.tsx'
import { t } from '../text/text.ts'

export type BanKind = Ban['as']

/** What to write, for who has not been chosen. */
const examples: Readonly<Record<BanKind, string>> = {
  clientid: 'sensor-7',
  username: 'alice',
  peerhost: '192.0.2.1',
  peerhost_net: '192.0.2.0/24',
}
// These are all of the keys.
const kinds = Object.keys(examples) as BanKind[]

/** In seconds; 0 stands for ever. */
const times: readonly number[] = [600, 3600, 86_400, 7 * 86_400]
const timeUsual = 3600

export interface BanDialogProps {
  /** What is known of the client: chosen along with what is banned. */
  readonly known: Partial<Readonly<Record<BanKind, string>>>
  readonly onDone: () => void
  readonly onClose: () => void
}

export function BanDialog({ known, onDone, onClose }: BanDialogProps) {
  const [as, setAs] = useState<BanKind>('clientid')
  const [who, setWho] = useState(known.clientid ?? '')
  const [seconds, setSeconds] = useState(timeUsual)
  const [reason, setReason] = useState('')
  const choose = (kind: BanKind): void => {
    setAs(kind)
    setWho(known[kind] ?? '')
  }
  return (
    <Confirm
      title={t('ban.question')}
      action={t('ban.action')}
      isDangerous={true}
      run={async () => {
        await api.ban({ as, who, reason, ...(seconds === 0 ? {} : { forSeconds: seconds }) })
        onDone()
      }}
      onClose={onClose}
    >
      <p>{t('ban.words')}</p>
      <div class="form">
        <label class="field">
          <span>{t('ban.as')}</span>
          {/* One of the values below. */}
          <select value={as} onChange={({ currentTarget }) => choose(currentTarget.value as BanKind)}>
            {kinds.map((kind) => (
              <option key={kind} value={kind}>
                {t(`ban.as.${kind}`)}
              </option>
            ))}
          </select>
        </label>
        <label class="field wide">
          <span>{t('bans.who')}</span>
          <input
            required
            value={who}
            placeholder={examples[as]}
            onInput={({ currentTarget }) => setWho(currentTarget.value)}
          />
        </label>
        <TimeField seconds={seconds} onChange={setSeconds} />
        <label class="field wide">
          <span>{t('ban.reason')}</span>
          <input maxLength={1000} value={reason} onInput={({ currentTarget }) => setReason(currentTarget.value)} />
        </label>
      </div>
    </Confirm>
  )
}

function TimeField({ seconds, onChange }: { seconds: number; onChange: (seconds: number) => void }) {
  return (
    <label class="field">
      <span>{t('ban.for')}</span>
      <select value={seconds} onChange={({ currentTarget }) => onChange(Number(currentTarget.value))}>
        {times.map((time) => (
          <option key={time} value={time}>
            {duration(time * 1000)}
          </option>
        ))}
        <option value={0}>{t('session.expiry.ever')}</option>
      </select>
    </label>
  )
}
