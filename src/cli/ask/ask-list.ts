/**
 * How a list that the broker answers with is shown: as a table, as JSON, or again and again.
 */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { counted } from '../../server/counted.ts'
import { table } from '../terminal-text.ts'
import type { Answer, AskClient } from './ask-client.ts'
import type { AskFlags } from './ask-flags.ts'

export interface ListFlags extends AskFlags {
  json?: boolean
  watch?: number | true
  rows: number
}

/** One list: what is asked, and how it looks. */
export interface ListView<Row> {
  /** `who`, for the request `$pabal/who`. */
  readonly request: string
  readonly fields: Readonly<Record<string, unknown>>
  /** Of the list in the answer. */
  readonly listName: string
  /** One that begins with a blank is set right. */
  readonly headings: readonly string[]
  readonly rowName: string
  cells(row: Row, atMs: number): readonly string[]
  /** What comes before the rows, from the first page. */
  summary(facts: Answer): string
  /** What is said in the place of rows; null or left out: the summary says it. */
  readonly none?: string | null
  exitCode?(facts: Answer, rows: number): number
}

/** Rows asked for at a time. */
const pageRows = 1000
export const rowsShown = 1000
const watchSeconds = 2

/** Shows it once, or until somebody stops it; returns the exit code. */
export async function showList<Row>(client: AskClient, view: ListView<Row>, flags: ListFlags): Promise<number> {
  if (flags.watch === undefined) return showOnce(client, view, flags, '')
  const stopped = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort())
  const seconds = flags.watch === true ? watchSeconds : flags.watch
  const clear = process.stdout.isTTY && flags.json !== true ? '\u001b[H\u001b[2J' : ''
  while (!stopped.signal.aborted) {
    await showOnce(client, view, flags, clear)
    await sleep(seconds * 1000, undefined, { signal: stopped.signal }).catch(() => {})
  }
  return 0
}

async function showOnce<Row>(client: AskClient, view: ListView<Row>, flags: ListFlags, clear: string): Promise<number> {
  return flags.json === true ? showJson(client, view, flags) : showTable(client, view, flags, clear)
}

async function showTable<Row>(
  client: AskClient,
  view: ListView<Row>,
  flags: ListFlags,
  clear: string,
): Promise<number> {
  const rows: (readonly string[])[] = []
  let facts: Answer | null = null
  let isMore = false
  for await (const page of client.pages(view.request, { ...view.fields, limit: Math.min(pageRows, flags.rows) })) {
    facts ??= page
    const atMs = Number(page.atMs)
    for (const row of rowsOf<Row>(page, view.listName).slice(0, flags.rows - rows.length)) {
      rows.push(view.cells(row, atMs))
    }
    isMore = typeof page.cursor === 'string'
    if (rows.length >= flags.rows) break
  }
  if (facts === null) return 1
  const parts = [view.summary(facts)]
  if (rows.length > 0) parts.push(table(view.headings, rows))
  else if (typeof view.none === 'string') parts.push(view.none)
  if (isMore)
    parts.push(
      `There are more than ${counted(flags.rows, view.rowName)}: --rows ${flags.rows * 10} or --json shows more.`,
    )
  await print(`${clear}${parts.join('\n\n')}\n`)
  sayMissing(facts)
  return view.exitCode?.(facts, rows.length) ?? 0
}

/** Written as it comes: a long list is never in memory as a whole. */
async function showJson<Row>(client: AskClient, view: ListView<Row>, flags: ListFlags): Promise<number> {
  let facts: Answer | null = null
  let rows = 0
  for await (const page of client.pages(view.request, { ...view.fields, limit: pageRows })) {
    const found = rowsOf<Row>(page, view.listName)
    if (facts === null) {
      facts = page
      const { cursor: _, [view.listName]: list, ...head } = page
      const start = JSON.stringify(head)
      await print(list === undefined ? start : `${start.slice(0, -1)},${JSON.stringify(view.listName)}:[`)
    }
    const texts = found.map((row) => JSON.stringify(row)).join(',\n')
    if (texts !== '') await print(`${rows === 0 ? '\n' : ',\n'}${texts}`)
    rows += found.length
  }
  if (facts === null) return 1
  await print(facts[view.listName] === undefined ? '\n' : `${rows === 0 ? '' : '\n'}]}\n`)
  if (flags.watch === undefined) sayMissing(facts)
  return view.exitCode?.(facts, rows) ?? 0
}

function rowsOf<Row>(page: Answer, listName: string): readonly Row[] {
  const list = page[listName]
  // The broker sends what its own types say.
  return Array.isArray(list) ? (list as Row[]) : []
}

function sayMissing({ missingPermission }: Answer): void {
  if (typeof missingPermission !== 'string') return
  process.stderr.write(
    `These are the counts only: to see who it is, an account needs the permission "${missingPermission}".\n`,
  )
}

async function print(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}
