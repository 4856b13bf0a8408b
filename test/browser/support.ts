/**
 * The dashboard of a running broker in Chromium, and what the page did that it must not do.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, Page, Request } from 'playwright-core'
import { chromiumOptions } from '../../bench/scroll-frames.ts'
import type { BrokerOptions } from '../../src/index.ts'
import type { BrokerParts } from '../../src/server/shell-owner.ts'
import { startApi, type TestApi } from '../admin/api.ts'
import { launchChromium } from '../support/chromium.ts'

export type Theme = 'light' | 'dark'
export type Language = 'en' | 'ko'

export interface Look {
  readonly theme?: Theme
  readonly language?: Language
  readonly width?: number
  readonly height?: number
  /** The page's own clock can be stopped then, and its timers counted out. */
  readonly ownClock?: boolean
}

export interface OpenPage {
  readonly page: Page
  readonly context: BrowserContext
  /** Errors, violations of the Content-Security-Policy and requests to other hosts. */
  readonly faults: readonly string[]
  /** What the page has asked and not been answered yet. */
  readonly underWay: ReadonlySet<Request>
}

export interface Dashboard extends AsyncDisposable {
  readonly api: TestApi
  readonly browser: Browser
  /** A new window, on the page that is named by what stands behind `#/`. */
  show(hash: string, look?: Look): Promise<OpenPage>
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const artefacts = join(root, 'artefacts/dashboard')
const { executablePath } = chromiumOptions

const started: TestApi[] = []
// Also of tests that ran out of time, which never come to their own end.
after(async () => {
  for (const api of started) await api[Symbol.asyncDispose]()
})

export const dashboardFolder = join(root, 'dist/dashboard')

export function buildDashboard(): void {
  execFileSync(process.execPath, [join(root, 'scripts/build-dashboard.mjs'), '--if-stale'], { stdio: 'pipe' })
}

export async function startDashboard(
  options: BrokerOptions = {},
  login: 'needed' | 'off' = 'off',
  parts: BrokerParts = {},
): Promise<Dashboard> {
  assert.ok(executablePath !== '', 'Debian package chromium is needed')
  buildDashboard()
  const api = await startApi(options, parts, { login })
  started.push(api)
  const browser = await launchChromium({ executablePath, args: ['--no-sandbox'] })
  return {
    api,
    browser,
    show: (hash, look = {}) => show(browser, `${api.url}/#/${hash}`, look),
    async [Symbol.asyncDispose]() {
      await browser.close()
      await api[Symbol.asyncDispose]()
    },
  }
}

async function show(browser: Browser, url: string, look: Look): Promise<OpenPage> {
  const { theme = 'light', language = 'en', width = 1280, height = 860, ownClock = false } = look
  const locale = language === 'ko' ? 'ko-KR' : 'en-GB'
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, locale })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text())
  })
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('dialog', (dialog) => {
    faults.push(`a dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  const underWay = new Set<Request>()
  const isOver = (request: Request): void => {
    underWay.delete(request)
  }
  page.on('requestfinished', isOver)
  page.on('requestfailed', isOver)
  page.on('request', (request) => {
    underWay.add(request)
    if (new URL(request.url()).origin !== new URL(url).origin) faults.push(`asked ${request.url()}`)
  })
  if (ownClock) await page.clock.install()
  await page.goto(url)
  return { page, context, faults, underWay }
}

/**
 * Stops the clock of a page that was opened with `ownClock`, and waits until nothing is being asked: the timers for the next requests
 * have just been set then, so that what happens from now on has the longest way to the page.
 */
export async function stopClock({ page, underWay }: OpenPage): Promise<void> {
  await page.clock.pauseAt(Date.now() + 10_000)
  // Each look is a way to the page and back: events of what it has asked come before.
  do await page.evaluate('document.title')
  while (underWay.size > 0)
  await page.evaluate('document.title')
}

/** Kept for people to look at; not looked at by any test. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  mkdirSync(artefacts, { recursive: true })
  await page.screenshot({ path: join(artefacts, `${name}.png`), fullPage: true })
}
