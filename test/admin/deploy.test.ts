/**
 * The alert rules and the board in `deploy/` ask for metrics that there are, with labels they have.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { sqlite } from '../../src/index.ts'
import { startApi, temporaryFolder } from './api.ts'
import { type Family, parsePrometheus } from './prometheus-text.ts'

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string }
}

const read = (name: string) => readFileSync(new URL(`../../deploy/${name}`, import.meta.url), 'utf8')
const rules: readonly Rule[] = parse(read('prometheus/pabal-alerts.yaml')).groups[0].rules
const board: { panels: readonly { title: string; targets: readonly { expr: string }[] }[] } = JSON.parse(
  read('grafana/pabal.json'),
)
/** What Prometheus adds to every series, and what a histogram adds to its buckets. */
const ownLabels = ['instance', 'job', 'le']

async function metrics(): Promise<Map<string, Family>> {
  using folder = temporaryFolder()
  await using api = await startApi({ store: sqlite(folder.path) })
  return parsePrometheus((await api.get('/metrics')).body)
}

/** Faults of an expression: names and labels that there are not. Its syntax promtool checks. */
function faultsOf(expression: string, families: Map<string, Family>): string[] {
  const faults: string[] = []
  for (const [, name = '', selector = ''] of expression.matchAll(/\b((?:pabal|process)_\w+)(?:\{([^}]*)\})?/g)) {
    const family = families.get(name) ?? families.get(name.replace(/_(?:bucket|sum|count)$/, ''))
    if (family === undefined) faults.push(`there is no ${name}`)
    const labels = new Set([...ownLabels, ...(family?.samples ?? []).flatMap((sample) => Object.keys(sample.labels))])
    for (const [, label = ''] of selector.matchAll(/(\w+)\s*[=!]~?"/g)) {
      if (!labels.has(label)) faults.push(`${name} has no label ${label}`)
    }
    if (family?.type === 'counter' && !new RegExp(`(?:rate|increase)\\(${name}`).test(expression)) {
      faults.push(`${name} only grows: it needs rate()`)
    }
  }
  return faults
}

test('every alert rule asks for what there is, and says what is wrong', async () => {
  const families = await metrics()
  assert.ok(rules.length >= 10)
  for (const { alert, expr, labels, annotations } of rules) {
    assert.match(alert, /^Pabal[A-Z]\w+$/)
    assert.deepEqual(faultsOf(expr, families), [], alert)
    assert.ok(['critical', 'warning'].includes(labels.severity) && annotations.summary.length > 10, alert)
  }
})

test('every panel of the board asks for what there is', async () => {
  const families = await metrics()
  assert.ok(board.panels.length >= 15)
  for (const { title, targets } of board.panels) {
    for (const { expr } of targets) assert.deepEqual(faultsOf(expr, families), [], title)
  }
})
