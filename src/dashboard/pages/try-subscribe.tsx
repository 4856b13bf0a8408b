/**
 * Subscribes, and shows what arrives. Only to the Topic Filter that somebody has typed, and only while this page is open.
 */
import { useState } from 'preact/hooks'
import { bytes, clock, count } from '../format.ts'
import { Content } from '../parts/content.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Badge, Fact, FaultNotice, Notice } from '../parts/notice.tsx'
import { QosField } from '../parts/qos-field.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { preview } from '../payload.ts'
import { link, route } from '../route.ts'
import {
  messagesMax,
  type ReceivedMessage,
  type Subscription,
  type SubscriptionWish,
  useSubscription,
} from '../subscription.ts'
import { t } from '../text/text.ts'

const previewCharacters = 160

export function SubscribePanel() {
  const [wish, setWish] = useState<SubscriptionWish | null>(null)
  const [lookedAt, setLookedAt] = useState<ReceivedMessage | null>(null)
  const { subscription, clear } = useSubscription(wish)
  const { phase, messages, received } = subscription
  const isOpen = phase === 'open' || phase === 'opening'
  return (
    <section class="panel stack top-aligned" aria-labelledby="subscribe">
      <h2 id="subscribe">{t('sub.title')}</h2>
      <SubscribeForm isOpen={isOpen} onWish={setWish} />
      <p class="muted">{t('sub.note')}</p>
      <Standing subscription={subscription} />
      <Table
        label={t('sub.messages')}
        columns={columns(setLookedAt)}
        rows={messages}
        keyOf={(row) => row.id}
        empty={t(isOpen ? 'sub.waiting' : 'sub.none')}
      />
      <div class="table-foot">
        <span>
          {t('sub.received', { n: received })}
          {received > messages.length && ` · ${t('sub.kept', { max: messagesMax })}`}
        </span>
        <button type="button" class="small" disabled={received === 0} onClick={clear}>
          {t('trace.clear')}
        </button>
      </div>
      {lookedAt !== null && <MessageDialog message={lookedAt} onClose={() => setLookedAt(null)} />}
    </section>
  )
}

interface SubscribeFormProps {
  readonly isOpen: boolean
  readonly onWish: (wish: SubscriptionWish | null) => void
}

function SubscribeForm({ isOpen, onWish }: SubscribeFormProps) {
  const [filter, setFilter] = useState(route.value.query.filter ?? '')
  const [qos, setQos] = useState<SubscriptionWish['qos']>(1)
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault()
        onWish(isOpen ? null : { filter, qos })
      }}
    >
      <label class="field wide">
        <span>{t('who.filter')}</span>
        <input
          class="mono"
          required
          disabled={isOpen}
          value={filter}
          placeholder="orders/+"
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => setFilter(currentTarget.value)}
        />
      </label>
      <QosField value={qos} onChange={setQos} isDisabled={isOpen} />
      <button type="submit" class={isOpen ? '' : 'primary'}>
        {t(isOpen ? 'sub.unsubscribe' : 'sub.subscribe')}
      </button>
    </form>
  )
}

/** How the Subscription stands, and what of it is not shown. */
function Standing({ subscription: { phase, subscribed, leftOut, fault } }: { subscription: Subscription }) {
  return (
    <div class="stack" aria-live="polite">
      {phase === 'opening' && <p>{t('sub.opening')}</p>}
      {subscribed !== null && (
        <p>
          <Badge tone="good">{t('sub.open')}</Badge> <code class="break">{subscribed.topicFilter}</code> ·{' '}
          {t(subscribed.observer ? 'sub.observes' : 'sub.counts')} ·{' '}
          <a href={link(['clients', subscribed.clientIdentifier])} target="_blank" rel="noopener">
            {t('sub.session')}
          </a>
        </p>
      )}
      {phase === 'broken' && (
        <>
          <FaultNotice fault={fault} />
          {fault === null && (
            <Notice tone="warn">
              <strong>{t('sub.broken')}</strong>
              {t('sub.broken.long')}
            </Notice>
          )}
        </>
      )}
      {leftOut > 0 && (
        <Notice tone="warn">{t('sub.leftOut', { n: leftOut, max: subscribed?.perSecondMax ?? perSecondUsual })}</Notice>
      )}
    </div>
  )
}

/** What the broker usually tells. */
const perSecondUsual = 100

function columns(look: (message: ReceivedMessage) => void): readonly Column<ReceivedMessage>[] {
  return [
    { title: t('trace.time'), width: 6.4, cell: (row) => clock(row.atMs) },
    {
      title: t('undelivered.topic'),
      width: 8.5,
      cell: (row) => (
        <>
          {row.retain && <Badge tone="accent">{t('sub.retained')}</Badge>} <code title={row.topic}>{row.topic}</code>
        </>
      ),
    },
    {
      title: t('undelivered.payload'),
      width: 7.2,
      cell: (row) => <code>{preview(row.payload, previewCharacters)}</code>,
    },
    { title: t('who.qos'), width: 3.5, isNumber: true, cell: (row) => row.qos },
    {
      title: t('undelivered.look'),
      width: 5,
      cell: (row) => (
        <button
          type="button"
          class="small"
          aria-label={t('sub.lookAt', { topic: row.topic })}
          onClick={() => look(row)}
        >
          {t('undelivered.look')}
        </button>
      ),
    },
  ]
}

function MessageDialog({ message, onClose }: { message: ReceivedMessage; onClose: () => void }) {
  return (
    <Dialog title={message.topic} onClose={onClose}>
      <div class="stack">
        <dl class="facts">
          <Fact title={t('retained.received')}>{clock(message.atMs)}</Fact>
          <Fact title={t('who.qos')}>{count(message.qos)}</Fact>
          <Fact title={t('sub.retained')}>{t(message.retain ? 'value.yes' : 'value.no')}</Fact>
          <Fact title={t('undelivered.size')}>{bytes(message.payloadBytes)}</Fact>
        </dl>
        <Content content={message} />
        <form method="dialog" class="actions end">
          <button type="submit">{t('dialog.close')}</button>
        </form>
      </div>
    </Dialog>
  )
}
