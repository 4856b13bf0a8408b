/**
 * What a publisher was told of one message, and, if it asked, who has got it.
 */
import type { Published, Receipt } from '../../admin/api-types.ts'
import { api } from '../api.ts'
import { clock } from '../format.ts'
import { useLive } from '../live.ts'
import { Badge, FaultNotice } from '../parts/notice.tsx'
import { t } from '../text/text.ts'

export interface Answer {
  readonly id: number
  readonly atMs: number
  readonly topic: string
  readonly published: Published
}

export function AnswerPanel({ answer: { atMs, topic, published } }: { answer: Answer }) {
  const { reason_code: reasonCode, message, matched, queued, fate, rule, held, receipt_id: receiptId } = published
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
      {receiptId !== null && <ReceiptView id={receiptId} />}
    </div>
  )
}

const everyMs = 1000

function ReceiptView({ id }: { id: string }) {
  const { value, fault } = useLive(`receipt ${id}`, (signal) => api.receipt(id, { signal }), everyMs, isFinal)
  if (value === null) return <FaultNotice fault={fault} />
  const { state, delivered, matched, deliveredTo = [], failedFor = [] } = value.receipt
  return (
    <div>
      <p>{t(`receipt.${state}`, { delivered, matched })}</p>
      {deliveredTo.length > 0 && <p class="muted break">{t('receipt.by', { clients: namesOf(deliveredTo) })}</p>}
      {failedFor.length > 0 && <p class="bad break">{t('receipt.failed', { clients: namesOf(failedFor) })}</p>}
    </div>
  )
}

/** Nothing of it will change any more. */
function isFinal(receipt: Receipt): boolean {
  return receipt.isFinal
}

function namesOf(clients: readonly { readonly clientIdentifier: string }[]): string {
  return clients.map(({ clientIdentifier }) => clientIdentifier).join(', ')
}
