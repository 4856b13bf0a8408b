/**
 * Numbers, sizes and times as people read them, in the language of the page.
 */
import { decimal, language, type TextKey, t } from './text/text.ts'

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

export function count(value: number): string {
  return decimal(Math.round(value))
}

/** Short enough for the axis of a chart. */
export function compact(value: number): string {
  return new Intl.NumberFormat(language.value, { notation: 'compact', maximumFractionDigits: 1 }).format(value)
}

/** Below ten with one decimal. */
export function rate(perSecond: number): string {
  return decimal(perSecond, perSecond < 10 ? 1 : 0)
}

export function percent(part: number): string {
  return part.toLocaleString(language.value, { style: 'percent', maximumFractionDigits: 0 })
}

export function bytes(size: number): string {
  let value = size
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${decimal(value, unit > 0 && value < 100 ? 1 : 0)} ${units[unit]}`
}

const steps: readonly (readonly [milliseconds: number, key: TextKey])[] = [
  [86_400_000, 'time.d'],
  [3_600_000, 'time.h'],
  [60_000, 'time.min'],
  [1000, 'time.s'],
]

/** In the largest unit that fits: 3 h. */
export function duration(milliseconds: number): string {
  for (const [size, key] of steps) if (milliseconds >= size) return t(key, { n: Math.floor(milliseconds / size) })
  const n = milliseconds < 10 ? Math.round(milliseconds * 10) / 10 : Math.round(milliseconds)
  return t('time.ms', { n })
}

export function ago(atMs: number | null, nowMs: number): string {
  if (atMs === null) return '–'
  const since = nowMs - atMs
  return since < 1000 ? t('time.now') : t('time.ago', { time: duration(since) })
}

/** A time that is still to come. */
export function until(atMs: number | null, nowMs: number): string {
  if (atMs === null) return t('time.never')
  return t('time.in', { time: duration(Math.max(0, atMs - nowMs)) })
}

/** The same in every language, and always as long. */
export function clock(atMs: number): string {
  const at = new Date(atMs)
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}

/** Year first, in every language: 11/12 is a day in November for some and in December for others. */
export function moment(atMs: number | null): string {
  if (atMs === null) return '–'
  const at = new Date(atMs)
  const day = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, '0')).join('-')
  return `${day} ${clock(atMs)}`
}
