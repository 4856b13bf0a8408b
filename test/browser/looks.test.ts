/**
 * How the dashboard looks and is used: in both themes and languages, on a narrow screen, with the keyboard, by who cannot see it;
 * and what the browser is kept from doing.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { playScene, sceneOptions } from './scene.ts'
import { keepScreenshot, type Language, startDashboard, type Theme } from './support.ts'

const timeout = 120_000

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const hashes = [
  'overview',
  'who?topic=kitchen/1/ticket',
  'who?topic=orders/new',
  'topics',
  'undelivered',
  'undelivered?show=dead',
  'undelivered?show=lost',
  'undelivered?show=rules',
  'clients',
  'clients/printer',
  'clients/printer?show=queued',
  'clients/kitchen?show=inFlight',
  'clients/kitchen?show=history',
  'trace',
  'try',
  'retained',
  'groups',
  'security?client=bob&action=publish&topic=a',
  'config',
  'api',
  'nowhere',
]

for (const [theme, language] of [
  ['light', 'en'],
  ['dark', 'ko'],
] as const) {
  test(`axe finds nothing serious on any page, and no word of ours in a table is cut, ${theme} and ${language}`, {
    timeout,
  }, async () => {
    await eachPage(theme, language, 1280, async (page, hash) => {
      assert.deepEqual(await seriousFindings(page), [], hash)
      assert.deepEqual(await page.evaluate(cutWords), [], hash)
    })
  })
}

for (const [theme, language] of [
  ['dark', 'en'],
  ['light', 'ko'],
] as const) {
  test(`no page is wider than a screen of 360 pixels, and no word of ours in a table is cut, ${theme} and ${language}`, {
    timeout,
  }, async () => {
    await eachPage(theme, language, 360, async (page, hash) => {
      // Where no font has Hangul its glyphs are narrower than they would be: W is as wide, and lets lines break as Hangul does.
      assert.deepEqual(await page.evaluate(cutWords), [], hash)
      await page.evaluate(widenHangul)
      assert.equal(await page.evaluate(overflow), 0, hash)
    })
  })
}

test('dialogs are without serious findings, hold the focus and give it back on Escape', { timeout }, async () => {
  await using dashboard = await startDashboard(sceneOptions)
  await playScene(dashboard.api.at)
  const { page, faults } = await dashboard.show('undelivered', { theme: 'dark' })
  const look = page.getByRole('button', { name: /^Look at message/ }).first()
  await look.click()
  await page.getByRole('heading', { name: 'Payload' }).waitFor()
  assert.deepEqual(await seriousFindings(page), [])
  await keepScreenshot(page, 'dialog.dark.en.1280')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  assert.equal(await look.evaluate((element) => element === element.ownerDocument.activeElement), true)
  assert.deepEqual(faults, [])
})

for (const [theme, language, width] of [
  ['dark', 'en', 1280],
  ['light', 'ko', 360],
] as const) {
  test(`the dialog that bans is without serious findings and fits, ${theme}, ${language} and ${width} pixels`, {
    timeout,
  }, async () => {
    await using dashboard = await startDashboard(sceneOptions)
    await playScene(dashboard.api.at)
    const { page, faults } = await dashboard.show('clients/kitchen', { theme, language, width })
    await page.getByRole('button', { name: language === 'ko' ? '차단…' : 'Ban…' }).click()
    await page.getByRole('dialog').waitFor()
    assert.deepEqual(await seriousFindings(page), [])
    await keepScreenshot(page, `ban.${theme}.${language}.${width}`)
    assert.equal(await page.evaluate(overflow), 0)
    assert.equal(
      await page.evaluate(
        `document.querySelector('dialog').scrollWidth > document.querySelector('dialog').clientWidth`,
      ),
      false,
    )
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    assert.deepEqual(faults, [])
  })
}

test('all of it can be reached with the keyboard: skip link, pages, search, theme, help', { timeout }, async () => {
  await using dashboard = await startDashboard(sceneOptions)
  const { page, faults } = await dashboard.show('overview')
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  assert.equal(await page.evaluate('document.activeElement.id'), 'main')
  await page.keyboard.press('g')
  await page.keyboard.press('w')
  await page.getByRole('heading', { name: 'Who listens' }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('g/t?')
  await page.keyboard.press('Enter')
  await page.getByText('meets nobody who listens').waitFor()
  assert.match(page.url(), /#\/who\?topic=g%2Ft%3F$/)
  await page.locator('main').focus()
  await page.keyboard.press('t')
  assert.equal(await page.evaluate('document.documentElement.dataset.theme'), 'dark')
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
  await page.getByLabel('Shortcuts are on').uncheck()
  await page.keyboard.press('Escape')
  await page.keyboard.press('t')
  assert.equal(await page.evaluate('document.documentElement.dataset.theme'), 'dark')
  assert.deepEqual(faults, [])
})

test('the focus is at the beginning of a page as soon as it is there, and not taken from a field later', {
  timeout,
}, async () => {
  await using dashboard = await startDashboard(sceneOptions)
  const { page } = await dashboard.show('overview')
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  const focused = await page.evaluate(`new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      if (!document.querySelector('main h1')?.textContent.includes('Who listens')) return
      observer.disconnect()
      resolve(document.activeElement.id)
    })
    observer.observe(document.querySelector('main'), { childList: true, subtree: true, characterData: true })
    location.hash = '#/who'
  })`)
  assert.equal(focused, 'main')
})

for (const page of ['who', 'clients', 'trace']) {
  test(`what is typed as soon as there is a field stays: ${page}`, { timeout }, async () => {
    await using dashboard = await startDashboard(sceneOptions)
    const shown = await dashboard.show('overview')
    await shown.page.getByRole('heading', { name: 'Overview' }).waitFor()
    const value = await shown.page.evaluate(`new Promise((resolve) => {
      const observer = new MutationObserver(() => {
        const field = document.querySelector('main input[type="search"], main input[data-search]')
        if (field === null) return
        observer.disconnect()
        field.value = 'typed'
        field.dispatchEvent(new Event('input', { bubbles: true }))
        setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(() => resolve(field.value))), 100)
      })
      observer.observe(document.querySelector('main'), { childList: true, subtree: true })
      location.hash = '#/${page}'
    })`)
    assert.equal(value, 'typed')
  })
}

test('language and theme are chosen in the menu and remembered', { timeout }, async () => {
  await using dashboard = await startDashboard()
  const { page } = await dashboard.show('clients', { width: 360 })
  await page.getByRole('button', { name: 'Menu' }).click()
  await page.getByLabel('Language').selectOption('ko')
  await page.getByRole('heading', { name: '클라이언트' }).waitFor()
  await page.getByLabel('테마').selectOption('dark')
  await page.reload()
  await page.getByRole('heading', { name: '클라이언트' }).waitFor()
  assert.deepEqual(await page.evaluate('[document.documentElement.lang, document.documentElement.dataset.theme]'), [
    'ko',
    'dark',
  ])
})

test('the browser runs no script but that of the page, and is told to keep nothing but what never changes', {
  timeout,
}, async () => {
  await using dashboard = await startDashboard()
  const { page } = await dashboard.show('overview')
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  const response = await fetch(dashboard.api.url)
  assert.match(response.headers.get('content-security-policy') ?? '', /^default-src 'self'; /)
  assert.doesNotMatch(response.headers.get('content-security-policy') ?? '', /unsafe|\*|http/)
  const [, script = ''] = /src="\.(\/assets\/[^"]+\.js)"/.exec(await response.text()) ?? []
  const served = await fetch(`${dashboard.api.url}${script}`)
  assert.match(served.headers.get('cache-control') ?? '', /immutable/)
  assert.doesNotMatch(response.headers.get('cache-control') ?? '', /immutable/)
  assert.equal(await page.evaluate(tryInlineScript), 'did not run')
  for (const attempt of [tryMarkup, tryPolicy]) assert.match(String(await page.evaluate(attempt)), /^TypeError/)
})

/** Opens every page with something to show, keeps a screenshot, and then checks it. */
async function eachPage(
  theme: Theme,
  language: Language,
  width: number,
  check: (page: Page, hash: string) => Promise<void>,
): Promise<void> {
  await using dashboard = await startDashboard(sceneOptions)
  await playScene(dashboard.api.at)
  const { page, faults } = await dashboard.show('overview', { theme, language, width, height: 800 })
  for (const hash of hashes) {
    await page.evaluate(`location.hash = ${JSON.stringify(`#/${hash}`)}`)
    await page.waitForTimeout(hash === 'overview' ? 3500 : 600)
    await keepScreenshot(page, `${hash.replace(/[^a-z]+/gi, '-')}.${theme}.${language}.${width}`)
    await check(page, hash)
    assert.deepEqual(faults, [], hash)
  }
}

async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  // biome-ignore lint/suspicious/noExplicitAny: what axe-core answers.
  const { violations }: any = await page.evaluate('axe.run()')
  return (
    violations
      // biome-ignore lint/suspicious/noExplicitAny: what axe-core answers.
      .filter(({ impact }: any) => impact === 'serious' || impact === 'critical')
      // biome-ignore lint/suspicious/noExplicitAny: what axe-core answers.
      .map(({ id, nodes }: any) => `${id}: ${nodes.map((node: any) => node.html).join(' ')}`)
  )
}

