/**
 * Chromium for tests: what fails in it is told, and none of them keeps a file from ending.
 */
import { after } from 'node:test'
import { type Browser, chromium, type LaunchOptions } from 'playwright-core'

// What Playwright colours the log of a failure with sets the prototype of a function by this name, which `--disable-proto=throw`
// forbids: the failure would be told nobody, and its test wait for ever. Of all that is no function the name stays forbidden.
Object.defineProperty(Function.prototype, '__proto__', {
  configurable: true,
  set(prototype: object | null) {
    Object.setPrototypeOf(this, prototype)
  },
})

const launched: Browser[] = []
// Also those of tests that ran out of time, which never come to their own end.
after(async () => {
  for (const browser of launched) await browser.close()
})

export async function launchChromium(options: LaunchOptions): Promise<Browser> {
  const browser = await chromium.launch(options)
  launched.push(browser)
  return browser
}
