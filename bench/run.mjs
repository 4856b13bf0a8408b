/**
 * `npm run bench`: Pabal, built from the sources, and Debian's mosquitto side by side in one run, and what durability costs.
 *
 * Prints a table of every figure, its bar and whether it is reached, and appends it to bench/results.md. mosquitto keeps everything in
 * memory, but in `enqueue-saved`. Arguments go to compare.mjs: `npm run bench -- --only pair-qos1 --repeats 1`; with --no-record nothing is
 * appended. A first word chooses another part: `stalls`, `curves`, `micro`, `floors`, `scrolling`; each says with --help what it takes.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { createInterface } from 'node:readline'
import { buildBroker, here, pabalCommand } from './broker-process.mjs'
import { barText, figures, isReached, scenarios } from './scenarios.mjs'

const parts = {
  stalls: 'stalls.mjs',
  curves: 'curves.mjs',
  micro: 'micro/run.ts',
  floors: 'floors.mjs',
  scrolling: 'scrolling.mjs',
}
/** What durability may cost the thread all else runs on, in microseconds a message. */
const durabilityUsMax = 3
/** Of the whole run, with what the last scenario may take beyond it. */
const minutesMax = 25

/** Runs compare.mjs: shows its table as it grows and gives back its lines and its summary. */
async function compare(args) {
  const child = spawn(process.execPath, [here('compare.mjs'), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'close')
  const lines = []
  let summary = null
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{')) summary = JSON.parse(line)
    else {
      lines.push(line)
      console.log(line)
    }
  }
  const [status] = await exited
  // It has said what is wrong with the command line.
  if (status === 2) process.exit(2)
  if (status !== 0 || summary === null) throw new Error(`the comparison ended with ${status}`)
  return { lines, summary }
}

/** What is not as it should be, a line each. */
function faultsOf(summary) {
  const faults = []
  for (const [name, { failed, lost, figures: measured = {} }] of Object.entries(summary)) {
    if (failed !== undefined) faults.push(`${name}: failed: ${failed}`)
    // At QoS 0 too: no publisher runs ahead of its subscribers, so nothing has to be dropped.
    if (lost > 0) faults.push(`${name}: ${lost} messages were not delivered, none wanted`)
    for (const [key, result] of Object.entries(measured)) {
      const bar = scenarios[name].figures[key]
      if (isReached(bar, result) !== false) continue
      const found = bar.oursAtMost === undefined ? `${result.ratio}x` : `${result.ours} ${figures[key].unit}`
      faults.push(`${name}: ${key} ${found}, ${barText(bar, figures[key])} wanted`)
    }
  }
  return faults
}

/** Pabal against itself without durability. */
async function durability() {
  const peer = pabalCommand('--durability memory')
  const only = ['--only', 'durable-qos1', '--repeats', '5']
  const { summary } = await compare(['--peer', peer, '--judge', 'no', ...only])
  const { mainThread, failed } = summary['durable-qos1']
  if (failed !== undefined) return { line: '', faults: [`durability: failed: ${failed}`] }
  const cost = +(mainThread.ours - mainThread.peer).toFixed(2)
  const line = `fsync costs ${cost} µs of the main thread a message (${mainThread.ours} instead of ${mainThread.peer}), ≤ ${durabilityUsMax} wanted`
  return { line, faults: cost <= durabilityUsMax ? [] : [line] }
}

function record(given, lines) {
  const [{ model } = { model: 'unknown' }] = cpus()
  const { version } = JSON.parse(readFileSync(here('../package.json'), 'utf8'))
  const machine = `${cpus().length} cores of ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`
  const command = `npm run bench${given.length === 0 ? '' : ` -- ${given.join(' ')}`}`
  appendFileSync(
    here('results.md'),
    `\n## ${new Date().toISOString().slice(0, 16)} UTC\n\nPabal ${version} on Node ${process.versions.node} against Debian's mosquitto 2.0; ${machine}.\n` +
      `Command: \`${command}\`\n\n\`\`\`text\n${lines.join('\n')}\n\`\`\`\n`,
  )
}

async function runComparison(given) {
  const isWhole = given.length === 0
  buildBroker()
  const wanted = isWhole ? ['--only', 'all', '--repeats', '5', '--minutes', String(minutesMax)] : given
  const { lines, summary } = await compare(wanted)
  const durable = isWhole ? await durability() : { line: '', faults: [] }
  const faults = [...faultsOf(summary), ...durable.faults]
  const verdict = faults.length === 0 ? ['every bar is reached'] : faults.map((fault) => `MISSED ${fault}`)
  const end = ['', ...(durable.line === '' ? [] : [durable.line]), ...verdict]
  process.stdout.write(`${end.join('\n')}\n`)
  if (isRecorded) record(given, [...lines, ...end])
  if (faults.length > 0) process.exitCode = 1
}

const isRecorded = !process.argv.includes('--no-record')
const [word = '', ...rest] = process.argv.slice(2)
const asksForHelp = !Object.hasOwn(parts, word) && process.argv.some((given) => given === '--help' || given === '-h')
if (asksForHelp) {
  const child = spawn(process.execPath, [here('compare.mjs'), '--help'], { stdio: 'inherit' })
  await once(child, 'close')
  console.log(`\nother parts, each with its own --help: npm run bench -- ${Object.keys(parts).join(' | ')}`)
} else if (Object.hasOwn(parts, word)) {
  process.argv.splice(2, Infinity, ...rest)
  await import(new URL(parts[word], import.meta.url))
} else {
  await runComparison([word, ...rest].filter((each) => each !== '' && each !== '--no-record'))
}
