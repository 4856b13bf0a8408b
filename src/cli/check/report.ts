/**
 * What `pabal check` has found, as the one line that monitoring reads, with its performance data, or as JSON.
 */
import { count } from '../../server/counted.ts'
import {
  checkedNumbers,
  type NumberName,
  type Numbers,
  type Status,
  statuses,
  statusOf,
  type Threshold,
} from './thresholds.ts'

export interface Thresholds {
  readonly roundTripMs: Threshold
  readonly numbers: Readonly<Record<NumberName, Threshold>>
}

export interface Report {
  readonly status: Status
  /** What is not well; empty if everything is. */
  readonly problems: readonly string[]
  readonly roundTripMs: number | null
  readonly numbers: Readonly<Record<string, number>> | null
}

/** `numbers` null: they were not asked for. */
export function judge(roundTripMs: number | null, numbers: Numbers | null, thresholds: Thresholds): Report {
  const found: { status: Status; text: string }[] = []
  const look = (value: number, threshold: Threshold, text: string): void => {
    const status = statusOf(value, threshold)
    if (status !== 'OK')
      found.push({ status, text: `${text} (${status.toLowerCase()} from ${limitOf(status, threshold)})` })
  }
  if (roundTripMs !== null) look(roundTripMs, thresholds.roundTripMs, `round trip ${milliseconds(roundTripMs)}`)
  for (const { name, words } of checkedNumbers) {
    const value = numbers?.values[name]
    if (value !== undefined) look(value, thresholds.numbers[name], `${count(value)} ${words}`)
  }
  if (numbers?.addsUp === false) {
    found.push({ status: 'CRITICAL', text: 'the ledger does not add up: a fault of the broker, please report it' })
  }
  found.sort((one, other) => statuses.indexOf(other.status) - statuses.indexOf(one.status))
  return {
    status: found[0]?.status ?? 'OK',
    problems: found.map(({ text }) => text),
    roundTripMs,
    numbers: numbers?.values ?? null,
  }
}

/** A check that could not be made. */
export function failedReport(status: 'CRITICAL' | 'UNKNOWN', problem: string): Report {
  return { status, problems: [problem], roundTripMs: null, numbers: null }
}

function limitOf(status: Status, { warn, crit }: Threshold): string {
  return count((status === 'CRITICAL' ? crit : warn) ?? 0)
}

function milliseconds(value: number): string {
  return `${value.toFixed(1)} ms`
}

/** `PABAL OK: round trip 1.2 ms, 3 clients connected, ... | rtt=1.2ms;500;2000;0 connections=3;;;0`. */
export function reportLine(report: Report, thresholds: Thresholds): string {
  const { status, problems, roundTripMs, numbers } = report
  const shown = checkedNumbers.filter(({ name }) => numbers?.[name] !== undefined)
  const facts = [
    ...(roundTripMs === null ? [] : [`round trip ${milliseconds(roundTripMs)}`]),
    ...shown.map(({ name, words }) => `${count(numbers?.[name] ?? 0)} ${words}`),
  ]
  const data = [
    ...(roundTripMs === null ? [] : [perfData('rtt', `${roundTripMs.toFixed(1)}ms`, thresholds.roundTripMs)]),
    ...shown.map(({ name, flag }) => perfData(flag, `${numbers?.[name] ?? 0}`, thresholds.numbers[name])),
  ]
  const text = `PABAL ${status}: ${(problems.length > 0 ? problems : facts).join(', ')}`
  // The bar begins the performance data, so it must not stand before them.
  const lines = text.split('\n').map((line) => line.trim().replace(/ {2,}/g, ': '))
  const line = lines
    .filter((each) => each !== '')
    .join(' ')
    .replaceAll('|', '/')
  return `${line}${data.length === 0 ? '' : ` | ${data.join(' ')}`}\n`
}

function perfData(name: string, value: string, { warn, crit }: Threshold): string {
  return `${name}=${value};${warn ?? ''};${crit ?? ''};0`
}

export function reportJson(report: Report): string {
  const { status, roundTripMs } = report
  const rounded = roundTripMs === null ? null : Math.round(roundTripMs * 1000) / 1000
  return `${JSON.stringify({ ...report, roundTripMs: rounded, exitCode: statuses.indexOf(status) })}\n`
}
