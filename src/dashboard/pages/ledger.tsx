/**
 * The ledger: what came in, what became of it, and whether the two are equal.
 */
import type { CopyLedger, MessageLedger } from '../../admin/api-types.ts'
import { api } from '../api.ts'
import { count } from '../format.ts'
import { useLive } from '../live.ts'
import { Badge, FaultNotice } from '../parts/notice.tsx'
import { type TextKey, t } from '../text/text.ts'

const everyMs = 2000

type Line = readonly [key: TextKey, n: number]

export function LedgerPanel() {
  const { value, fault } = useLive('ledger', (signal) => api.ledger({ signal }), everyMs)
  return (
    <section class="panel" aria-labelledby="ledger">
      <h2 id="ledger">{t('ledger.title')}</h2>
      <div class="stack">
        <p class="muted">{t('ledger.intro')}</p>
        <FaultNotice fault={fault} />
        {value !== null && <Messages ledger={value.messages} />}
        {value !== null && <Copies ledger={value.copies} />}
      </div>
    </section>
  )
}

function Messages({ ledger: { received, made, restored, fates, addsUp } }: { ledger: MessageLedger }) {
  const came: readonly Line[] = [
    ['ledger.received', received],
    ['ledger.made', made],
    ['ledger.restored', restored],
  ]
  // What the ledger counts as held is all that waits for somebody: dead letters as well.
  const became = Object.entries(fates).map(
    ([fate, n]): Line => [fate === 'held' ? 'ledger.held' : `fate.${fate as keyof typeof fates}`, n],
  )
  return <Sum title={t('ledger.messages')} came={came} became={became} addsUp={addsUp} />
}

function Copies({ ledger: { created, inFlight, queued, fates, addsUp } }: { ledger: CopyLedger }) {
  const ended = Object.entries(fates).map(([fate, n]): Line => [`copy.${fate as keyof typeof fates}`, n])
  const became: readonly Line[] = [['copy.inFlight', inFlight], ['copy.queued', queued], ...ended]
  return <Sum title={t('ledger.copies')} came={[['ledger.created', created]]} became={became} addsUp={addsUp} />
}

interface SumProps {
  readonly title: string
  readonly came: readonly Line[]
  readonly became: readonly Line[]
  readonly addsUp: boolean
}

function Sum({ title, came, became, addsUp }: SumProps) {
  const total = (lines: readonly Line[]): string => count(lines.reduce((sum, [, n]) => sum + n, 0))
  return (
    <div class="ledger">
      <h3>
        {title} <Badge tone={addsUp ? 'good' : 'danger'}>{t(addsUp ? 'ledger.addsUp' : 'ledger.differs')}</Badge>
      </h3>
      <dl>
        <Row words={t('ledger.came')} value={total(came)} isTotal={true} />
        {came.filter(isNotNone).map(([key, n]) => (
          <Row key={key} words={t(key)} value={count(n)} />
        ))}
        <Row words={t('ledger.became')} value={total(became)} isTotal={true} />
        {became.filter(isNotNone).map(([key, n]) => (
          <Row key={key} words={t(key)} value={count(n)} />
        ))}
      </dl>
    </div>
  )
}

function Row({ words, value, isTotal = false }: { words: string; value: string; isTotal?: boolean }) {
  return (
    <div class={isTotal ? 'total' : undefined}>
      <dt>{words}</dt>
      <dd>{value}</dd>
    </div>
  )
}

function isNotNone([, n]: Line): boolean {
  return n !== 0
}
