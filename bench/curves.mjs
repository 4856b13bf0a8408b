/**
 * `npm run bench -- curves [NAME…]`: what things cost as their number grows, one broker after the other for each point.
 *
 * Prints a table, draws bench/plots/NAME.svg and appends both to bench/results.md. --scale 0.01 for a quick look, which is neither drawn
 * there nor appended, but into --out DIR; --seconds 2 for each point that is about traffic. --own-kernel measures where a process may open
 * any number of files (own-kernel.mjs): there --point X of a curve is measured alone, and what the generator reports printed.
 */
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  buildBroker,
  generate,
  here,
  newDataDirectory,
  pabalCommand,
  removeData,
  sleep,
  startBroker,
  stopBroker,
} from './broker-process.mjs'
import { fail, readOptions } from './options.ts'
import { underOwnKernel } from './own-kernel.mjs'
import { curveSvg, short } from './plot.mjs'

const many = 'connectionsMax=200000'

/** Files this process may open, and so the broker and the generator each. */
function openFilesMax() {
  return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? 1024)
}

/** In one process, without a broker on the other core. */
function linksReport(x) {
  const argv = ['--expose-gc', here('links.ts'), String(x)]
  return JSON.parse(execFileSync(process.execPath, argv, { encoding: 'utf8' }))
}

/**
 * `xs`: where points are measured; `argsOf(x)` is what the generator does there, `figures` what is drawn of its report. `xMax` leaves out
 * what this machine does not allow. `reportAt(x)` stands in for a broker and the generator.
 */
const curves = {
  connections: {
    title: 'idle connections, each with a Subscription',
    xLabel: 'connections',
    xs: [1000, 2000, 5000, 10_000, 19_000, 30_000, 50_000],
    xMax: () => openFilesMax() - 500,
    flags: `--limit ${many}`,
    argsOf: (x) => ['idle', '--connections', x, '--subscribe', '--seconds', 1],
    figures: {
      'KiB a connection': (r) => r.kib_per_connection_with_subscription,
      'connections/s': (r) => r.connects_per_s,
    },
  },
  links: {
    title: 'idle connections without their sockets, each with a Subscription',
    xLabel: 'connections',
    xs: [1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000],
    reportAt: linksReport,
    figures: { 'KiB a connection': (r) => r.kib_per_connection, 'connections/s': (r) => r.connects_per_s },
  },
  subscriptions: {
    title: 'distinct Topic Filters: a third exact, a third with +, a third with #',
    xLabel: 'Subscriptions',
    xs: [1000, 10_000, 100_000, 500_000, 1_000_000, 2_000_000],
    argsOf: (x) => [
      'subs',
      '--filters',
      x,
      '--connections',
      Math.max(100, Math.ceil(x / 5000)),
      '--seconds',
      values.seconds,
    ],
    figures: {
      'bytes a Subscription': (r) => r.bytes_per_subscription,
      'messages/s': (r) => r.out_per_s,
      'Subscriptions/s': (r) => r.subscribes_per_s,
    },
  },
  topics: {
    title: 'messages to so many Topic Names in turn, one subscriber',
    xLabel: 'Topic Names',
    xs: [1, 10, 100, 1000, 10_000, 100_000],
    argsOf: (x) => ['pipe', '--topics', x, '--outstanding', 8000, '--seconds', values.seconds],
    figures: { 'messages/s': (r) => r.out_per_s, 'µs of CPU a message': (r) => r.cpu_us_per_delivered },
  },
  payload: {
    title: 'payload, one pair, QoS 0',
    xLabel: 'bytes',
    xs: [16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576],
    flags: '--limit packetBytesMax=2MiB',
    argsOf: (x) => [
      'pipe',
      '--size',
      x,
      '--outstanding',
      Math.max(8, Math.min(8000, Math.floor(2 ** 23 / x))),
      '--seconds',
      values.seconds,
    ],
    figures: {
      'messages/s': (r) => r.out_per_s,
      'MB/s': (r) => (r.out_per_s * r.parameters.size) / 1e6,
      'µs of CPU a message': (r) => r.cpu_us_per_delivered,
    },
  },
  backlog: {
    title: 'messages that wait for one Session, QoS 1, on the disk',
    xLabel: 'messages',
    xs: [1000, 10_000, 100_000, 1_000_000],
    flags: '--limit sessionQueueMessagesMax=2000000',
    argsOf: (x) => ['offline', '--sessions', 1, '--messages', x, '--window', 200, '--drain', 60],
    figures: {
      'taken in/s': (r) => r.enqueue_per_s,
      'drained/s': (r) => r.deliver_per_s,
      'MiB of memory': (r) => r.rss_mib_queued,
    },
  },
}

