/**
 * A table that can be long: only the rows in sight are in the page, so that a million of them scroll like ten.
 *
 * All rows have one height; two empty rows stand for those above and below. On a narrow screen the table scrolls sideways
 * within its frame, never the page.
 */
import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { type RowWindow, windowOf } from './row-window.ts'

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

/** So near to the end that more rows are asked for. */
const endRows = 8

export function Table<Row>(props: TableProps<Row>) {
  const { label, columns, rows, empty, isWrapping = false, onEnd } = props
  const frame = useRef<HTMLDivElement>(null)
  const [seen, setSeen] = useState({ scrollTop: 0, clientHeight: 900 })
  const measure = (): void => {
    const { scrollTop, clientHeight } = frame.current ?? { scrollTop: 0, clientHeight: 0 }
    setSeen((before) =>
      isSame(
        windowOf(rows.length, before.scrollTop, before.clientHeight),
        windowOf(rows.length, scrollTop, clientHeight),
      )
        ? before
        : { scrollTop, clientHeight },
    )
  }

  useLayoutEffect(measure, [rows.length])
  useEffect(() => {
    const observer = new ResizeObserver(measure)
    if (frame.current !== null) observer.observe(frame.current)
    return () => observer.disconnect()
  }, [rows.length])
  const { first, last, above, below } = isWrapping
    ? { first: 0, last: rows.length, above: 0, below: 0 }
    : windowOf(rows.length, seen.scrollTop, seen.clientHeight)
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - endRows) onEnd?.()
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
          <Gap pixels={above} columns={columns.length} />
          <Rows {...props} first={first} last={last} />
          <Gap pixels={below} columns={columns.length} />
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
        <Line key={keyOf(row)} row={row} mark={markOf?.(row)} rowIndex={first + index + 2} columns={columns} />
      ))}
    </>
  )
}

interface LineProps<Row> extends Pick<TableProps<Row>, 'columns'> {
  readonly row: Row
  readonly mark: ReturnType<NonNullable<TableProps<Row>['markOf']>>
  readonly rowIndex: number
}

/**
 * A component of its own, so that a row that stays in sight is not made anew with each that comes: one that reads a signal, such as the
 * language, is made again only if a signal or what it is given has changed.
 */
function Line<Row>({ row, mark, rowIndex, columns }: LineProps<Row>) {
  return (
    <tr class={mark} aria-rowindex={rowIndex}>
      {columns.map(({ title, cell, isNumber }) => (
        <td key={title} class={isNumber === true ? 'number' : undefined}>
          {cell(row)}
        </td>
      ))}
    </tr>
  )
}

function isSame(one: RowWindow, other: RowWindow): boolean {
  return one.first === other.first && one.last === other.last && one.above === other.above
}

function Gap({ pixels, columns }: { pixels: number; columns: number }) {
  if (pixels <= 0) return null
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a row cannot be focused, and this one says nothing.
    <tr aria-hidden="true" class="gap">
      <td colSpan={columns} style={{ height: `${pixels}px` }} />
    </tr>
  )
}
