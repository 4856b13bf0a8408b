/**
 * The dashboard of a large broker: ten thousand Sessions, a million Topic Names.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import type { BrokerCore } from '../../src/core/broker.ts'
import { stat } from './rows.ts'
import { startDashboard } from './support.ts'

const timeout = 240_000
const topicNames = 1_000_000

test('a million Topic Names are scrolled through with frames short enough for 30 a second, few of them in the page', {
  timeout,
}, async (context) => {
  let core: BrokerCore | null = null
  await using dashboard = await startDashboard({ limits: { topicsSeenMax: topicNames } }, 'off', {
    afterTurn: (seen) => {
      core = seen
    },
  })
  await dashboard.api.at.broker.publish({ topicName: 'plant/0/sensor/0' })
  fill(core)
  const { page, faults } = await dashboard.show('topics')
  await page.getByText(`${topicNames.toLocaleString('en')} Topic Names seen`).waitFor()
  const beginMs = Date.now()
  await page.getByRole('button', { name: 'Load all' }).click()
  await page.getByText(`${topicNames.toLocaleString('en')} shown`).waitFor({ timeout })
  const loadedMs = Date.now()
  await page.getByRole('button', { name: 'Open all' }).click()
  await page.getByRole('button', { name: 'Close plant/0', exact: true }).waitFor({ timeout })
  const openedMs = Date.now()
  const busyMs = await watchBusy(page)
  const frames = Number(await page.evaluate(scrollThrough))
  const frameMs = (await busyMs()) / frames
  const nodes: unknown = await page.evaluate('document.querySelectorAll("*").length')
  context.diagnostic(
    `loaded in ${loadedMs - beginMs} ms, opened in ${openedMs - loadedMs} ms, ${frames} frames of ${frameMs.toFixed(1)} ms, ${nodes} elements`,
  )
  assert.ok(frameMs > 0.1 && frameMs < 1000 / 30, `a frame takes ${frameMs} ms`)
  assert.ok(Number(nodes) < 5000, `${nodes} elements`)
  await page.evaluate(toTheEnd)
  await page.getByText('last', { exact: true }).waitFor()
  assert.deepEqual(faults, [])
})

test('with ten thousand Sessions overview and clients are there within a second, and the overview updates each second', {
  timeout,
}, async (context) => {
  await using dashboard = await startDashboard()
  const { broker } = dashboard.api.at
  for (let number = 0; number < 10_000; number++) await broker.subscribe(`t/${number}`, { qos: 0 }, () => {})
  // The files are in the cache of nobody yet, as when somebody opens it for the first time.
  const { page, faults } = await dashboard.show('overview')
  await stat(page, 'Subscriptions', '10,000')
  const overviewMs: unknown = await page.evaluate('performance.now()')
  await page.getByRole('link', { name: 'Clients' }).click()
  const beginMs: unknown = await page.evaluate('performance.now()')
  await page.getByText('10,000 Sessions').waitFor()
  const clientsMs = Number(await page.evaluate('performance.now()')) - Number(beginMs)
  context.diagnostic(`overview after ${overviewMs} ms, clients after ${clientsMs} ms`)
  assert.ok(Number(overviewMs) < 1000, `overview after ${overviewMs} ms`)
  assert.ok(clientsMs < 1000, `clients after ${clientsMs} ms`)
  await page.getByRole('link', { name: 'Overview' }).click()
  for (const published of [1, 2, 3]) {
    await broker.publish({ topicName: 'nobody/listens' })
    await stat(page, 'Nobody listened', `${published}`, 2000)
  }
  assert.deepEqual(faults, [])
})

/** As messages would, in a hundredth of the time: plants with sensors, and one name that comes last in the tree. */
function fill(core: BrokerCore | null): void {
  assert.ok(core !== null)
  const { topics } = core.state
  for (let number = 1; number < topicNames - 1; number++) note(`plant/${number % 1000}/sensor/${number}`)
  note('zone/last')

  function note(topicName: string): void {
    const seen = topics.find(topicName)
    assert.ok(seen !== null)
    topics.count(seen, Date.now())
  }
}

/** Tells what the page has computed from now on, however long it had to wait for a processor. */
async function watchBusy(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN)
  }
}

/** Runs in the page, for two seconds: from the first row to the last. How many frames there were. */
async function scrollThrough(): Promise<number> {
  // biome-ignore lint/suspicious/noExplicitAny: the types of a browser are not known here.
  const { document, requestAnimationFrame, performance } = globalThis as any
  const frame = document.querySelector('.table-frame')
  const beginMs = performance.now()
  let frames = 0
  for (let passedMs = 0; passedMs < 2000; passedMs = performance.now() - beginMs) {
    frame.scrollTop = (frame.scrollHeight * passedMs) / 2000
    await new Promise((resolve) => requestAnimationFrame(resolve))
    frames += 1
  }
  return frames
}

/** Runs in the page. */
const toTheEnd = `(() => {
  const frame = document.querySelector('.table-frame')
  frame.scrollTop = frame.scrollHeight
})()`