const usage =
  'npm run bench -- curves [NAME…] [--scale 1] [--seconds 2] [--out DIR] [--source] [--own-kernel] [--point X]'
const { values, words } = readOptions(
  usage,
  { scale: 1, seconds: 2, out: '', source: false, 'own-kernel': false, point: '' },
  Object.fromEntries(Object.entries(curves).map(([name, { title }]) => [name, title])),
)
const { scale } = values

async function pointAt({ argsOf, flags = '' }, x) {
  const data = newDataDirectory()
  const command = pabalCommand(flags, '', values.source ? '../src/cli/main.ts' : undefined)
  try {
    const broker = await startBroker(command, {}, { data })
    try {
      await sleep(500)
      const report = await generate(broker, argsOf(x), 600)
      if (report.failed) throw new Error(`at ${x}: ${report.failed} ${report.last_error ?? ''}`)
      return report
    } finally {
      await stopBroker(broker)
    }
  } finally {
    removeData(data)
  }
}

/** The same in a kernel of its own: this program again, which is told which point. */
async function pointUnderOwnKernel(name, x) {
  const source = values.source ? ['--source'] : []
  const point = ['--point', x, '--seconds', values.seconds, ...source]
  const filesMax = 2 * Math.max(...curves[name].xs)
  const said = await underOwnKernel([process.execPath, here('curves.mjs'), name, ...point], { filesMax })
  return JSON.parse(said.trim().split('\n').at(-1))
}

async function reportAt(name, x) {
  if (curves[name].reportAt) return curves[name].reportAt(x)
  return values['own-kernel'] ? await pointUnderOwnKernel(name, x) : await pointAt(curves[name], x)
}

async function measure(name) {
  const curve = curves[name]
  const { figures } = curve
  const xMax = values['own-kernel'] ? undefined : curve.xMax
  const xs = [...new Set(curve.xs.map((x) => Math.max(1, Math.round(x * scale))))]
  const names = Object.keys(figures)
  const print = (...cells) => cells.map((cell) => String(cell).padStart(22)).join('')
  const lines = [print(curve.xLabel, ...names)]
  console.log(lines[0])
  const points = []
  for (const x of xs) {
    if (xMax && x > xMax()) {
      lines.push(`${String(x).padStart(22)}  not measured: a process may open ${openFilesMax()} files here`)
      console.log(lines.at(-1))
      continue
    }
    const report = await reportAt(name, x)
    const y = Object.fromEntries(names.map((name) => [name, figures[name](report)]))
    points.push({ x, y })
    lines.push(print(x, ...names.map((name) => short(y[name]))))
    console.log(lines.at(-1))
  }
  return { lines, svg: curveSvg({ title: curve.title, xLabel: curve.xLabel, figures: names, points }) }
}

async function run(names) {
  if (!values.source) buildBroker()
  const directory = values.out || (scale === 1 ? here('plots') : here('../artefacts/plots'))
  mkdirSync(directory, { recursive: true })
  for (const name of names) {
    const curve = curves[name]
    console.log(`\n${name}: ${curve.title}`)
    const { lines, svg } = await measure(name)
    const file = values['own-kernel'] ? `${name}-own-kernel.svg` : `${name}.svg`
    writeFileSync(join(directory, file), svg)
    if (scale !== 1 || values.out !== '') continue
    appendFileSync(
      here('results.md'),
      `\n## ${curve.title}\n\n${new Date().toISOString().slice(0, 16)} UTC. Command: \`npm run bench -- curves ${name}${values['own-kernel'] ? ' --own-kernel' : ''}\`\n\n` +
        `![${curve.title}](plots/${file})\n\n\`\`\`text\n${lines.join('\n')}\n\`\`\`\n`,
    )
  }
  console.log(`\nplots: ${directory}`)
}

const isOnePoint = words.length === 1 && values.point > 0 && curves[words[0]].argsOf !== undefined
if (values.point !== '' && !isOnePoint)
  fail(`--point ${values.point}: a number above 0 and one curve with a broker are expected`, `usage: ${usage}`)
if (values.point === '') await run(words.length > 0 ? words : Object.keys(curves))
else console.log(JSON.stringify(await pointAt(curves[words[0]], Number(values.point))))
