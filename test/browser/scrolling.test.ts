/**
 * A long list is scrolled with the wheel and by its bar, in counts of what that makes the page do. How smooth it is, is measured by
 * `npm run bench -- scrolling`; the times here are bounded ten times wider than measured there.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { chromiumOptions, type Frames, scroll } from '../../bench/scroll-frames.ts'
import { startApi, type TestApi } from '../admin/api.ts'
import { launchChromium } from '../support/chromium.ts'
import { rowTexts } from './rows.ts'
import { buildDashboard } from './support.ts'

const run = promisify(execFile)
const command = fileURLToPath(new URL('../../bench/scrolling.mjs', import.meta.url))

const sessions = 10_000
/** In the page at once: those in sight, eight on each side, and the two that stand for all others. */
const rowsMax = 40
/** Columns with numbers and times, at most. */
const numbersPerRow = 5
const seconds = 1.5

test('ten thousand Sessions scroll by wheel and bar with few rows in the page, each made when it comes into sight, and no gap', {
  timeout: 120_000,
}, async (context) => {
  buildDashboard()
  await using api = await startApi()
  const { broker } = api.at
  for (let number = 0; number < sessions; number++) await broker.subscribe(`t/${number}`, { qos: 0 }, () => {})
  const browser = await launchChromium(chromiumOptions)
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, locale: 'en-GB' })
    await page.addInitScript(countNumbers)
    await page.goto(`${api.url}/#/clients`)
    await page.getByRole('button', { name: 'Load all' }).click()
    await page.getByText('10,000 shown').waitFor()

    const beforeWheel = await numbers(page)
    const byWheel = await scroll(page, 'wheel', seconds)
    const afterWheel = await numbers(page)
    const byBar = await scroll(page, 'drag', seconds)
    context.diagnostic(JSON.stringify({ byWheel, byBar, numbers: [beforeWheel, afterWheel] }))
    expectBounded(byWheel)
    expectBounded(byBar)
    assert.ok(byBar.pixels > 1.9 * 38 * (sessions - 100), 'to the last row and back')
    // Those in sight say once a second how long ago things were, too.
    const rowsCome = byWheel.pixels / 38 + (2 + seconds) * rowsMax
    const written = afterWheel.written - beforeWheel.written
    assert.ok(written > byWheel.pixels / 38, `${written} numbers were counted`)
    assert.ok(written < rowsCome * numbersPerRow, `${written} numbers for ${rowsCome} rows`)
    assert.equal((await numbers(page)).formats, beforeWheel.formats, 'formats are made once')

    await page.locator('.table-frame').press('End')
    const names = await allNames(api)
    await page.getByRole('link', { name: names.at(-1) ?? '', exact: true }).waitFor()
    const shown = (await rowTexts(page, 0)).filter((text) => text !== '')
    assert.ok(shown.length > 16)
    assert.deepEqual(shown, names.slice(-shown.length))
  } finally {
    await browser.close()
  }
})

test('npm run bench -- scrolling scrolls a list of a broker by wheel and bar, and refuses a list that it does not know', {
  timeout: 60_000,
}, async () => {
  const few = ['sessions', '--source', '--scale', '0.01', '--seconds', '0.5', '--no-record']
  // It ends with 1 where the machine was too busy for smooth frames.
  const { stdout } = await run(process.execPath, [command, ...few]).catch((error) => error)
  assert.match(stdout, /^sessions +wheel( +[\d.]+){12}/m)
  assert.match(stdout, /^sessions +drag( +[\d.]+){12}/m)
  const unknown = run(process.execPath, [command, 'session'])
  await assert.rejects(unknown, {
    code: 2,
    stderr: /^session: one of the names below is expected\nusage: .*\n {2}sessions +10,000/,
  })
})

/** Of all Sessions, in the order of the list. */
async function allNames(api: TestApi): Promise<readonly string[]> {
  const names: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await api.get(`/clients?limit=10000${cursor === '' ? '' : `&cursor=${cursor}`}`)
    for (const { clientIdentifier } of body.data) names.push(clientIdentifier)
    cursor = body.meta.cursor
  }
  return names
}

function expectBounded(found: Frames): void {
  assert.ok(found.rowsMax > 16 && found.rowsMax <= rowsMax, `${found.rowsMax} rows`)
  assert.ok(found.elementsMax < 1000, `${found.elementsMax} elements`)
  assert.equal(found.blankFrames, 0)
  // The state of the broker, in the head of the page; nothing of the list.
  assert.ok(found.requests <= 2 * (seconds + 2), `${found.requests} requests in ${found.frames} frames`)
  assert.ok(found.p95Ms < 10 * 16.7, `95 % of the frames within ${found.p95Ms} ms`)
  assert.ok(found.busyMsPerFrame > 0.1 && found.busyMsPerFrame < 60, `a frame takes ${found.busyMsPerFrame} ms`)
}

interface Numbers {
  readonly written: number
  /** Ways to write them that were made. */
  readonly formats: number
}

async function numbers(page: Page): Promise<Numbers> {
  // What `countNumbers` has put there.
  return (await page.evaluate('globalThis.numbers')) as Numbers
}

/** Runs in the page, before anything else does. */
function countNumbers(): void {
  const counted = { written: 0, formats: 0 }
  Object.assign(globalThis, { numbers: counted })
  const { format } = Object.getOwnPropertyDescriptors(Intl.NumberFormat.prototype)
  Object.defineProperty(Intl.NumberFormat.prototype, 'format', {
    get() {
      counted.written += 1
      return format.get?.call(this)
    },
  })
  Intl.NumberFormat = new Proxy(Intl.NumberFormat, {
    construct(target, values) {
      counted.formats += 1
      return Reflect.construct(target, values)
    },
  })
  const plain = Number.prototype.toLocaleString
  Object.assign(Number.prototype, {
    toLocaleString(this: number, ...values: []) {
      counted.written += 1
      counted.formats += 1
      return plain.apply(this, values)
    },
  })
}
