/**
 * One conversion of C's `strftime` at a time, in the C locale and the local time zone.
 */
import { zoneName } from './zone-name.ts'

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const dayMs = 86_400_000

/** What `%` and `conversion` stand for; a conversion that does not exist stays as it was written. */
export function strftime(conversion: string, date: Date): string {
  const convert = Object.hasOwn(conversions, conversion) ? conversions[conversion] : undefined
  return convert === undefined ? `%${conversion}` : convert(date)
}

function all(format: string): (date: Date) => string {
  return (date) => format.replace(/%(.)/g, (_, conversion: string) => strftime(conversion, date))
}

const conversions: Readonly<Record<string, (date: Date) => string>> = {
  '%': () => '%',
  a: (date) => dayName(date).slice(0, 3),
  A: dayName,
  b: (date) => monthName(date).slice(0, 3),
  B: monthName,
  c: all('%a %b %e %H:%M:%S %Y'),
  C: (date) => zeros(Math.floor(date.getFullYear() / 100), 2),
  d: (date) => zeros(date.getDate(), 2),
  D: all('%m/%d/%y'),
  e: (date) => blanks(date.getDate(), 2),
  F: all('%Y-%m-%d'),
  g: (date) => zeros(isoWeek(date).year % 100, 2),
  G: (date) => String(isoWeek(date).year),
  h: (date) => monthName(date).slice(0, 3),
  H: (date) => zeros(date.getHours(), 2),
  I: (date) => zeros(hourOfTwelve(date), 2),
  j: (date) => zeros(dayOfYear(date) + 1, 3),
  k: (date) => blanks(date.getHours(), 2),
  l: (date) => blanks(hourOfTwelve(date), 2),
  m: (date) => zeros(date.getMonth() + 1, 2),
  M: (date) => zeros(date.getMinutes(), 2),
  n: () => '\n',
  p: (date) => (date.getHours() < 12 ? 'AM' : 'PM'),
  P: (date) => (date.getHours() < 12 ? 'am' : 'pm'),
  r: all('%I:%M:%S %p'),
  R: all('%H:%M'),
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  S: (date) => zeros(date.getSeconds(), 2),
  t: () => '\t',
  T: all('%H:%M:%S'),
  u: (date) => String(date.getDay() === 0 ? 7 : date.getDay()),
  U: (date) => zeros(Math.floor((dayOfYear(date) + 7 - date.getDay()) / 7), 2),
  V: (date) => zeros(isoWeek(date).week, 2),
  w: (date) => String(date.getDay()),
  W: (date) => zeros(Math.floor((dayOfYear(date) + 7 - ((date.getDay() + 6) % 7)) / 7), 2),
  x: all('%m/%d/%y'),
  X: all('%H:%M:%S'),
  y: (date) => zeros(date.getFullYear() % 100, 2),
  Y: (date) => String(date.getFullYear()),
  z: zoneOffset,
  Z: zoneName,
}

function dayName(date: Date): string {
  return days[date.getDay()] ?? ''
}

function monthName(date: Date): string {
  return months[date.getMonth()] ?? ''
}

function hourOfTwelve(date: Date): number {
  return date.getHours() % 12 === 0 ? 12 : date.getHours() % 12
}

/** From 0. Counted in UTC, where every day has the same length. */
function dayOfYear(date: Date): number {
  const year = date.getFullYear()
  return (Date.UTC(year, date.getMonth(), date.getDate()) - Date.UTC(year, 0, 1)) / dayMs
}

/** ISO 8601: weeks begin on Monday and belong to the year that has their Thursday. */
function isoWeek(date: Date): { year: number; week: number } {
  const weekday = (date.getDay() + 6) % 7
  const thursday = new Date(date.getFullYear(), date.getMonth(), date.getDate() - weekday + 3)
  return { year: thursday.getFullYear(), week: Math.floor(dayOfYear(thursday) / 7) + 1 }
}

function zoneOffset(date: Date): string {
  const minutes = -date.getTimezoneOffset()
  const distance = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${zeros(Math.floor(distance / 60), 2)}${zeros(distance % 60, 2)}`
}

function zeros(value: number, width: number): string {
  return String(value).padStart(width, '0')
}

function blanks(value: number, width: number): string {
  return String(value).padStart(width, ' ')
}