/** Runs in the page. */
const widenHangul = `(() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const { currentNode } = texts
    currentNode.nodeValue = currentNode.nodeValue.replace(/[가-힣]/g, 'W\\u200b')
  }
})()`

/** Runs in the page: words of ours in tables that end in dots. Names that clients chose may be as long as they like. */
const cutWords = `[...document.querySelectorAll('main th, main td .badge, main td:has(> time), main td:has(> .bad)')]
  .filter((element) => element.scrollWidth > element.clientWidth)
  .map((element) => element.textContent)`

/** Runs in the page: pixels that stick out. */
const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'

/** Runs in the page: text that a mistake would make markup of. */
const tryMarkup = `(() => {
  try {
    document.body.innerHTML = '<b>markup</b>'
    return document.body.innerHTML
  } catch (error) {
    return String(error)
  }
})()`

/** Runs in the page: nobody may declare text to be trusted. */
const tryPolicy = `(() => {
  try {
    return trustedTypes.createPolicy('any', { createHTML: (text) => text }).name
  } catch (error) {
    return String(error)
  }
})()`

/** Runs in the page, as a hole in it would. */
const tryInlineScript = `(() => {
  const script = document.createElement('script')
  try {
    script.textContent = 'globalThis.hasRun = true'
    document.body.append(script)
  } catch {
    // Refused before it could be tried.
  }
  return globalThis.hasRun === true ? 'has run' : 'did not run'
})()`
