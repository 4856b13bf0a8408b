/**
 * Scrolls a long list of the dashboard as a hand does, with the wheel and by dragging the bar, and records what the page made of it.
 *
 * Everything is seen from inside the page: the time stamps of its animation frames, the browser's own entries of long tasks, and in every
 * frame whether rows fill what is in sight. Chromium has to be started with `chromiumOptions`: without them it has no bar to drag.
 */
import { existsSync } from 'node:fs'
import type { Page } from 'playwright-core'

export const chromiumOptions = {
  executablePath: ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path)) ?? '',
  args: ['--no-sandbox'],
  ignoreDefaultArgs: ['--hide-scrollbars'],
}

/** Pixels of one event of the wheel: three notches. */
const turn = 360

export type Movement = 'wheel' | 'drag'

export interface Frames {
  readonly frames: number
  /** Milliseconds from one animation frame to the next. */
  readonly medianMs: number
  readonly p95Ms: number
  readonly worstMs: number
  /** Tasks of the page over 50 ms, each with how long it took. */
  readonly longTasksMs: readonly number[]
  /** What the page's main thread computed, however long it waited for a processor. */
  readonly busyMsPerFrame: number
  /** Pixels gone through, there and back. */
  readonly pixels: number
  /** Frames in which a part of what is in sight had no row. */
  readonly blankFrames: number
  /** Most of them at once, in the page. */
  readonly rowsMax: number
  readonly elementsMax: number
  readonly requests: number
}

/** What the page keeps of it; times by its own clock. */
interface Seen {
  readonly frameMs: readonly number[]
  readonly longTasksMs: readonly number[]
  readonly pixels: number
  readonly blankFrames: number
  readonly rowsMax: number
  readonly elementsMax: number
}

/** Scrolls the only list of the page for so long, and back to its top as far as the time allows. */
export async function scroll(page: Page, movement: Movement, seconds: number): Promise<Frames> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' })
  const busyMs = async (): Promise<number> => {
    const { metrics } = await cdp.send('Performance.getMetrics')
    return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN)
  }
  let requests = 0
  const count = (): void => {
    requests += 1
  }
  await page.evaluate(watch)
  const beginMs = await busyMs()
  page.on('request', count)
  await (movement === 'wheel' ? turnWheel : dragBar)(page, seconds)
  page.off('request', count)
  const computedMs = (await busyMs()) - beginMs
  // What `watch` has put there.
  const seen = (await page.evaluate('globalThis.endOfWatch()')) as Seen
  await cdp.detach()
  const { frameMs, ...rest } = seen
  const sorted = frameMs.toSorted((one, other) => one - other)
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN
  return {
    ...rest,
    frames: frameMs.length,
    medianMs: at(0.5),
    p95Ms: at(0.95),
    worstMs: at(1),
    busyMsPerFrame: computedMs / frameMs.length,
    requests,
  }
}

/** As a finger flicks a wheel that runs freely, some 10,000 pixels in a second. Three quarters of the time down, the rest up. */
async function turnWheel(page: Page, seconds: number): Promise<void> {
  const { x, y, height } = await frameOf(page)
  await page.mouse.move(x + 100, y + height / 2)
  const beginMs = performance.now()
  for (let passedMs = 0; passedMs < 1000 * seconds; ) {
    await page.mouse.wheel(0, passedMs < 750 * seconds ? turn : -turn)
    const nextMs = passedMs + 16
    passedMs = performance.now() - beginMs
    if (passedMs < nextMs) await new Promise((done) => setTimeout(done, nextMs - passedMs))
    passedMs = performance.now() - beginMs
  }
}

/** From the top of the bar to its end and back, at an even pace. */
async function dragBar(page: Page, seconds: number): Promise<void> {
  await page.evaluate(`document.querySelector('.table-frame').scrollTop = 0`)
  const { x, y, width, height, barWidth } = await frameOf(page)
  const barX = x + width - barWidth / 2 - 1
  // Within the thumb, which lies below a button with an arrow that is as high as it is wide.
  const topY = y + barWidth + 6
  const bottomY = y + height - 4
  await page.mouse.move(barX, topY)
  await page.mouse.down()
  const beginMs = performance.now()
  for (let passedMs = 0; passedMs < 1000 * seconds; passedMs = performance.now() - beginMs) {
    const share = passedMs / (1000 * seconds)
    const way = share < 0.5 ? 2 * share : 2 - 2 * share
    await page.mouse.move(barX, topY + way * (bottomY - topY))
    await new Promise((done) => setTimeout(done, 8))
  }
  await page.mouse.up()
}

interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly barWidth: number
}

async function frameOf(page: Page): Promise<Box> {
  await page.locator('.table-frame').scrollIntoViewIfNeeded()
  // What the function in the page gives.
  return (await page.evaluate(() => {
    // biome-ignore lint/suspicious/noExplicitAny: the types of a browser are not known here.
    const frame = (globalThis as any).document.querySelector('.table-frame')
    const { x, y, width, height } = frame.getBoundingClientRect()
    return { x, y, width, height, barWidth: frame.offsetWidth - frame.clientWidth }
  })) as Box
}

/** Runs in the page. */
function watch(): void {
  // biome-ignore lint/suspicious/noExplicitAny: the types of a browser are not known here.
  const page = globalThis as any
  const { document, requestAnimationFrame, PerformanceObserver } = page
  const frame = document.querySelector('.table-frame')
  const elements = document.getElementsByTagName('*')
  const body = frame.querySelector('tbody')
  const head = frame.querySelector('thead').offsetHeight
  const frameMs: number[] = []
  const longTasksMs: number[] = []
  const seen = { pixels: 0, blankFrames: 0, rowsMax: 0, elementsMax: 0 }
  const observer = new PerformanceObserver((list: { getEntries(): readonly { duration: number }[] }) => {
    for (const { duration } of list.getEntries()) longTasksMs.push(duration)
  })
  observer.observe({ entryTypes: ['longtask'] })
  let isOver = false
  let lastMs = 0
  let lastTop = frame.scrollTop
  const look = (nowMs: number): void => {
    if (isOver) return
    requestAnimationFrame(look)
    if (lastMs > 0) frameMs.push(nowMs - lastMs)
    lastMs = nowMs
    const top = frame.scrollTop
    seen.pixels += Math.abs(top - lastTop)
    lastTop = top
    const [above, below] = ['first', 'last'].map((which) => {
      const end = body[`${which}ElementChild`]
      return end?.classList.contains('gap') ? end.offsetHeight : 0
    })
    const hasRows =
      above <= top && head + body.offsetHeight - below >= Math.min(top + frame.clientHeight, frame.scrollHeight)
    if (!hasRows) seen.blankFrames += 1
    seen.rowsMax = Math.max(seen.rowsMax, body.childElementCount)
    seen.elementsMax = Math.max(seen.elementsMax, elements.length)
  }
  requestAnimationFrame(look)
  page.endOfWatch = () => {
    isOver = true
    for (const { duration } of observer.takeRecords()) longTasksMs.push(duration)
    observer.disconnect()
    return { ...seen, frameMs, longTasksMs }
  }
}
