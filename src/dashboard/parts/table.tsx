/**
 * A table that can be long: only the rows in sight are in the page, so that a million of them scroll like ten.
 *
 * All rows have one height; two empty rows stand for those above and below. On a narrow screen the table scrolls sideways
 * within its frame, never the page.
 */
import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => ComponentChildren
  /** Share of the width, and the least in rem. */
  readonly width: number
  readonly isNumber?: boolean
}

export interface TableProps<Row> {
  /** Says what the table holds, for who cannot see it. */
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string | number
  /** Shown instead of rows if there are none. */
  readonly empty: ComponentChildren
  readonly markOf?: (row: Row) => 'danger' | 'quiet' | undefined
  /** Rows are as high as what they hold: for short lists, all of which is in the page then. */
  readonly isWrapping?: boolean
  /** Called when the last rows come into sight. */
  readonly onEnd?: () => void
}

const rowHeight = 38
const overscan = 8

export function Table<Row>(props: TableProps<Row>) {
  const { label, columns, rows, empty, isWrapping = false, onEnd } = props
  const frame = useRef<HTMLDivElement>(null)
  const [seen, setSeen] = useState({ first: 0, count: 40 })
  const measure = (): void => {
    const { scrollTop, clientHeight } = frame.current ?? { scrollTop: 0, clientHeight: 0 }
    const first = Math.max(0, Math.floor(scrollTop / rowHeight) - overscan)
    const count = Math.ceil(clientHeight / rowHeight) + 2 * overscan
    setSeen((before) => (before.first === first && before.count === count ? before : { first, count }))
  }

  useLayoutEffect(measure, [rows.length])
  useEffect(() => {
    const observer = new ResizeObserver(measure)
    if (frame.current !== null) observer.observe(frame.current)
    return () => observer.disconnect()
  }, [])
  const first = isWrapping ? 0 : seen.first
  const last = isWrapping ? rows.length : Math.min(rows.length, first + seen.count)
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - overscan) onEnd?.()
  }, [last, rows.length])

  const minWidth = columns.reduce((sum, { width }) => sum + width, 0)
  return (
    <section
      class={isWrapping ? 'table-frame wrapping' : 'table-frame'}
      ref={frame}
      onScroll={measure}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
      tabIndex={0}
      aria-label={label}
    >
      <table aria-rowcount={rows.length + 1} style={{ minWidth: `${minWidth}rem` }}>
        <colgroup>
          {columns.map(({ title, width }) => (
            <col key={title} style={{ width: `${(100 * width) / minWidth}%` }} />
          ))}
        </colgroup>
        <Head columns={columns} />
        <tbody>
          <Gap rows={first} columns={columns.length} />
          <Rows {...props} first={first} last={last} />
          <Gap rows={rows.length - last} columns={columns.length} />
        </tbody>
      </table>
      {rows.length === 0 && <div class="empty">{empty}</div>}
    </section>
  )
}

function Head<Row>({ columns }: Pick<TableProps<Row>, 'columns'>) {
  return (
    <thead>
      <tr>
        {columns.map(({ title, isNumber }) => (
          <th key={title} scope="col" class={isNumber === true ? 'number' : undefined}>
            {title}
          </th>
        ))}
      </tr>
    </thead>
  )
}

function Rows<Row>(props: TableProps<Row> & { readonly first: number; readonly last: number }) {
  const { columns, rows, keyOf, markOf, first, last } = props
  return (
    <>
      {rows.slice(first, last).map((row, index) => (
        <tr key={keyOf(row)} class={markOf?.(row)} aria-rowindex={first + index + 2}>
          {columns.map(({ title, cell, isNumber }) => (
            <td key={title} class={isNumber === true ? 'number' : undefined}>
              {cell(row)}
            </td>
          ))}
        </tr>
      ))}
    </>
  )
}

function Gap({ rows, columns }: { rows: number; columns: number }) {
  if (rows <= 0) return null
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a row cannot be focused, and this one says nothing.
    <tr aria-hidden="true" class="gap">
      <td colSpan={columns} style={{ height: `${rows * rowHeight}px` }} />
    </tr>
  )
}
