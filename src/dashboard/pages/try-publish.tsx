/**
 * Publishes a message, and shows what its publisher is told.
 */
import { useState } from 'preact/hooks'
import type { Publish } from '../../admin/api-types.ts'
import { type ApiFault, api } from '../api.ts'
import { type Draft, emptyDraft, publishOf } from '../draft.ts'
import { noteFault } from '../live.ts'
import { FaultNotice } from '../parts/notice.tsx'
import { QosField } from '../parts/qos-field.tsx'
import { link, route } from '../route.ts'
import { t } from '../text/text.ts'
import { type Answer, AnswerPanel } from './try-answer.tsx'
import { PropertyFields } from './try-properties.tsx'

const answersMax = 20

export function PublishPanel() {
  const [fault, setFault] = useState<ApiFault | null>(null)
  const [answers, setAnswers] = useState<readonly Answer[]>([])
  const publish = async (message: Publish): Promise<void> => {
    try {
      const published = await api.publish(message)
      setFault(null)
      setAnswers((before) => {
        const next = { id: (before[0]?.id ?? 0) + 1, atMs: Date.now(), topic: message.topic, published }
        return [next, ...before.slice(0, answersMax - 1)]
      })
    } catch (error) {
      setFault(noteFault(error))
    }
  }
  return (
    <div class="stack top-aligned">
      <PublishForm fault={fault} onPublish={publish} />
      <section class="stack" aria-labelledby="answers" aria-live="polite">
        <h2 id="answers">{t('try.answers')}</h2>
        {answers.length === 0 && <p class="muted">{t('try.none')}</p>}
        {answers.map((answer) => (
          <AnswerPanel key={answer.id} answer={answer} />
        ))}
      </section>
    </div>
  )
}

interface PublishFormProps {
  readonly fault: ApiFault | null
  readonly onPublish: (message: Publish) => Promise<void>
}

function PublishForm({ fault, onPublish }: PublishFormProps) {
  const [draft, setDraft] = useState<Draft>(emptyDraft(route.value.query.topic ?? ''))
  const change = (changed: Partial<Draft>): void => setDraft((before) => ({ ...before, ...changed }))
  const { topic, payload, encoding } = draft
  return (
    <form
      class="panel stack"
      aria-labelledby="publish"
      onSubmit={(event) => {
        event.preventDefault()
        void onPublish(publishOf(draft))
      }}
    >
      <h2 id="publish">{t('try.publish')}</h2>
      <Addressing draft={draft} onChange={change} />
      <label class="field">
        <span>{t('undelivered.payload')}</span>
        <textarea
          class="mono"
          value={payload}
          spellcheck={false}
          onInput={({ currentTarget }) => change({ payload: currentTarget.value })}
        />
      </label>
      <div class="form">
        <label class="field narrow">
          <span>{t('try.encoding')}</span>
          <select
            value={encoding}
            onChange={({ currentTarget: { value } }) => change({ encoding: value === 'base64' ? 'base64' : 'plain' })}
          >
            <option value="plain">{t('try.encoding.plain')}</option>
            <option value="base64">{t('try.encoding.base64')}</option>
          </select>
        </label>
        <Check label={t('try.retain')} isOn={draft.retain} onChange={(retain) => change({ retain })} />
        <Check label={t('try.receipt')} isOn={draft.receipt} onChange={(receipt) => change({ receipt })} />
      </div>
      <PropertyFields draft={draft} onChange={change} />
      <FaultNotice fault={fault} />
      <div class="actions">
        <button type="submit" class="primary">
          {t('try.publish')}
        </button>
        {topic !== '' && <a href={link(['trace'], { topic })}>{t('try.follow')}</a>}
        {topic !== '' && <a href={link(['who'], { topic })}>{t('nav.who')}</a>}
      </div>
    </form>
  )
}

interface DraftProps {
  readonly draft: Draft
  readonly onChange: (changed: Partial<Draft>) => void
}

function Addressing({ draft, onChange }: DraftProps) {
  return (
    <div class="form">
      <label class="field wide">
        <span>{t('who.topic')}</span>
        <input
          data-search
          class="mono"
          required
          value={draft.topic}
          placeholder="orders/new"
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => onChange({ topic: currentTarget.value })}
        />
      </label>
      <QosField value={draft.qos} onChange={(qos) => onChange({ qos })} />
    </div>
  )
}

interface CheckProps {
  readonly label: string
  readonly isOn: boolean
  readonly onChange: (isOn: boolean) => void
}

function Check({ label, isOn, onChange }: CheckProps) {
  return (
    <label class="check">
      <input type="checkbox" checked={isOn} onChange={({ currentTarget }) => onChange(currentTarget.checked)} />
      {label}
    </label>
  )
}
