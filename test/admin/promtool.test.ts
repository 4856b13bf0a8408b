/**
 * What Prometheus's own tool says of what we give it: the rules, what makes each of them fire and what does not, the board's
 * expressions, and `/metrics`.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import { sqlite } from '../../src/index.ts'
import { startApi, temporaryFolder } from './api.ts'

const deploy = fileURLToPath(new URL('../../deploy', import.meta.url))
const rulesFile = join(deploy, 'prometheus/pabal-alerts.yaml')
const alertTestsFile = join(deploy, 'prometheus/pabal-alerts.test.yaml')

interface AlertTests {
  readonly tests: readonly {
    readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts?: readonly object[] }[]
  }[]
}

/** Its exit code, and everything it says. */
function promtool(words: readonly string[], input = ''): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr, error } = spawnSync('promtool', words, { input, encoding: 'utf8' })
  if (error !== undefined) throw error
  return { status, said: stdout + stderr }
}

function assertPasses(words: readonly string[], input = ''): void {
  const { status, said } = promtool(words, input)
  assert.equal(status, 0, said)
}

test('promtool finds no fault with the alert rules', () => {
  assertPasses(['check', 'rules', '--lint=all', '--lint-fatal', rulesFile])
})

test('every alert fires when it should, with what it should say, and not before', () => {
  assertPasses(['test', 'rules', alertTestsFile])
})

test('there is no alert of which it is not tested that it fires and that it does not', () => {
  const rules: readonly { readonly alert: string }[] = parse(readFileSync(rulesFile, 'utf8')).groups[0].rules
  const { tests }: AlertTests = parse(readFileSync(alertTestsFile, 'utf8'))
  const expected = tests.flatMap((each) => each.alert_rule_test)
  for (const { alert } of rules) {
    const counts = expected
      .filter(({ alertname }) => alertname === alert)
      .map(({ exp_alerts = [] }) => exp_alerts.length)
    assert.ok(counts.some((count) => count > 0) && counts.includes(0), `${alert}: ${counts}`)
  }
})

test('promtool can read every expression of the board', () => {
  using folder = temporaryFolder()
  const board = JSON.parse(readFileSync(join(deploy, 'grafana/pabal.json'), 'utf8'))
  const expressions: readonly string[] = board.panels.flatMap((panel: { targets: readonly { expr: string }[] }) =>
    panel.targets.map(({ expr }) => expr),
  )
  assert.ok(expressions.length >= 20)
  const rulesOf = (all: readonly string[]): string => {
    const rules = all.map((expr, index) => ({
      record: `board:${index}`,
      // What Grafana puts in.
      expr: expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*'),
    }))
    const path = join(folder.path, 'board.yaml')
    writeFileSync(path, stringify({ groups: [{ name: 'board', rules }] }))
    return path
  }
  assertPasses(['check', 'rules', rulesOf(expressions)])
  const { status, said } = promtool(['check', 'rules', rulesOf(['rate(pabal_connections[1m)'])])
  assert.ok(status !== 0 && said.includes('parse error'), said)
})

test('promtool finds no fault with what /metrics answers', async () => {
  using folder = temporaryFolder()
  const topics = [{ filter: 'h/#', whenNobody: 'hold' }] as const
  await using api = await startApi({ store: sqlite(folder.path), topics })
  const reader = await api.at.client(5, { clientIdentifier: 'reader' })
  await reader.subscribe('a', { qos: 1 })
  await api.send('POST', '/publish', { topic: 'a', qos: 1, payload: 'x' })
  await api.send('POST', '/publish', { topic: 'h/a', qos: 1, payload: 'x' })
  reader.acknowledge('puback', (await reader.next('publish')).packetId)
  await reader.quiet()
  const { body } = await api.get('/metrics')
  assertPasses(['check', 'metrics'], body)
  const { status, said } = promtool(
    ['check', 'metrics'],
    body.replaceAll('pabal_packets_sent_total', 'pabal_packets_sent'),
  )
  assert.ok(status !== 0 && said.includes('_total'), said)
})
