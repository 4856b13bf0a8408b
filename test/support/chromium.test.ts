/**
 * A browser test that fails ends its file, with the reason.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { chromiumOptions } from '../../bench/scroll-frames.ts'

const chromium = new URL('./chromium.ts', import.meta.url).href

/** What is printed by a file of one test, which gets a page and has `timeoutMs`. */
async function failing(timeoutMs: number, body: string): Promise<string> {
  const script = `
    import { test } from 'node:test'
    import { launchChromium } from ${JSON.stringify(chromium)}
    test('it', { timeout: ${timeoutMs} }, async () => {
      const browser = await launchChromium(${JSON.stringify(chromiumOptions)})
      const page = await browser.newPage()
      ${body}
    })`
  const words = ['--disable-proto=throw', '--input-type=module-typescript', '-e', script]
  const ended = await promisify(execFile)(process.execPath, words, { timeout: 60_000 }).catch((error) => error)
  assert.equal(ended.code, 1, 'the file ends by itself, and has failed')
  return ended.stdout
}

test('what a page waited for in vain is told, though prototypes cannot be set by name', async () => {
  const printed = await failing(30_000, `await page.getByText('tea').waitFor({ timeout: 100 })`)
  assert.match(printed, /Timeout 100ms exceeded[\s\S]*waiting for getByText\('tea'\)/)
  assert.match(await failing(30_000, 'const plain = {}; plain.__proto__ = null'), /ERR_PROTO_ACCESS/)
})

test('a test that runs out of time leaves no browser that would keep its file from ending', async () => {
  assert.match(await failing(3000, 'await new Promise(() => {})'), /test timed out after 3000ms/)
})
