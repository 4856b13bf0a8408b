/**
 * `npm run profile SCENARIO`: where the broker's time goes while a scenario of bench/scenarios.mjs is measured.
 *
 * Prints the shares and writes a flame graph, an HTML file. The broker runs from the sources, so that lines are those of src/.
 * --seconds 5; --out FILE (artefacts/profile-SCENARIO.html); --flags='--durability memory' for the broker; --generator='--size 1024';
 * --interval 200, microseconds between samples; --keep DIR also keeps V8's own files, for other tools.
 */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import {
  generate,
  here,
  newDataDirectory,
  pabalCommand,
  removeData,
  sleep,
  startBroker,
  stopBroker,
} from './broker-process.mjs'
import { busyUs, flamePage, flameTree, readProfiles, sharesText } from './flame-graph.mjs'
import { readOptions } from './options.ts'
import { scenarios } from './scenarios.mjs'

const usage =
  "npm run profile SCENARIO [-- --seconds 5 --out FILE --flags='…' --generator='…' --interval 200 --keep DIR]"
const {
  values,
  words: [name],
} = readOptions(
  usage,
  { seconds: 5, interval: 200, out: '', flags: '', generator: '', keep: '' },
  Object.fromEntries(Object.keys(scenarios).map((each) => [each, ''])),
  1,
)
const scenario = scenarios[name]

async function run() {
  const data = newDataDirectory()
  const profiles = join(data, 'profiles')
  const nodeFlags = `--cpu-prof --cpu-prof-dir=${profiles} --cpu-prof-interval ${values.interval}`
  const command = pabalCommand(values.flags || scenario.flags, nodeFlags, '../src/cli/main.ts')
  try {
    const broker = await startBroker(command, scenario, { data })
    let report = {}
    try {
      await sleep(500)
      const seconds = scenario.seconds ?? values.seconds
      const own = values.generator.split(' ').filter(Boolean)
      if (scenario.args) report = await generate(broker, [...scenario.args, '--seconds', seconds, ...own])
      else if (scenario.start.sessions > 0)
        report = await generate(broker, ['sessions', '--sessions', scenario.start.sessions], 300)
    } finally {
      await stopBroker(broker, 60)
    }
    if (report.failed) throw new Error(`the generator failed: ${report.failed}`)
    if (values.keep !== '') cpSync(profiles, values.keep, { recursive: true })
    return { report, threads: readProfiles(profiles) }
  } finally {
    removeData(data)
  }
}

const { report, threads } = await run()
const parts = threads
  .map(({ thread, profile }) => ({
    title: thread === 0 ? 'the main thread' : `worker thread ${thread}`,
    root: flameTree(profile, report.measured_us),
  }))
  .filter(({ root }) => busyUs(root) > 0)
const out = resolve(values.out || join(here('..'), 'artefacts', `profile-${name}.html`))
mkdirSync(dirname(out), { recursive: true })
writeFileSync(out, flamePage(`pabal, ${name}`, parts))
// Waiting in the kernel counts as idle to V8, and so does the work of starting to wait and of waking up.
const kernel =
  report.main_thread_s > 0
    ? `\nThe kernel counts ${report.main_thread_s} s for the main thread; what it has more than V8 is waiting for sockets, and being woken.`
    : ''
const [main] = parts
if (main === undefined) throw new Error('the broker wrote no profile')
const texts = parts.map(({ title, root }) => `${title}: ${sharesText(root)}`)
console.log(`${name}: ${JSON.stringify(report)}\n\n${texts.join('\n\n')}\n${kernel}\n\n${out}`)
