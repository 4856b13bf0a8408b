/**
 * Publishes a message, and shows what its publisher is told.
 */
import { useState } from 'preact/hooks'
import type { Publish, Published } from '../../admin/api-types.ts'
import { type ApiFault, api } from '../api.ts'
import { clock } from '../format.ts'
import { noteFault } from '../live.ts'
import { Badge, FaultNotice, PageHead } from '../parts/notice.tsx'
import { link, route } from '../route.ts'
import { t } from '../text/text.ts'

interface Answer {
  readonly id: number
  readonly atMs: number
  readonly topic: string
  readonly published: Published
}

const answersMax = 20

export function TryPage() {
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
    <>
      <PageHead title={t('try.title')} intro={t('try.intro')} />
      <PublishForm fault={fault} onPublish={publish} />
      <section class="stack" aria-labelledby="answers" aria-live="polite">
        <h2 id="answers">{t('try.answers')}</h2>
        {answers.length === 0 && <p class="muted">{t('try.none')}</p>}
        {answers.map((answer) => (
          <AnswerPanel key={answer.id} answer={answer} />
        ))}
      </section>
    </>
  )
}

interface PublishFormProps {
  readonly fault: ApiFault | null
  readonly onPublish: (message: Publish) => Promise<void>
}

function PublishForm({ fault, onPublish }: PublishFormProps) {
  const [message, setMessage] = useState<Publish>({ topic: route.value.query.topic ?? '', qos: 1 })
  const change = (changed: Partial<Publish>): void => setMessage({ ...message, ...changed })
  const { topic } = message
  return (
    <form
      class="panel stack"
      onSubmit={(event) => {
        event.preventDefault()
        void onPublish(message)
      }}
    >
      <Addressing message={message} onChange={change} />
      <label class="field">
        <span>{t('undelivered.payload')}</span>
        <textarea
          class="mono"
          value={message.payload ?? ''}
          spellcheck={false}
          onInput={({ currentTarget }) => change({ payload: currentTarget.value })}
        />
      </label>
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

function Addressing({ message, onChange }: { message: Publish; onChange: (changed: Partial<Publish>) => void }) {
  return (
    <div class="form">
      <label class="field wide">
        <span>{t('who.topic')}</span>
        <input
          data-search
          class="mono"
          required
          value={message.topic}
          placeholder="orders/new"
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => onChange({ topic: currentTarget.value })}
        />
      </label>
      <label class="field narrow">
        <span>{t('who.qos')}</span>
        <select
          value={message.qos}
          onChange={({ currentTarget: { value } }) => onChange({ qos: value === '0' ? 0 : value === '1' ? 1 : 2 })}
        >
          <option value={0}>0</option>
          <option value={1}>1</option>
          <option value={2}>2</option>
        </select>
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={message.retain === true}
          onChange={({ currentTarget }) => onChange({ retain: currentTarget.checked })}
        />
        {t('try.retain')}
      </label>
    </div>
  )
}

function AnswerPanel({ answer: { atMs, topic, published } }: { answer: Answer }) {
  const { reason_code: reasonCode, message, matched, queued, fate, rule, held } = published
  const tone = reasonCode === 0 ? 'good' : reasonCode < 0x80 ? 'warn' : 'danger'
  return (
    <div class="panel stack">
      <p>
        <Badge tone={tone}>
          0x{reasonCode.toString(16).padStart(2, '0')} {message}
        </Badge>{' '}
        {held && <Badge tone="warn">{t('fate.held')}</Badge>} <code class="break">{topic}</code>{' '}
        <span class="muted">{clock(atMs)}</span>
      </p>
      <p>
        {t('try.matched', { matched, queued })}
        {fate !== null && !held && ` · ${fate}`} · {t('who.rule', { rule })}
      </p>
    </div>
  )
}
