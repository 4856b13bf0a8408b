/**
 * Prints the entries of the log of fates as they come. The broker is asked four times a second for those behind the last.
 */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { count, counted } from '../../server/counted.ts'
import type { FateEntry, TraceTotals } from '../../server/requests/answer-types.ts'
import type { Answer, AskClient } from './ask-client.ts'
import { entryText } from './fate-text.ts'

export interface TraceWish {
  readonly topicFilter: string
  /** Only what this client published or has had a copy of; null for all. */
  readonly client: string | null
  /** Only with one of these fates, with commas between them; null for all. */
  readonly fates: string | null
  /** Id of the last entry that is known; 0 for none. */
  readonly since: number
  readonly isJson: boolean
  /** What the log remembers, and no more. */
  readonly isOnce: boolean
  readonly entriesMax: number
  /** Null: until it is stopped. */
  readonly seconds: number | null
}

const pageRows = 1000
const intervalMs = 250
/** An entry is shown when it is so old: by then most of its copies have their fate. */
const settlingMs = 200

/** How far the log has been read. */
interface Place {
  after: number
  /** Id of the newest entry there was the last time. */
  seen: number
  /** What the log had left out by then; null before the first answer. */
  leftOut: number | null
  printed: number
}

/** Ends when enough was printed, the time is over, or somebody stops it. Returns the exit code. */
export async function followTrace(client: AskClient, wish: TraceWish): Promise<number> {
  const stopped = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort())
  const timer = wish.seconds === null ? null : setTimeout(() => stopped.abort(), wish.seconds * 1000)
  const place: Place = { after: wish.since, seen: 0, leftOut: null, printed: 0 }
  while (!stopped.signal.aborted) {
    await printNew(client, wish, place)
    if (wish.isOnce || place.printed >= wish.entriesMax) break
    await sleep(intervalMs, undefined, { signal: stopped.signal }).catch(() => {})
  }
  if (timer !== null) clearTimeout(timer)
  return 0
}

async function printNew(client: AskClient, wish: TraceWish, place: Place): Promise<void> {
  const { topicFilter, client: ofClient, fates, isOnce } = wish
  const after = place.after > 0 ? { after: place.after } : {}
  const ofWhat = { ...(ofClient === null ? {} : { client: ofClient }), ...(fates === null ? {} : { fate: fates }) }
  const fields = { topic: topicFilter, limit: pageRows, ...after, ...ofWhat }
  let totals: TraceTotals | null = null
  let untilMs = Number.POSITIVE_INFINITY
  for await (const page of client.pages('trace', fields)) {
    if (totals === null) {
      totals = totalsOf(page)
      if (!isOnce) untilMs = Number(page.atMs) - settlingMs
      if (await beginsAnew(totals, place)) return
      await sayGone(totals, place)
    }
    if (!(await printPage(entriesOf(page), untilMs, wish, place))) break
  }
  if (totals === null || place.printed >= wish.entriesMax) return
  await sayLeftOut(totals, place)
  // What was there the last time is old enough by now: it has been shown, or does not match.
  place.after = Math.max(place.after, place.seen)
  place.seen = totals.lastId
}

/** False if there is no use in going on. */
async function printPage(
  entries: readonly FateEntry[],
  untilMs: number,
  { isJson, entriesMax }: TraceWish,
  place: Place,
): Promise<boolean> {
  for (const entry of entries) {
    // The next time: its copies, and those behind it.
    if (entry.atMs > untilMs) return false
    await print(isJson ? JSON.stringify(entry) : entryText(entry))
    place.after = entry.id
    place.printed += 1
    if (place.printed >= entriesMax) return false
  }
  return true
}

/** The broker was started again: its log has other messages under the same ids. */
async function beginsAnew({ lastId }: TraceTotals, place: Place): Promise<boolean> {
  if (lastId >= place.after) return false
  await note(
    `The log ends before entry ${count(place.after)}: the broker has been started again. It is read from its start.`,
  )
  place.after = 0
  place.seen = 0
  place.leftOut = 0
  return true
}

async function sayGone({ firstId }: TraceTotals, place: Place): Promise<void> {
  const gone = firstId - place.after - 1
  if (place.after > 0 && gone > 0)
    await note(`${count(gone)} more not shown: the log does not remember them any longer.`)
  else if (place.leftOut === null && gone > 0) await note(`The log begins with entry ${count(firstId)}.`)
  if (gone > 0) place.after = firstId - 1
}

async function sayLeftOut({ leftOut }: TraceTotals, place: Place): Promise<void> {
  const more = leftOut - (place.leftOut ?? 0)
  place.leftOut = leftOut
  if (more > 0) {
    await note(`${counted(more, 'message')} more not shown: too many came in a second for all to enter the log.`)
  }
}

function totalsOf(page: Answer): TraceTotals {
  const { firstId, lastId, leftOut } = page
  return { firstId: Number(firstId), lastId: Number(lastId), leftOut: Number(leftOut) }
}

function entriesOf({ entries }: Answer): readonly FateEntry[] {
  // The broker sends what its own types say.
  return Array.isArray(entries) ? (entries as FateEntry[]) : []
}

async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
}

/** Beside the entries, so that they can be read by a program. */
async function note(text: string): Promise<void> {
  if (!process.stderr.write(`${text}\n`)) await once(process.stderr, 'drain')
}
