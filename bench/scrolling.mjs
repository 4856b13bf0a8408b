/**
 * `npm run bench -- scrolling [NAME…]`: how smoothly the long lists of the dashboard scroll in Debian's Chromium.
 *
 * Each list is scrolled by the wheel and by dragging its bar, of a broker in a process of its own. Per line: the time from one animation frame
 * to the next (median, 95 %, worst), tasks of the page over 50 ms, what its main thread computes per frame, frames in which rows were
 * missing, most rows and elements in the page, and requests. A list is smooth if 95 % of its frames come within 33.4 ms (30 a second), no
 * task takes over 50 ms and no frame lacks rows. Appended to bench/results.md, but with --no-record or --scale. --seconds 4 for each
 * movement; --slower 4 for a page with a quarter of the processor; --scale 0.01 for fewer rows; --source runs the broker from the sources
 * instead of dist.
 */
import { execFileSync } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { chromium } from 'playwright-core'
import {
  buildBroker,
  here,
  newDataDirectory,
  pabalCommand,
  quote,
  removeData,
  startBroker,
  stopBroker,
} from './broker-process.mjs'
import { readOptions } from './options.ts'
import { chromiumOptions, scroll } from './scroll-frames.ts'
import { scenes } from './scroll-scenes.mjs'

const { values, words } = readOptions(
  'npm run bench -- scrolling [NAME…] [--seconds 4] [--slower 1] [--scale 1] [--source] [--no-record]',
  { seconds: 4, slower: 1, scale: 1, source: false, 'no-record': false },
  Object.fromEntries(Object.entries(scenes).map(([name, { text }]) => [name, text])),
)
const names = words.length > 0 ? words : Object.keys(scenes)
const frameMsMax = 33.4
const lines = []
const faults = []

function say(line) {
  lines.push(line)
  console.log(line)
}

const columns = [
  ['list', (_, name) => name, 14],
  ['by', (_, __, movement) => movement, 6],
  ['frames', ({ frames }) => frames],
  ['median', ({ medianMs }) => medianMs.toFixed(1)],
  ['95 %', ({ p95Ms }) => p95Ms.toFixed(1)],
  ['worst', ({ worstMs }) => worstMs.toFixed(1)],
  ['long', ({ longTasksMs }) => longTasksMs.length],
  ['longest', ({ longTasksMs }) => Math.max(0, ...longTasksMs).toFixed(0)],
  ['busy', ({ busyMsPerFrame }) => busyMsPerFrame.toFixed(1)],
  ['blank', ({ blankFrames }) => blankFrames],
  ['rows', ({ rowsMax }) => rowsMax],
  ['elements', ({ elementsMax }) => elementsMax],
  ['requests', ({ requests }) => requests],
  ['pixels', ({ pixels }) => Math.round(pixels), 10],
]

const rowText = (cells) =>
  cells
    .map((cell, i) => (i < 2 ? String(cell).padEnd(columns[i][2]) : String(cell).padStart(columns[i][2] ?? 9)))
    .join('')

function judge(name, movement, found) {
  if (found.pixels === 0) throw new Error(`${name}: nothing was scrolled by ${movement}`)
  const isSmooth = found.p95Ms <= frameMsMax && found.longTasksMs.length === 0 && found.blankFrames === 0
  say(rowText(columns.map(([, of]) => of(found, name, movement))) + (isSmooth ? '' : '  MISSED'))
  if (!isSmooth) faults.push(`${name} by ${movement}`)
}

/** Where the dashboard is, and the password of its first user: as the broker says it at its first start. */
function loginOf({ log }) {
  const text = readFileSync(log, 'utf8')
  const [, url] = /Dashboard and HTTP API on (\S+)/.exec(text) ?? []
  const [, password] = /with the password (\S+)/.exec(text) ?? []
  if (url === undefined || password === undefined) throw new Error(`the broker does not say how to log in:\n${text}`)
  return { url, password }
}

async function logIn(page, { url, password }) {
  await page.goto(`${url}/`)
  await page.getByLabel('User name').fill('admin')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
}

async function slowDown(page, rate) {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Emulation.setCPUThrottlingRate', { rate })
}

async function runOne(name) {
  const { flags = '', topics = '[]', fill, open } = scenes[name]
  const { scale, seconds } = values
  const start = pabalCommand(flags, '', values.source ? '../src/cli/main.ts' : undefined)
  const command = `env ${quote(`PABAL_TOPICS=${topics}`)} ${start}`
  const data = newDataDirectory()
  try {
    const broker = await startBroker(command, {}, { data })
    const browser = await chromium.launch(chromiumOptions)
    let stop = () => {}
    try {
      stop = await fill({ port: broker.port, scale })
      const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, locale: 'en-GB' })
      await logIn(page, loginOf(broker))
      await open(page, scale)
      await slowDown(page, values.slower)
      for (const movement of ['wheel', 'drag']) judge(name, movement, await scroll(page, movement, seconds))
    } finally {
      stop()
      await browser.close()
      await stopBroker(broker)
    }
  } finally {
    removeData(data)
  }
}

function record() {
  const [{ model } = { model: 'unknown' }] = cpus()
  appendFileSync(
    here('results.md'),
    `\n## How the dashboard scrolls, ${new Date().toISOString().slice(0, 16)} UTC\n\n` +
      `Debian's Chromium without a GPU, beside the broker; ${cpus().length} cores of ${model.trim()}. Milliseconds.\n` +
      `Command: \`npm run bench -- scrolling ${process.argv.slice(2).join(' ')}`.trim() +
      `\`\n\n\`\`\`text\n${lines.join('\n')}\n\`\`\`\n`,
  )
}

if (chromiumOptions.executablePath === '') throw new Error('Debian package chromium is needed')
if (!values.source) buildBroker()
execFileSync(process.execPath, [here('../scripts/build-dashboard.mjs'), '--if-stale'], { stdio: 'inherit' })
say(rowText(columns.map(([title]) => title)))
for (const name of names) await runOne(name)
say(faults.length === 0 ? 'every list scrolls smoothly' : `MISSED ${faults.length}: ${faults.join(', ')}`)
if (!values['no-record'] && values.scale === 1) record()
process.exitCode = faults.length > 0 ? 1 : 0
