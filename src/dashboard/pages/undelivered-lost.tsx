/**
 * Messages that reached nobody and do not wait: from the log of fates, newest first.
 */
import { t } from '../text/text.ts'
import { useTrace } from '../trace-feed.ts'
import { TraceView } from './trace.tsx'

const fates: ReadonlySet<string> = new Set([
  'unmatched',
  'refused',
  'expired',
  'droppedHoldFull',
  'droppedByOperator',
  'deadLettered',
])
const entriesMax = 1000

export function Lost() {
  const feed = useTrace({ topic: '#', isPaused: false, isWanted: ({ fate }) => fates.has(fate), entriesMax })
  return (
    <>
      <p class="muted">{t('undelivered.lost.intro')}</p>
      <TraceView feed={feed} label={t('undelivered.tab.lost')} empty={t('undelivered.lost.none')} />
    </>
  )
}
