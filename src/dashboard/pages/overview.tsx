/**
 * How the broker is doing, above all what is undelivered now.
 */
import { useMemo } from 'preact/hooks'
import type { Overview } from '../../admin/api-types.ts'
import { bytes, compact, count, duration, percent, rate } from '../format.ts'
import { overview, type Point, points } from '../history.ts'
import { Chart } from '../parts/chart.tsx'
import { Fact, Notice, PageHead, Stat } from '../parts/notice.tsx'
import { link } from '../route.ts'
import { t } from '../text/text.ts'
import { LedgerPanel } from './ledger.tsx'

export function OverviewPage() {
  const shown = overview.value
  return (
    <>
      <PageHead title={t('nav.overview')} />
      {shown === null ? (
        <p class="muted">{t('table.loading')}</p>
      ) : (
        <>
          <Warnings warnings={shown.warnings} />
          <Numbers shown={shown} />
          <Undelivered shown={shown} />
          <Charts />
          <div class="columns begin">
            <Health shown={shown} />
            <LedgerPanel />
          </div>
        </>
      )}
    </>
  )
}

function Warnings({ warnings }: Pick<Overview, 'warnings'>) {
  return (
    <>
      {warnings.map(({ code, text, advice }) => (
        <Notice key={code} tone="warn">
          <strong>{text}</strong>
          {advice}
        </Notice>
      ))}
    </>
  )
}

function Numbers({ shown }: { shown: Overview }) {
  const { sessions, copies, retained, rates } = shown
  return (
    <dl class="stats">
      <Stat
        title={t('overview.clients')}
        value={count(shown.connections)}
        note={t('overview.clientsMost', { n: shown.connectionsMax })}
      />
      <Stat
        title={t('overview.sessions')}
        value={count(sessions.online + sessions.offline)}
        note={t('overview.offline', { n: sessions.offline })}
      />
      <Stat
        title={t('overview.subscriptions')}
        value={count(shown.subscriptions)}
        note={t('overview.shared', { n: shown.sharedSubscriptions })}
      />
      <Stat
        title={t('overview.in')}
        value={rate(rates.second.publishReceived)}
        note={t('overview.perSecond', { n: rate(rates.minute.publishReceived) })}
      />
      <Stat
        title={t('overview.out')}
        value={rate(rates.second.publishSent)}
        note={t('overview.perSecond', { n: rate(rates.minute.publishSent) })}
      />
      <Stat
        title={t('overview.waiting')}
        value={count(copies.queued)}
        note={t('overview.inFlight', { n: copies.inFlight })}
      />
      <Stat title={t('overview.retained')} value={count(retained.messages)} note={bytes(retained.bytes)} />
    </dl>
  )
}

function Undelivered({ shown: { undelivered } }: { shown: Overview }) {
  const { held, dead, dropped } = undelivered
  const lost = Object.values(dropped).reduce((sum, each) => sum + each, 0)
  const sinceStart = t('overview.sinceStart')
  const reasons = [
    ['fate.droppedHoldFull', dropped.holdFull],
    ['fate.droppedByOperator', dropped.byOperator],
    ['copy.droppedQueueFull', dropped.queueFull],
    ['copy.droppedTooLarge', dropped.tooLarge],
    ['copy.droppedOffline', dropped.offline],
    ['copy.droppedSlow', dropped.slow],
    ['copy.expired', dropped.expired],
    ['copy.sessionEnded', dropped.sessionEnded],
    ['copy.accessRevoked', dropped.accessRevoked],
  ] as const
  const named = reasons.filter(([, n]) => n > 0).map(([key, n]) => `${t(key)} ${count(n)}`)
  return (
    <section class="stack" aria-labelledby="undelivered">
      <div class="page-head">
        <h2 id="undelivered">{t('overview.undelivered')}</h2>
        <a href={link(['undelivered'])}>{t('overview.details')}</a>
      </div>
      <dl class="stats">
        <Stat
          title={t('overview.held')}
          value={count(held.messages)}
          note={`${t('overview.now')} · ${bytes(held.bytes)}`}
          tone={held.messages > 0 ? 'warn' : undefined}
        />
        <Stat
          title={t('overview.dead')}
          value={count(dead.messages)}
          note={`${t('overview.now')} · ${bytes(dead.bytes)}`}
          tone={dead.messages > 0 ? 'danger' : undefined}
        />
        <Stat title={t('overview.unmatched')} value={count(undelivered.unmatched)} note={sinceStart} />
        <Stat title={t('overview.refused')} value={count(undelivered.refused)} note={sinceStart} />
        <Stat title={t('overview.expired')} value={count(undelivered.expired)} note={sinceStart} />
        <Stat title={t('overview.dropped')} value={count(lost)} note={sinceStart} />
      </dl>
      {named.length > 0 && (
        <p class="muted">
          {t('overview.dropped')}: {named.join(', ')}
        </p>
      )}
    </section>
  )
}

