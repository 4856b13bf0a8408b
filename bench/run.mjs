/**
 * `npm run bench`: Pabal and Debian's mosquitto side by side in one run, and what an idle connection costs.
 *
 * Prints the ratios and whether they reach the bars, and appends them to bench/results.md. Arguments go to compare.mjs, for
 * example `npm run bench -- --only pair-qos1 --repeats 1`.
 */
import { spawnSync } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'

/** Throughput as a multiple of the peer's. */
const bars = { 'pair-qos0': 15, 'pair-qos1': 12, 'fanout-qos0': 8, 'fanin-single': 1 }
const idleKibMax = 12

const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`
const command = `${quote(process.execPath)} ${quote(here('../src/cli/main.ts'))} start --listen tcp://127.0.0.1:{port} --data {data}`

function compare(args) {
  const result = spawnSync(process.execPath, [here('compare.mjs'), '--ours', command, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (result.status !== 0) throw new Error(`the comparison ended with ${result.status}`)
  const lines = result.stdout.trim().split('\n')
  const summary = JSON.parse(lines.pop())
  process.stdout.write(`${lines.join('\n')}\n`)
  return { table: lines, summary }
}

const given = process.argv.slice(2)
const main = compare(given)
const idle = given.length > 0 ? null : compare(['--only', 'idle', '--repeats', '1'])
const verdicts = Object.entries(main.summary).map(([scenario, { throughput }]) => {
  const bar = bars[scenario]
  if (bar === undefined) return `${scenario}: ${throughput}x`
  return `${scenario}: ${throughput}x, at least ${bar}x wanted: ${throughput >= bar ? 'reached' : 'MISSED'}`
})
if (idle !== null) {
  const [, kib] = /^idle +\S+ +\S+ +\S+ +(\S+)/m.exec(idle.table.join('\n')) ?? []
  verdicts.push(
    `idle: ${kib} KiB a connection with a subscription, at most ${idleKibMax} wanted: ${Number(kib) <= idleKibMax ? 'reached' : 'MISSED'}`,
  )
}
// At QoS 0 too: no publisher runs ahead of its subscribers, so nothing has to be dropped.
for (const [scenario, { lost }] of Object.entries(main.summary)) {
  if (lost > 0) verdicts.push(`${scenario}: ${lost} messages were not delivered, none wanted: MISSED`)
}
process.stdout.write(`\n${verdicts.join('\n')}\n`)

const [{ model } = { model: 'unknown' }] = cpus()
const { version } = JSON.parse(readFileSync(here('../package.json'), 'utf8'))
const machine = `${cpus().length} cores of ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`
appendFileSync(
  here('results.md'),
  `\n## ${new Date().toISOString().slice(0, 16)} UTC\n\nPabal ${version} on Node ${process.versions.node} against Debian's mosquitto 2.0, memory store; ${machine}.\n` +
    `Command: \`npm run bench${given.length > 0 ? ` -- ${given.join(' ')}` : ''}\`\n\n\`\`\`text\n${main.table.join('\n')}\n` +
    `${idle === null ? '' : `${idle.table.slice(1).join('\n')}\n`}\n${verdicts.join('\n')}\n\`\`\`\n`,
)
if (verdicts.some((line) => line.endsWith('MISSED'))) process.exitCode = 1
