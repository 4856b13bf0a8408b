/**
 * Messages that reached nobody and do not wait: from the log of fates, newest first.
 */
import { FateField, type MessageFate } from '../parts/fate-field.tsx'
import { ClientField, FilterField } from '../parts/filter-field.tsx'
import { route, setQuery } from '../route.ts'
import { t } from '../text/text.ts'
import { useTrace } from '../trace-feed.ts'
import { TraceView } from './trace.tsx'

const lost: readonly MessageFate[] = [
  'unmatched',
  'refused',
  'expired',
  'droppedHoldFull',
  'droppedByOperator',
  'deadLettered',
]
const entriesMax = 1000

export function Lost() {
  const { filter = '', client = '', fate = '' } = route.value.query
  const wanted = lost.filter((each) => fate === '' || each === fate)
  const feed = useTrace({
    topic: filter === '' ? '#' : filter,
    client,
    // A copy may have met the same fate, of a message that reached somebody else.
    fate: wanted.join(','),
    isPaused: false,
    isWanted: (entry) => wanted.includes(entry.fate),
    entriesMax,
  })
  const change = (changed: Readonly<Record<string, string>>): void => setQuery({ ...route.value.query, ...changed })
  return (
    <>
      <p class="muted">{t('undelivered.lost.intro')}</p>
      <div class="form">
        <FilterField value={filter} onChange={(next) => change({ filter: next })} placeholder="orders/#" />
        <ClientField value={client} onChange={(next) => change({ client: next })} />
        <FateField value={fate} fates={lost} onChange={(next) => change({ fate: next })} />
      </div>
      <TraceView feed={feed} label={t('undelivered.tab.lost')} empty={t('undelivered.lost.none')} />
    </>
  )
}
