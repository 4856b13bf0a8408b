/**
 * Asks the access rules whether a client may do something, and shows the rule that decides.
 */
import { useState } from 'preact/hooks'
import type { AccessTest } from '../../admin/api-types.ts'
import { api, given } from '../api.ts'
import { useLive } from '../live.ts'
import { FaultNotice } from '../parts/notice.tsx'
import { route, setQuery } from '../route.ts'
import { inEnglish, t } from '../text/text.ts'

type Action = AccessTest['action']

const actions: readonly Action[] = ['publish', 'subscribe', 'receive', 'observe', 'admin']

interface Wish {
  readonly client: string
  readonly account: string
  /** With commas between them; empty: those of the client, if it is there. */
  readonly groups: string
  readonly action: Action
  readonly topic: string
}

export function AccessTester() {
  const asked = wishOf(route.value.query)
  const [wish, setWish] = useState(asked)
  const change = (changed: Partial<Wish>): void => setWish({ ...wish, ...changed })
  const { value, fault } = useLive(
    asked.topic === '' ? null : JSON.stringify(asked),
    (signal) => {
      const { action, topic, ...who } = asked
      return api.accessTest({ action, topic, ...given(who) }, { signal })
    },
    0,
  )
  return (
    <section class="panel stack" aria-labelledby="access">
      <h2 id="access">{t('access.title')}</h2>
      <p class="muted">{t('access.note')}</p>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault()
          setQuery({ ...wish })
        }}
      >
        <Text label={t('clients.find')} value={wish.client} onChange={(client) => change({ client })} />
        <Text label={t('who.account')} value={wish.account} onChange={(account) => change({ account })} />
        <Text label={t('access.groups')} value={wish.groups} onChange={(groups) => change({ groups })} />
        <label class="field">
          <span>{t('access.action')}</span>
          <select
            value={wish.action}
            onChange={({ currentTarget }) => change({ action: actionOf(currentTarget.value) })}
          >
            {actions.map((action) => (
              <option key={action} value={action}>
                {t(`access.action.${action}`)}
              </option>
            ))}
          </select>
        </label>
        <Text label={t('access.topic')} value={wish.topic} isNeeded={true} onChange={(topic) => change({ topic })} />
        <button type="submit" class="primary">
          {t('access.ask')}
        </button>
      </form>
      <FaultNotice fault={fault} />
      {value !== null && <Verdict test={value} />}
    </section>
  )
}

function Verdict({ test: { allowed, rule, except, reason } }: { test: AccessTest }) {
  const words = allowed === null ? 'access.open' : allowed ? 'access.allowed' : 'access.denied'
  return (
    <div class={`verdict inset ${allowed === null ? '' : allowed ? 'good' : 'danger'}`} role="status">
      <p class="verdict-words">{t(words)}</p>
      <p>{reasonWords(reason)}</p>
      <p>
        {t('access.rule')}: {rule === null ? t('access.rule.none') : <code class="break">{rule}</code>}
      </p>
      {except.length > 0 && (
        <div>
          <p>{t('access.except')}:</p>
          {except.map((each) => (
            <p key={each}>
              <code class="break">{each}</code>
            </p>
          ))}
        </div>
      )}
    </div>
  )
}

const reasons = ['openToAll', 'noRules', 'rule', 'file', 'leftOpen', 'notAllowed'] as const

/** What the broker says of its verdict, in the language of the page; words that are not known here as they are. */
function reasonWords(reason: string): string {
  const known = reasons.find((each) => inEnglish(`access.reason.${each}`) === reason)
  return known === undefined ? reason : t(`access.reason.${known}`)
}

interface TextProps {
  readonly label: string
  readonly value: string
  readonly isNeeded?: boolean
  readonly onChange: (value: string) => void
}

function Text({ label, value, isNeeded = false, onChange }: TextProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        class="mono"
        required={isNeeded}
        value={value}
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
    </label>
  )
}

function wishOf(query: Readonly<Record<string, string>>): Wish {
  const { client = '', account = '', groups = '', action = '', topic = '' } = query
  return { client, account, groups, action: actionOf(action), topic }
}

function actionOf(text: string): Action {
  return actions.find((each) => each === text) ?? 'publish'
}
