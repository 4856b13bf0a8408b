/**
 * `pabal bench`: puts load on any broker and says how it bore it: how many messages a second, how long each took, and whether one was lost,
 * came twice or out of order.
 *
 * The exit code is 1 if anything was.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type BenchFlags, BenchUsageError, benchArguments, benchCommand, benchPlan } from './bench/bench-flags.ts'
import { type BenchMode, faultsOf } from './bench/bench-plan.ts'
import { BenchProgress } from './bench/bench-progress.ts'
import { reportCsv, reportJson, reportText } from './bench/bench-report.ts'
import { BenchRun, type RunWatch } from './bench/bench-run.ts'
import { parseArguments } from './parse-arguments.ts'
import { watchForStop } from './start/stop-signal.ts'

interface ModeTexts {
  readonly summary: string
  readonly help: string
}

const modes: Readonly<Record<BenchMode, ModeTexts>> = {
  pair: {
    summary: 'publishers and subscribers that belong together: rate, latency, loss, order',
    help: `
Examples:
  pabal bench pair                                  one publisher, one subscriber, QoS 0, ten seconds
  pabal bench pair -q 1 --window 200
  pabal bench pair --subscribers 1000 -q 1          one message to a thousand
  pabal bench pair -c 100 -im 100 -s 1KB            100 pairs, ten messages a second each
  pabal bench pair -L 1000000 --json

Every message has its number and the time at which it was sent. Without --message-interval a publisher sends as fast as its subscribers
receive: --outstanding says how far it may be ahead.
`,
  },
  pub: {
    summary: 'publishers',
    help: `
Examples:
  pabal bench pub -c 1000 -t bench/%i               a message a second from each
  pabal bench pub -c 10 -im 0 -q 1 -t bench/%i      as fast as they are acknowledged
  pabal bench pub -t bench/%i -m hello -L 10000
`,
  },
  sub: {
    summary: 'subscribers, for what others publish',
    help: `
Examples:
  pabal bench sub -c 1000 -t bench/%i --seconds 60
  pabal bench sub -c 1 -t 'bench/#' -q 1 -L 100000

Of messages that "pabal bench pub" sends it says how long they took (if the clocks of both machines agree) and how many are missing between
the first and the last.
`,
  },
  conn: {
    summary: 'connections',
    help: `
Examples:
  pabal bench conn -c 5000
  pabal bench conn -c 5000 -i 10 --seconds 60       one every ten milliseconds, held for a minute
`,
  },
}

function isMode(word: string | undefined): word is BenchMode {
  return word !== undefined && Object.hasOwn(modes, word)
}

export async function runBench(argv: string[]): Promise<number> {
  const [word, ...rest] = argv
  if (word === undefined || word === '--help' || word === 'help') {
    process.stdout.write(overview())
    return word === undefined ? 1 : 0
  }
  if (word.startsWith('-')) {
    process.stderr.write(
      `pabal bench: what to do comes before the flags, as in: pabal bench pair -p 1883\n${modeList()}`,
    )
    return 1
  }
  if (!isMode(word)) {
    process.stderr.write(`pabal bench: there is no "${word}". There are:\n${modeList()}`)
    return 1
  }
  const { summary, help } = modes[word]
  const command = benchCommand(word, `Puts load on a broker: ${summary}.`, help)
  const exitCode = parseArguments(command, benchArguments(rest))
  if (exitCode !== null) return exitCode
  try {
    return await runMode(word, command.opts<BenchFlags>())
  } catch (error) {
    if (!(error instanceof BenchUsageError)) throw error
    process.stderr.write(`pabal bench: ${error.message}\nAll flags: pabal bench ${word} --help\n`)
    return 1
  }
}

async function runMode(mode: BenchMode, flags: BenchFlags): Promise<number> {
  const plan = benchPlan(mode, flags)
  const stopped = new AbortController()
  const signals = watchForStop(process, (code) => process.exit(code), Date.now)
  void signals.asked.then(() => stopped.abort())
  const clients = mode === 'pair' ? plan.count * (1 + plan.subscribers) : plan.count
  const progress = flags.quiet === true ? null : new BenchProgress(process.stderr, clients, () => performance.now())
  const silent: RunWatch = { progress() {} }
  const result = await new BenchRun(plan, stopped.signal, progress ?? silent).run()
  progress?.end()
  signals.release()
  process.stdout.write(
    flags.json === true ? reportJson(result) : flags.csv === true ? reportCsv(result) : reportText(result),
  )
  // Sockets that close in peace need a moment; nothing more is done with them.
  await sleep(0)
  return faultsOf(result).length > 0 ? 1 : 0
}

function overview(): string {
  return `Usage: pabal bench WHAT [flags]

Puts load on any MQTT broker and says how it bore it.

${modeList()}
  pabal bench WHAT --help     its flags

Flags are named as in MQTTX's "mqttx bench": -c, -i, -im, -t, -q, -L, -h, -p, -u, -P, -V, -l.
The exit code is 1 if a message was lost, came twice (at QoS 0 and 2) or out of order, was refused, or if a connection failed.
`
}

function modeList(): string {
  return Object.entries(modes)
    .map(([name, { summary }]) => `  pabal bench ${name.padEnd(6)} ${summary}\n`)
    .join('')
}
