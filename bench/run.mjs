/**
 * `npm run bench`: Pabal and Debian's mosquitto side by side in one run, what an idle connection costs, and what
 * durability costs.
 *
 * Prints the ratios and whether they reach the bars, and appends them to bench/results.md. Pabal is as durable as it is by
 * default, fsync before every acknowledgement; mosquitto keeps everything in memory, but in `enqueue-saved`. Arguments go to
 * compare.mjs, for example `npm run bench -- --only pair-qos1 --repeats 1`.
 */
import { spawnSync } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'

/** Throughput as a multiple of the peer's; for `sparse` the time half of the messages take, for `start-up` the time it takes. */
const bars = {
  'pair-qos0': 15,
  'pair-qos1': 12,
  'fanout-qos0': 8,
  'fanin-single': 1,
  'durable-qos1': 3,
  enqueue: 1,
  'enqueue-saved': 30,
  drain: 3,
}
const others = ['sparse', 'tls-qos0', 'tls-qos1', 'ws-qos0', 'ws-qos1', 'start-up']
/** A median that is this much of a bar has reached it: so far apart are runs of the same thing. */
const tolerance = 0.9
const idleKibMax = 12
const durabilityUsMax = 3

const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`
const command = `${quote(process.execPath)} ${quote(here('../src/cli/main.ts'))} start --listen '{listen}' --data {data}`

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

function verdict(text, isReached) {
  return `${text} wanted: ${isReached ? 'reached' : 'MISSED'}`
}

function judge(scenario, { failed, throughput, lowest, highest, written }) {
  if (failed !== undefined) return `${scenario}: ${failed}: MISSED`
  const writes = written[0] > 0 ? `, ${written[0]} bytes written for each byte of payload` : ''
  const text = `${scenario}: ${throughput}x (${lowest}x to ${highest}x)${writes}`
  const bar = bars[scenario]
  return bar === undefined ? text : verdict(`${text}, at least ${bar}x`, throughput >= tolerance * bar)
}

/** Pabal against itself without durability: what that costs the thread all else runs on. */
function durability(repeats) {
  const peer = `${command} --durability memory`
  const { table, summary } = compare(['--peer', peer, '--only', 'durable-qos1', '--repeats', repeats])
  const [durable, inMemory] = summary['durable-qos1'].mainThread
  const cost = +(durable - inMemory).toFixed(2)
  const text = `durability: ${cost} µs of the main thread a message (${durable} instead of ${inMemory}), at most ${durabilityUsMax}`
  return { table, verdict: verdict(text, cost <= durabilityUsMax) }
}

function idle() {
  const { table } = compare(['--only', 'idle', '--repeats', '1'])
  const [, kib] = /^idle +\S+ +\S+ +\S+ +(\S+)/m.exec(table.join('\n')) ?? []
  const text = `idle: ${kib} KiB a connection with a subscription, at most ${idleKibMax}`
  return { table, verdict: verdict(text, Number(kib) <= idleKibMax) }
}

const given = process.argv.slice(2)
const isWhole = given.length === 0
const wanted = isWhole ? ['--only', [...Object.keys(bars), ...others].join(), '--repeats', '5'] : given
const main = compare(wanted)
const extra = isWhole ? [durability('5'), idle()] : []
const verdicts = Object.entries(main.summary).map(([scenario, summary]) => judge(scenario, summary))
verdicts.push(...extra.map((each) => each.verdict))
// At QoS 0 too: no publisher runs ahead of its subscribers, so nothing has to be dropped.
for (const [scenario, { lost }] of Object.entries(main.summary)) {
  if (lost > 0) verdicts.push(`${scenario}: ${lost} messages were not delivered, none wanted: MISSED`)
}
const table = [...main.table, ...extra.flatMap((each) => each.table.slice(1))]
process.stdout.write(`\n${verdicts.join('\n')}\n`)

const [{ model } = { model: 'unknown' }] = cpus()
const { version } = JSON.parse(readFileSync(here('../package.json'), 'utf8'))
const machine = `${cpus().length} cores of ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`
appendFileSync(
  here('results.md'),
  `\n## ${new Date().toISOString().slice(0, 16)} UTC\n\nPabal ${version} on Node ${process.versions.node}, durable, against Debian's mosquitto 2.0; ${machine}.\n` +
    `Command: \`npm run bench${isWhole ? '' : ` -- ${given.join(' ')}`}\`\n\n\`\`\`text\n${table.join('\n')}\n\n${verdicts.join('\n')}\n\`\`\`\n`,
)
if (verdicts.some((line) => line.endsWith('MISSED'))) process.exitCode = 1
