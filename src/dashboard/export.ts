/**
 * A list as a file: every row that the broker has of it, page by page, in CSV for spreadsheets or in JSON for programs.
 *
 * What clients chose stands in it as text: a cell that a spreadsheet would take for a formula begins with an apostrophe.
 */

export type ExportFormat = 'csv' | 'json'

/** What is read of a page of a list. */
export interface ExportPage<Row> {
  readonly data: readonly Row[]
  readonly meta: { readonly cursor: string | null }
}

/** As many as the API gives in a page. */
const rowsPerPage = 10_000
/** What programs for spreadsheets take for the beginning of a formula; some look behind white space. */
const formula = /^[\s]*[=+\-@＝＋－＠]|^[\t\r\n]/

export interface Asking {
  readonly signal: AbortSignal
  /** So many rows have come. */
  progress(rows: number): void
}

type Load<Row> = (query: { limit: number; cursor?: string }, signal: AbortSignal) => PromiseLike<ExportPage<Row>>

/** In pieces, which a browser can put aside: a list may be longer than what it would hold in one text. */
export async function exportRows<Row extends object>(
  format: ExportFormat,
  load: Load<Row>,
  { signal, progress }: Asking,
): Promise<Blob> {
  const { type, first, piece, last } = format === 'csv' ? csv() : json()
  const pieces = [first]
  let rows = 0
  let cursor: string | null = null
  do {
    const page: ExportPage<Row> = await load(
      cursor === null ? { limit: rowsPerPage } : { limit: rowsPerPage, cursor },
      signal,
    )
    signal.throwIfAborted()
    pieces.push(piece(page.data))
    rows += page.data.length
    cursor = page.meta.cursor
    progress(rows)
  } while (cursor !== null)
  return new Blob([...pieces, last], { type })
}

/** RFC 4180, as UTF-8 with the mark by which Excel knows it. The columns are those of the first rows, under the API's names. */
function csv() {
  let columns: readonly string[] | null = null
  const piece = (rows: readonly object[]): string => {
    const isFirst = columns === null
    columns ??= [...new Set(rows.flatMap((row) => Object.keys(row)))]
    return [...(isFirst ? [columns] : []), ...rows.map((row) => cellsOf(row, columns ?? []))].map(lineOf).join('')
  }
  return { type: 'text/csv;charset=utf-8', first: '\uFEFF', piece, last: '' }
}

function cellsOf(row: object, columns: readonly string[]): unknown[] {
  const unknown = Object.keys(row).find((name) => !columns.includes(name))
  // Else it would be left out in silence.
  if (unknown !== undefined) throw new Error(`a row has ${unknown}, which the first rows had not: download it as JSON`)
  return columns.map((name): unknown => Reflect.get(row, name))
}

function lineOf(cells: readonly unknown[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return `"${(formula.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`
}

function json() {
  let isFirst = true
  const piece = (rows: readonly object[]): string => {
    const lines = rows.map((row) => JSON.stringify(row)).join(',\n')
    const text = isFirst || lines === '' ? lines : `,\n${lines}`
    isFirst &&= lines === ''
    return text
  }
  return { type: 'application/json', first: '[\n', piece, last: '\n]\n' }
}
