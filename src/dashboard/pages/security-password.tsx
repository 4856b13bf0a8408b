/**
 * Changes the password of whoever is logged in.
 */
import { useState } from 'preact/hooks'
import { type ApiFault, api, me } from '../api.ts'
import { noteFault } from '../live.ts'
import { FaultNotice, Notice } from '../parts/notice.tsx'
import { t } from '../text/text.ts'

/** Nothing where nobody need log in. */
export function Password() {
  const [current, setCurrent] = useState('')
  const [password, setPassword] = useState('')
  const [isDone, setDone] = useState(false)
  const [fault, setFault] = useState<ApiFault | null>(null)
  const change = async (event: Event): Promise<void> => {
    event.preventDefault()
    try {
      await api.changePassword(current, password)
      setFault(null)
      setDone(true)
      setCurrent('')
      setPassword('')
    } catch (error) {
      setDone(false)
      setFault(noteFault(error))
    }
  }
  if (me.value?.kind !== 'session') return null
  return (
    <form class="panel stack" aria-labelledby="password" onSubmit={change}>
      <h2 id="password">{t('password.title')}</h2>
      <Secret label={t('password.current')} value={current} name="current-password" onChange={setCurrent} />
      <Secret label={t('password.new')} value={password} name="new-password" onChange={setPassword} />
      <FaultNotice fault={fault} />
      {isDone && <Notice tone="good">{t('password.changed')}</Notice>}
      <div class="actions">
        <button type="submit">{t('password.change')}</button>
      </div>
    </form>
  )
}

interface SecretProps {
  readonly label: string
  readonly value: string
  /** What password keepers know it by. */
  readonly name: 'current-password' | 'new-password'
  readonly onChange: (value: string) => void
}

function Secret({ label, value, name, onChange }: SecretProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="password"
        required
        autocomplete={name}
        value={value}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
    </label>
  )
}
