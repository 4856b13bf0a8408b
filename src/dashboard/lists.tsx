/**
 * Lists that the broker filters and turns the pages of: what is loaded is asked for again as one page, as long as it is short.
 */
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { ApiFault, Paging } from './api.ts'
import { count } from './format.ts'
import { noteFault, useLive } from './live.ts'
import { Download } from './parts/download.tsx'
import { FaultNotice } from './parts/notice.tsx'
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
  /** Everything there is; can take a while. */
  readonly all: () => void
  /** Rows that have come of what is being loaded; null if nothing is. */
  readonly loading: number | null
  readonly refresh: () => void
  /** What it is a list of, and how one page of it is asked for. */
  readonly name: string
  readonly load: Load<Row, About>
}

type Load<Row, About> = (query: Paging, signal: AbortSignal) => PromiseLike<Page<Row, About>>

const firstRows = 100
/** More rows than this are not asked for again by themselves. */
const liveRowsMax = 1000
/** Of a page of what is not: as many as the API gives. */
const furtherRows = 10_000

interface Further<Row> {
  readonly rows: readonly Row[]
  readonly cursor: string | null
  /** Rows that are in sight and those on their way; null if none are. */
  readonly loading: number | null
}

/** `key` names what is asked for, its first word what it is; null: nothing. `load` asks for one page. */
export function useList<Row, About>(key: string | null, load: Load<Row, About>, everyMs: number): List<Row, About> {
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
  const rows = useMemo(() => rowsOf(page, further?.rows ?? null), [page, further?.rows])

  const loadFurther = async (from: string, isAll: boolean): Promise<void> => {
    const shown = page?.data.length ?? 0
    const before = further?.rows ?? []
    const progress = (came: number): void => setFurther({ rows: before, cursor: from, loading: shown + came })
    progress(before.length)
    const { rows: came, cursor: next, fault } = await loadRows(load, from, isAll, before, progress)
    if (fault !== null) setMoreFault(fault)
    setFurther({ rows: came, cursor: next, loading: null })
  }
  const loadMore = (isAll: boolean): void => {
    if (cursor === null || (further !== null && further.loading !== null)) return
    if (!isAll && limit < liveRowsMax) setLimit(Math.min(liveRowsMax, limit * 3))
    else void loadFurther(cursor, isAll)
  }
  return {
    rows,
    about: page?.about ?? null,
    isLoaded: page !== null,
    hasMore: cursor !== null,
    isPaused: further !== null,
    fault: live.fault ?? moreFault,
    more: () => loadMore(false),
    all: () => loadMore(true),
    loading: further?.loading ?? null,
    refresh: () => {
      setFurther(null)
      setMoreFault(null)
      live.refresh()
    },
    name: key?.split(' ', 1)[0] ?? '',
    load,
  }
}

/**
 * One page, or all there are. What comes is put into the page at the end: one that grew a hundred times would be busy with
 * nothing else.
 */
async function loadRows<Row, About>(
  load: Load<Row, About>,
  from: string,
  isAll: boolean,
  before: readonly Row[],
  progress: (came: number) => void,
): Promise<{ rows: readonly Row[]; cursor: string | null; fault: ApiFault | null }> {
  const rows = [...before]
  let cursor: string | null = from
  try {
    do {
      const page: Page<Row, About> = await load({ limit: furtherRows, cursor }, new AbortController().signal)
      for (const row of page.data) rows.push(row)
      cursor = page.meta.cursor
      progress(rows.length)
    } while (isAll && cursor !== null)
    return { rows, cursor, fault: null }
  } catch (error) {
    return { rows, cursor: null, fault: noteFault(error) }
  }
}

function rowsOf<Row, About>(page: Page<Row, About> | null, further: readonly Row[] | null): readonly Row[] {
  if (page === null) return []
  return further === null ? page.data : page.data.concat(further)
}

/** What is shown of a list, that there is more, and the whole of it as a file. */
export function ListFoot<Row extends object, About>({ list }: { list: List<Row, About> }) {
  const [fault, setFault] = useState<ApiFault | null>(null)
  return (
    <div class="table-foot">
      <span>
        {list.isLoaded
          ? t(list.hasMore ? 'table.shownMore' : 'table.shown', { shown: count(list.rows.length) })
          : t('table.loading')}
        {list.loading !== null && ` · ${t('table.loadingRows', { n: list.loading })}`}
        {list.isPaused && list.loading === null && ` · ${t('table.paused')}`}
      </span>
      <span class="actions">
        {list.isPaused && (
          <button type="button" class="small" onClick={list.refresh}>
            {t('table.refresh')}
          </button>
        )}
        {list.hasMore && list.loading === null && (
          <>
            <button type="button" class="small" onClick={list.more}>
              {t('table.more')}
            </button>
            <button type="button" class="small" onClick={list.all}>
              {t('table.all')}
            </button>
          </>
        )}
        {list.rows.length > 0 && <Download list={list} onFault={setFault} />}
      </span>
      <FaultNotice fault={fault} />
    </div>
  )
}