const trafficLines = ['--line-1', '--line-2'] as const

function Charts() {
  const seen = points.value
  const series = useMemo(() => {
    const times = seen.map(({ atMs }) => atMs / 1000)
    const of = (pick: (point: Point) => number | null): (number | null)[] => seen.map(pick)
    return {
      traffic: [times, of((each) => each.receivedPerSecond), of((each) => each.sentPerSecond)],
      waiting: [times, of((each) => each.waiting)],
      latency: [times, of((each) => each.acknowledgeMs), of((each) => each.storeMs)],
      connections: [times, of((each) => each.connections)],
    } as const
  }, [seen])
  const [one, two] = trafficLines
  return (
    <div class="columns">
      <div class="panel">
        <Chart
          title={t('overview.traffic')}
          lines={[
            { title: t('overview.received'), colour: one },
            { title: t('overview.sent'), colour: two },
          ]}
          points={series.traffic}
          format={rate}
        />
      </div>
      <div class="panel">
        <Chart
          title={t('overview.waitingChart')}
          lines={[{ title: t('overview.now'), colour: '--line-3' }]}
          points={series.waiting}
          format={compact}
        />
      </div>
      <div class="panel">
        <Chart
          title={t('overview.latency')}
          lines={[
            { title: t('overview.acknowledge'), colour: one },
            { title: t('overview.store'), colour: two },
          ]}
          points={series.latency}
          format={duration}
        />
      </div>
      <div class="panel">
        <Chart
          title={t('overview.connectionsChart')}
          lines={[{ title: t('overview.now'), colour: one }]}
          points={series.connections}
          format={count}
        />
      </div>
    </div>
  )
}

function Health({ shown }: { shown: Overview }) {
  const { memory, eventLoop, store } = shown
  const { heapBytes, heapBytesMax, queueBytes, queueBytesMax } = memory
  const heap = { part: bytes(heapBytes), whole: bytes(heapBytesMax) }
  return (
    <section class="panel" aria-labelledby="health">
      <h2 id="health">{t('overview.health')}</h2>
      {!store.takesMessages && <Notice tone="danger">{t('overview.storeFull')}</Notice>}
      <dl class="facts">
        <Fact title={t('overview.ack99')}>{seconds(store.acknowledge.p99Seconds)}</Fact>
        <Fact title={t('overview.append99')}>
          {store.isDurable ? seconds(store.append.p99Seconds) : t('overview.notStored')}
        </Fact>
        <Fact title={t('overview.loop')}>{seconds(eventLoop.p99Seconds)}</Fact>
        <Fact title={t('overview.memory')}>{bytes(memory.rssBytes)}</Fact>
        <Fact title={t('overview.heap')}>
          {t('overview.of', heap)} ({percent(heapBytes / heapBytesMax)})
        </Fact>
        <Fact title={t('overview.queue')}>
          {queueBytesMax === null
            ? bytes(queueBytes)
            : t('overview.of', { part: bytes(queueBytes), whole: bytes(queueBytesMax) })}
        </Fact>
        <Fact title={t('overview.disk')}>
          {store.freeBytes === null ? t('overview.notStored') : bytes(store.freeBytes)}
        </Fact>
        <Fact title={t('overview.uptime')}>{duration(shown.atMs - shown.startedAtMs)}</Fact>
        <Fact title={t('overview.version')}>{shown.version}</Fact>
      </dl>
    </section>
  )
}

function seconds(value: number | null): string {
  return value === null ? t('overview.notMeasured') : duration(value * 1000)
}
