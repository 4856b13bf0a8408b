/**
 * `npm run bench -- floors [SCENARIO…]`: what a scenario costs a bare program on Node, beside mosquitto and Pabal under the same load.
 *
 * Where Pabal misses a bar this tells how much of it the runtime and the kernel take before there is any MQTT. Each file of bench/floors is
 * such a program, named as its scenario: it is started with a port, and answers with the least the generator needs. They take turns,
 * each pinned as a broker is. Prints medians, and appends them to bench/results.md, except with --no-record; --repeats 5, --seconds 2; with
 * --source Pabal is not built, but run from its sources.
 */
import { appendFileSync, readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { buildBroker, here, mosquitto, pabalCommand, quote } from './broker-process.mjs'
import { median, round, runInTurns, runOnce, startTimes } from './one-run.mjs'
import { readOptions } from './options.ts'
import { barText, figures, isReached, scenarios } from './scenarios.mjs'

const floors = readdirSync(here('floors'))
  .filter((file) => file.endsWith('.mjs'))
  .map((file) => basename(file, '.mjs'))
const { values, words } = readOptions(
  'npm run bench -- floors [NAME…] [--repeats 5] [--seconds 2] [--no-record] [--source]',
  { repeats: 5, seconds: 2, 'no-record': false, source: false },
  Object.fromEntries(floors.map((name) => [name, ''])),
)

const programs = {
  mosquitto,
  bare: `${quote(process.execPath)} {floor} {port}`,
  Pabal: pabalCommand('{flags}', '', values.source ? '../src/cli/main.ts' : undefined),
}

/** By program, what each run reports. */
async function runsOf(name) {
  const scenario = scenarios[name]
  const runs = Object.fromEntries(Object.keys(programs).map((program) => [program, []]))
  const commands = Object.values(programs).map((line) => line.replaceAll('{floor}', quote(here(`floors/${name}.mjs`))))
  const oneAfterTheOther = async () => {
    const all = []
    for (const line of commands) {
      all.push(
        scenario.start ? (await startTimes(line, scenario, 1))[0] : await runOnce(line, scenario, values.seconds),
      )
    }
    return all
  }
  for (let i = 0; i < values.repeats; i++) {
    const all = scenario.turns ? await runInTurns(commands, scenario) : await oneAfterTheOther()
    for (const [at, program] of Object.keys(programs).entries()) {
      if (all[at].failed) throw new Error(`${name}: ${program}: ${all[at].failed}`)
      runs[program].push(all[at])
    }
  }
  return runs
}

/** Of the CPU time of a message, what the kernel took; told by ticks, which are too few in short windows. */
const kernelShare = { unit: '% of it in the kernel', of: (r) => (100 * r.broker_system_s) / r.broker_cpu_s }

function rowsOf(name, runs) {
  const { figures: wanted, turns } = scenarios[name]
  const own = Object.entries(wanted).map(([key, bar]) => [key, figures[key], bar])
  return [...own, ...('cpu' in wanted && !turns ? [['kernel', kernelShare, {}]] : [])].map(([key, figure, bar]) => {
    const medians = Object.values(runs).map((all) => round(median(all.map((run) => figure.of(run)))))
    const [peer, bare, ours] = medians
    const ratios = [bare, ours].map((each) => round(each / peer))
    const verdicts = [bare, ours].map((each, i) => isReached(bar, { ours: each, ratio: ratios[i] }))
    const verdict = verdicts[0] === undefined ? '' : verdicts.map((is) => (is ? 'reached' : 'missed')).join(', ')
    const shown = ratios.map((ratio) => (ratio === null ? '' : `${ratio}x`))
    return [name, key, ...medians, ...shown, barText(bar, figure) || figure.unit, verdict]
  })
}

function lineOf(cells) {
  const widths = [14, 14, 11, 11, 11, 8, 8, 24, 17]
  return cells.map((cell, i) => (i < 2 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i]))).join(' ')
}

async function measureFloors(names) {
  if (!values.source) buildBroker()
  const head = ['scenario', 'figure', 'mosquitto', 'bare Node', 'Pabal', 'bare x', 'Pabal x', 'bar', 'bare, Pabal']
  const lines = [lineOf(head)]
  console.log(lines[0])
  for (const name of names) {
    for (const row of rowsOf(name, await runsOf(name))) {
      const line = lineOf(row).trimEnd()
      lines.push(line)
      console.log(line)
    }
  }
  if (values['no-record']) return
  const command = ['npm run bench -- floors', ...process.argv.slice(2)].join(' ')
  const title = `What a bare program on Node costs, ${new Date().toISOString().slice(0, 16)} UTC`
  const text = `\n## ${title}\n\nCommand: \`${command}\`\n\n\`\`\`text\n${lines.join('\n')}\n\`\`\`\n`
  appendFileSync(here('results.md'), text)
}

await measureFloors(words.length > 0 ? words : floors)
