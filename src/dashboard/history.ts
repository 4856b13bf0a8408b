/**
 * The newest overview, and what it said in the last minutes. The rates are the broker's: every page shows the same.
 */
import { computed, signal } from '@preact/signals'
import type { Overview } from '../admin/api-types.ts'
import { api } from './api.ts'
import { noteServerTime, repeat } from './live.ts'

export interface Point {
  readonly atMs: number
  readonly receivedPerSecond: number
  readonly sentPerSecond: number
  readonly connections: number
  readonly waiting: number
  readonly acknowledgeMs: number | null
  readonly storeMs: number | null
}

const pointsMax = 300
const everyMs = 1000
/** After a longer silence the line begins anew: nobody knows what was in between. */
const gapMs = 15_000

export const overview = signal<Overview | null>(null)
export const points = signal<readonly Point[]>([])

/** What waits undelivered at this moment. */
export const undeliveredNow = computed(() => {
  const counts = overview.value?.undelivered
  return counts === undefined ? 0 : counts.held.messages + counts.dead.messages
})

/** Asks each second, whatever page is shown: the menu shows a count of it, and it tells whether the broker is there. */
export function watchOverview(): () => void {
  return repeat(
    async (signal) => {
      note(await api.overview({ signal }))
      return 'again'
    },
    () => undefined,
    everyMs,
  )
}

function note(next: Overview): void {
  const before = overview.value
  noteServerTime(next.atMs)
  overview.value = next
  const isAfter = before !== null && before.startedAtMs === next.startedAtMs && next.atMs - before.atMs <= gapMs
  if (isAfter && next.atMs <= before.atMs) return
  const point = {
    atMs: next.atMs,
    receivedPerSecond: next.rates.second.publishReceived,
    sentPerSecond: next.rates.second.publishSent,
    connections: next.connections,
    waiting: next.undelivered.held.messages + next.undelivered.dead.messages + next.copies.queued,
    acknowledgeMs: inMs(next.store.acknowledge.p99Seconds),
    storeMs: inMs(next.store.append.p99Seconds),
  }
  points.value = isAfter ? [...points.value.slice(1 - pointsMax), point] : [point]
}

function inMs(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1000
}
