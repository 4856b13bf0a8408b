#!/usr/bin/env node
/**
 * Side by side: two brokers, the same work, one run. The broker is pinned to core 0, the generator to core 1; brokers take turns,
 * of a run or, where a scenario says so, of a short window each.
 * usage: npm run bench -- [--ours 'COMMAND'] [--peer mosquitto | 'COMMAND'] [--only pair-qos0,... | all] [--repeats 3] [--seconds 2]
 *        [--minutes 60] [--generator='--version 5'] [--judge no]
 * In a COMMAND `{listen}` is a URL such as tcp://127.0.0.1:PORT, `{port}` its port, `{data}` a directory, and `{flags}` what a
 * scenario sets for ours. Without --ours it is Pabal from dist. With --judge no the bars, which are wanted beside mosquitto, are left
 * out. Prints a table, a line for each figure, and last one JSON line
 * {scenario: {figures: {name: {ours, peer, ratio, lowest, highest}}, lost, pairs} | {failed}}: medians of the pairs, ratios ours /
 * peer with their spread, and the most messages that ours did not deliver. When the minutes are over, what is left gets one pair less
 * at a time, and the table says how many there were.
 */
import { mosquitto, pabalCommand } from './broker-process.mjs'
import { undelivered } from './measure.mjs'
import { median, round, runInTurns, runOnce, startTimes } from './one-run.mjs'
import { fail, readOptions } from './options.ts'
import { barText, figures, isReached, scenarioNames, scenarios } from './scenarios.mjs'

const usage =
  "npm run bench [-- --only NAME,… | all] [--ours 'COMMAND'] [--peer mosquitto | 'COMMAND'] [--repeats 3] [--seconds 2] [--minutes 60] [--generator='…'] [--judge no]"
const { values: options } = readOptions(
  usage,
  {
    ours: pabalCommand('{flags}'),
    peer: 'mosquitto',
    only: 'pair-qos0,pair-qos1,fanout-qos0,fanin-single',
    repeats: 3,
    seconds: 2,
    minutes: 60,
    generator: '',
    judge: 'yes',
  },
  {},
)
const names = namesOr(options.only)

function namesOr(list) {
  try {
    return scenarioNames(list)
  } catch (error) {
    fail(`--only ${list}: ${error.message}`, `usage: ${usage}`)
  }
}

const peerCommand = options.peer === 'mosquitto' ? mosquitto : options.peer
const endMs = performance.now() + options.minutes * 60_000
const own = options.generator.split(' ').filter(Boolean)

const once = (command, scenario) => runOnce(command, scenario, options.seconds, own)

async function pairsOf(scenario) {
  const { repeats } = options
  if (scenario.start) return (await startTimes(options.ours, scenario, repeats)).map((ours) => [ours, null])
  const pairs = []
  for (let i = 0; i < repeats && (i === 0 || performance.now() < endMs); i++) {
    if (scenario.turns) {
      pairs.push(await runInTurns([options.ours, peerCommand], scenario, own))
      continue
    }
    const ours = await once(options.ours, scenario)
    pairs.push([ours, scenario.isAlone ? null : await once(peerCommand, scenario)])
  }
  return pairs
}

function figureOf(pairs, { of }) {
  const column = (i) => (pairs[0][i] === null ? null : round(median(pairs.map((pair) => of(pair[i])))))
  // A peer may have none of it, such as bytes written.
  const ratios = pairs.flatMap(([ours, peer]) => (peer === null || of(peer) === 0 ? [] : [of(ours) / of(peer)]))
  const oursAlone = pairs.map(([ours]) => of(ours))
  const spread = ratios.length > 0 ? ratios : oursAlone
  return {
    ours: column(0),
    peer: column(1),
    ratio: ratios.length > 0 ? round(median(ratios)) : null,
    lowest: round(Math.min(...spread)),
    highest: round(Math.max(...spread)),
  }
}

function print(...cells) {
  const widths = [14, 14, 11, 11, 8, 16, 30, 8]
  console.log(cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' '))
}

function printFigure(name, key, pairs, result) {
  const bar = options.judge === 'no' ? {} : scenarios[name].figures[key]
  const reached = isReached(bar, result)
  const verdict = reached === undefined ? '' : reached ? 'reached' : 'MISSED'
  const ratio = result.ratio === null ? '' : `${result.ratio}x`
  const spread = `${result.lowest}–${result.highest}${pairs.length < options.repeats ? ` (${pairs.length})` : ''}`
  const cells = [String(result.ours), result.peer === null ? '' : String(result.peer), ratio, spread]
  print(name, key, ...cells, barText(bar, figures[key]) || figures[key].unit, verdict)
}

const summary = {}
print('scenario', 'figure', 'ours', 'peer', 'x', 'spread', 'bar', '')
for (const name of names) {
  const scenario = scenarios[name]
  let pairs = []
  try {
    pairs = await pairsOf(scenario)
  } catch (error) {
    const [message] = error.message.split('\n')
    summary[name] = { failed: message }
    console.log(`${name.padEnd(14)} FAILED ${message}`)
    console.error(error.message)
    continue
  }
  const failed = pairs.flat().find((r) => r?.failed)
  if (failed) {
    summary[name] = { failed: failed.failed }
    console.log(`${name.padEnd(14)} FAILED ${failed.failed} ${failed.last_error ?? ''}`)
    continue
  }
  const lost = Math.max(...pairs.map(([ours]) => undelivered(ours)))
  summary[name] = { figures: {}, lost, pairs: pairs.length }
  for (const key of Object.keys(scenario.figures)) {
    const result = figureOf(pairs, figures[key])
    summary[name].figures[key] = result
    printFigure(name, key, pairs, result)
  }
  const threads = figureOf(pairs, figures['main thread'])
  if (threads.ours !== null) summary[name].mainThread = threads
}
console.log(JSON.stringify(summary))
