/**
 * Asks who is there.
 */
import { useState } from 'preact/hooks'
import { type ApiFault, logIn, sessionEnded } from './api.ts'
import { noteFault } from './live.ts'
import { FaultNotice, Notice } from './parts/notice.tsx'
import { Preferences } from './preferences.tsx'
import { t } from './text/text.ts'

export function Login() {
  const [name, setName] = useState('admin')
  const [password, setPassword] = useState('')
  const [fault, setFault] = useState<ApiFault | null>(null)
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    try {
      await logIn(name, password)
    } catch (error) {
      setFault(noteFault(error))
    }
  }
  return (
    <main class="login" id="main">
      <form class="panel" onSubmit={submit}>
        <span class="brand">
          <img src="./icon.svg" alt="" />
          Pabal
        </span>
        <h1>{t('login.title')}</h1>
        {sessionEnded.value && <Notice tone="warn">{t('login.ended')}</Notice>}
        <label class="field">
          <span>{t('login.name')}</span>
          <input
            name="username"
            autocomplete="username"
            required
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>{t('login.password')}</span>
          <input
            name="password"
            type="password"
            autocomplete="current-password"
            required
            value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
        </label>
        <FaultNotice fault={fault} />
        {fault?.status === 0 && <Notice tone="danger">{t('fault.silent')}</Notice>}
        <button type="submit" class="primary">
          {t('login.submit')}
        </button>
        <p class="muted">{t('login.first')}</p>
        <Preferences />
      </form>
    </main>
  )
}
