/**
 * `npm run bench -- stalls [NAME…]`: that nothing holds the broker's event loop for longer than 20 ms.
 *
 * For each part that counts: `loop`, the longest delay of the loop by Node's own histogram; `held`, the most CPU time the broker's main
 * thread took in one go; and `alone`, that with what it waited meanwhile for the broker's other threads, which share its one core here (see
 * loop-delay.mjs). A loop that was later than that waited for the disk, or the machine had other things to do.
 * --scale 0.1 for smaller sizes; --held-ms 200 judges what was held only, against another bound, where the machine is shared;
 * --source runs from the sources instead of dist; --flags='--durability memory' for the broker; --why runs it under V8's profiler and
 * says what it did while it was held longest. --all-cores leaves the broker all of them, as where nobody pins it: V8's threads are not in its
 * way then, but the generator may be. --bare takes a bare program on Node in the broker's place, for what `leave` costs there.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import {
  buildBroker,
  cpusOf,
  here,
  newDataDirectory,
  pabalCommand,
  pinned,
  quote,
  removeData,
  sleep,
  startBroker,
  stopBroker,
} from './broker-process.mjs'
import { flameTree, heaviestPath, readProfiles, sharesText } from './flame-graph.mjs'
import { readOptions } from './options.ts'
import { stalls } from './stall-scenarios.mjs'

const { values, words } = readOptions(
  "npm run bench -- stalls [NAME…] [--scale 1] [--held-ms 200] [--source] [--why] [--all-cores] [--bare] [--flags='…']",
  { scale: 1, 'held-ms': '', source: false, why: false, 'all-cores': false, bare: false, flags: '' },
  Object.fromEntries(Object.entries(stalls).map(([name, { text }]) => [name, text])),
)
const names = words.length > 0 ? words : Object.keys(stalls)

/** By then the HTTP API is loaded, which is `started`'s to measure. */
const settlingMs = 2500

/** The bound of the loop, and of what was held. */
const loopMsMax = values['held-ms'] === '' ? 20 : Infinity
const heldMsMax = Number(values['held-ms'] || 20)
const faults = []

function reading(child, word) {
  return new Promise((done, fail) => {
    const gone = () => fail(new Error('the broker has ended'))
    child.once('exit', gone)
    child.once('message', (report) => {
      child.off('exit', gone)
      done(report)
    })
    child.send(word, (error) => error && fail(error))
  })
}

function judge(name, part, text, isFault) {
  console.log(`${name.padEnd(15)} ${part.padEnd(32)} ${text}${isFault ? '  MISSED' : ''}`)
  if (isFault) faults.push(`${name}, ${part}: ${text.trim()}`)
}

/** What the main thread did while it was held longest, part by part. */
function explain(directory, held) {
  const [main] = readProfiles(directory)
  for (const [part, heldMs, heldUs] of held) {
    if (heldMs <= heldMsMax / 2) continue
    const root = flameTree(main.profile, heldUs)
    console.log(`  ${part}, ${heldMs.toFixed(1)} ms: ${sharesText(root, 12)}\n  ${heaviestPath(root)}\n`)
  }
}

async function runOne(name) {
  const file = values.source ? '../src/cli/main.ts' : '../dist/cli/main.js'
  const data = newDataDirectory()
  const profiler = values.why ? `--cpu-prof --cpu-prof-dir=${data}/profiles --cpu-prof-interval 500` : ''
  const flags = `--import ${quote(here('loop-delay.mjs'))} ${profiler}`
  const command = values.bare
    ? `${quote(process.execPath)} ${flags} ${quote(here('floors/sparse.mjs'))} {port}`
    : pabalCommand(values.flags, flags, file)
  const held = []
  const broker = await startBroker(command, stalls[name], { data, withChannel: true, isPinned: !values['all-cores'] })
  const marked = async (part, work) => {
    await reading(broker.child, 'reset')
    const startMs = performance.now()
    await work()
    const seconds = (performance.now() - startMs) / 1000
    const { loopMs, loopP99Ms, heldMs, heldUs, aloneMs } = await reading(broker.child, 'read')
    held.push([part, heldMs, heldUs])
    const ms = (n) => n.toFixed(1).padStart(7)
    const text = `loop ${ms(loopMs)} ms (p99 ${ms(loopP99Ms)}), alone ${ms(aloneMs)} ms, held ${ms(heldMs)} ms, in ${seconds.toFixed(2)} s`
    judge(name, part, text, loopMs > loopMsMax || heldMs > heldMsMax)
  }
  try {
    if (program === 'taskset' && !values['all-cores'] && cpusOf(broker.pid).join() === cpusOf('self').join()) {
      throw new Error(`the broker is on the core of this process, ${cpusOf('self')}: what it was held would be ours`)
    }
    if (name === names[0]) console.log(`broker on core ${cpusOf(broker.pid)}, generator on core ${cpusOf('self')}`)
    if (name !== 'started' && loopMsMax < Infinity) await sleep(settlingMs)
    const bars = (await stalls[name].run({ port: broker.port, scale: values.scale, marked })) ?? []
    for (const [part, value, max, unit] of bars) {
      judge(name, part, `${value.toFixed(2)}${unit}, ≤ ${max} wanted`, value > max && values['held-ms'] === '')
    }
  } catch (error) {
    judge(name, 'failed', error.message, true)
  } finally {
    await stopBroker(broker, 60)
    if (values.why) explain(`${data}/profiles`, held)
    removeData(data)
  }
}

/** One by one: `taskset -a` gives up at a thread that ends meanwhile. */
function pinThread(thread) {
  try {
    execFileSync('taskset', ['-p', ...pin, thread], { stdio: 'ignore' })
  } catch (error) {
    if (existsSync(`/proc/self/task/${thread}`)) throw error
  }
}

// The broker has the other core to itself, or all of them.
const [program, ...pin] = pinned(1)
if (program === 'taskset') for (const thread of readdirSync('/proc/self/task')) pinThread(thread)
if (!values.source && !values.bare) buildBroker()
for (const name of names) await runOne(name)
console.log(faults.length === 0 ? 'nothing held the event loop' : `MISSED ${faults.length}:\n${faults.join('\n')}`)
process.exit(faults.length > 0 ? 1 : 0)
