/**
 * What came of a run, for people, as JSON, and as comma-separated values.
 */
import { count } from '../../server/counted.ts'
import { type BenchResult, faultsOf } from './bench-plan.ts'
import type { LatencySummary } from './latencies.ts'

export function reportText(result: BenchResult): string {
  const { mode, clients, refusedConnections, connectSeconds, connectMs, seconds, qos, payloadBytes } = result
  const connected = clients - refusedConnections
  const lines = [
    row('connections', `${count(connected)} of ${count(clients)} in ${connectSeconds.toFixed(2)} s`),
    ...times('  CONNECT to CONNACK', connectMs),
  ]
  if (mode !== 'conn')
    lines.push(row('ran', `${seconds.toFixed(2)} s, QoS ${qos}, payload ${count(payloadBytes)} bytes`))
  if (mode === 'pub' || mode === 'pair') {
    lines.push(row('sent', `${count(result.sent)}, ${count(result.sentPerSecond)} a second`))
    if (qos > 0) {
      const nobody = result.nobodySubscribes > 0 ? `, ${count(result.nobodySubscribes)} of them to nobody (0x10)` : ''
      const refused = result.refused > 0 ? `, ${count(result.refused)} refused` : ''
      lines.push(row('acknowledged', `${count(result.acknowledged)}${nobody}${refused}`))
      lines.push(...times('  to the acknowledgement', result.acknowledgementMs))
    }
  }
  if (mode === 'sub' || mode === 'pair') {
    lines.push(row('received', `${count(result.received)}, ${count(result.receivedPerSecond)} a second`))
    lines.push(...times('  from sending', result.latencyMs))
    const { lost, duplicates, outOfOrder } = result
    lines.push(row('', `lost ${count(lost)}, twice ${count(duplicates)}, out of order ${count(outOfOrder)}`))
  }
  const faults = faultsOf(result).map((fault) => `pabal bench: ${fault}`)
  return `${[...lines, ...faults].join('\n')}\n`
}

function row(name: string, text: string): string {
  return `${name.padEnd(26)}${text}`
}

function times(name: string, summary: LatencySummary | null): string[] {
  if (summary === null) return []
  const { p50, p90, p99, p999, max } = summary
  const parts = [`p50 ${ms(p50)}`, `p90 ${ms(p90)}`, `p99 ${ms(p99)}`, `p99.9 ${ms(p999)}`, `max ${ms(max)} ms`]
  return [row(name, parts.join('  '))]
}

function ms(value: number): string {
  return value < 1 ? value.toFixed(3) : value < 100 ? value.toFixed(2) : value.toFixed(0)
}

export function reportJson(result: BenchResult): string {
  return `${JSON.stringify({ ...result, faults: faultsOf(result) })}\n`
}

export function reportCsv(result: BenchResult): string {
  const cells = Object.entries(result).flatMap(([name, value]): [string, string][] => {
    if (value !== null && typeof value === 'object') {
      return Object.entries(value).map(([part, number]) => [`${name}_${part}`, String(number)])
    }
    // The same columns whatever came out: what was not measured is empty.
    if (value === null && name.endsWith('Ms')) return summaryParts.map((part) => [`${name}_${part}`, ''])
    return [[name, value === null ? '' : String(value)]]
  })
  return `${cells.map(([name]) => name).join(',')}\n${cells.map(([, value]) => cell(value)).join(',')}\n`
}

const summaryParts = ['p50', 'p90', 'p99', 'p999', 'max'] as const

function cell(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
