/**
 * Lists that the broker filters and turns the pages of: what is loaded is asked for again as one page, as long as it is short.
 */
import { useEffect, useState } from 'preact/hooks'
import type { ApiFault, Query } from './api.ts'
import { count } from './format.ts'
import { noteFault, useLive } from './live.ts'
import { t } from './text/text.ts'

export interface Page<Row, About> {
  readonly data: readonly Row[]
  readonly meta: { readonly cursor: string | null; readonly hasnext: boolean }
  readonly about?: About | undefined
}

export interface List<Row, About> {
  readonly rows: readonly Row[]
  readonly about: About | null
  readonly isLoaded: boolean
  readonly hasMore: boolean
  /** Too long to be asked for again and again. */
  readonly isPaused: boolean
  readonly fault: ApiFault | null
  readonly more: () => void
  readonly refresh: () => void
}

const firstRows = 100
/** More rows than this are not asked for again by themselves. */
const liveRowsMax = 1000

interface Further<Row> {
  readonly rows: readonly Row[]
  readonly cursor: string | null
  readonly isLoading: boolean
}

/** `key` names what is asked for; null: nothing. `load` asks for one page. */
export function useList<Row, About>(
  key: string | null,
  load: (query: Query, signal: AbortSignal) => Promise<Page<Row, About>>,
  everyMs: number,
): List<Row, About> {
  const [limit, setLimit] = useState(firstRows)
  const [further, setFurther] = useState<Further<Row> | null>(null)
  const [moreFault, setMoreFault] = useState<ApiFault | null>(null)
  const [lastPage, setLastPage] = useState<{ key: string | null; page: Page<Row, About> } | null>(null)
  useEffect(() => {
    setLimit(firstRows)
    setFurther(null)
    setMoreFault(null)
  }, [key])

  const live = useLive(
    key === null ? null : `${key} ${limit}`,
    (signal) => load({ limit }, signal),
    further === null ? everyMs : 0,
  )
  useEffect(() => {
    // While a longer page is on its way the shorter one stays in sight.
    if (live.value !== null) setLastPage({ key, page: live.value })
  }, [live.value])
  const page = live.value ?? (lastPage?.key === key ? (lastPage?.page ?? null) : null)
  const cursor = further === null ? (page?.meta.cursor ?? null) : further.cursor
  const rows = page === null ? [] : further === null ? page.data : [...page.data, ...further.rows]

  const loadFurther = async (from: string): Promise<void> => {
    setFurther({ rows: further?.rows ?? [], cursor: from, isLoading: true })
    try {
      const next = await load({ limit: liveRowsMax, cursor: from }, new AbortController().signal)
      setFurther({ rows: [...(further?.rows ?? []), ...next.data], cursor: next.meta.cursor, isLoading: false })
    } catch (error) {
      setMoreFault(noteFault(error))
      setFurther({ rows: further?.rows ?? [], cursor: null, isLoading: false })
    }
  }
  return {
    rows,
    about: page?.about ?? null,
    isLoaded: page !== null,
    hasMore: cursor !== null,
    isPaused: further !== null,
    fault: live.fault ?? moreFault,
    more: () => {
      if (cursor === null || further?.isLoading === true) return
      if (limit < liveRowsMax) setLimit(Math.min(liveRowsMax, limit * 3))
      else void loadFurther(cursor)
    },
    refresh: () => {
      setFurther(null)
      setMoreFault(null)
      live.refresh()
    },
  }
}

/** What is shown of a list, and that there is more. */
export function ListFoot<Row, About>({ list }: { list: List<Row, About> }) {
  return (
    <div class="table-foot">
      <span>
        {list.isLoaded
          ? t(list.hasMore ? 'table.shownMore' : 'table.shown', { shown: count(list.rows.length) })
          : t('table.loading')}
        {list.isPaused && ` · ${t('table.paused')}`}
      </span>
      <span class="actions">
        {list.isPaused && (
          <button type="button" class="small" onClick={list.refresh}>
            {t('table.refresh')}
          </button>
        )}
        {list.hasMore && (
          <button type="button" class="small" onClick={list.more}>
            {t('table.more')}
          </button>
        )}
      </span>
    </div>
  )
}
