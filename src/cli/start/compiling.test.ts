import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const module = fileURLToPath(new URL('compiling.ts', import.meta.url))
const begin = 'compileAllOnceStarted()'
/** With time for V8's threads in between. */
const callOften =
  'for (let times = 0; times < 10; times++) { for (let round = 0; round < 5000; round++) whole(round & 15); await after(10) }'
const beBusy = 'for (const end = started() + 700; started() < end; );'

/** That so many seconds pass, each of them a hundredth of one. */
const seconds = (count: number) => `passed += ${count * 990}; await after(${count * 10})`

/** How many of forty functions TurboFan has put into the one that calls them when all of this is done; it always does with some, if it compiles it. */
async function inlined(...steps: string[]): Promise<number> {
  const script = `
    import { compileAllOnceStarted } from ${JSON.stringify(module)}
    import { setTimeout as after } from 'node:timers/promises'
    const started = performance.now.bind(performance)
    let passed = 0
    performance.now = () => started() + passed
    const soon = setInterval
    globalThis.setInterval = (work, ms) => soon(work, ms / 100)
    const body = 'let sum = x; if (x > 3) sum += x * 7; if (x > 5) sum -= x * 3; if (x > 7) sum ^= x + 1; return sum'
    const parts = Array.from({ length: 40 }, (_, i) => 'function part' + i + '(x) { ' + body + ' }')
    const sum = parts.map((_, i) => 'part' + i + '(x)').join(' + ')
    const whole = new Function(parts.join('\\n') + '; return function whole(x) { return ' + sum + ' }')()
    await after(1)
    ${steps.join('\n')}`
  // What two threads say would get mixed.
  const trace = ['--trace-turbo-inlining', '--concurrent-turbofan-max-threads=1', '--no-use-osr']
  const { stdout } = await run(process.execPath, [...trace, '--input-type=module', '--eval', script], {
    maxBuffer: 256 * 1024 * 1024,
  })
  const found = stdout.matchAll(/^Inlining .*SharedFunctionInfo (part\d+)>\} into .*SharedFunctionInfo whole>/gm)
  return new Set([...found].map(([, name]) => name)).size
}

test("V8's last compiler waits while the broker starts, and then inlines further", async () => {
  const usual = await inlined(callOften)
  assert.ok(usual > 0 && usual < 40, `${usual}`)
  assert.equal(await inlined(begin, seconds(1), callOften), 0)
  assert.equal(await inlined(begin, seconds(6), callOften), 40)
})

test('what was compiled meanwhile is compiled again', async () => {
  assert.equal(await inlined(begin, seconds(1), callOften, seconds(5), callOften), 40)
})

test('a broker that is busy at once does not wait for five seconds', async () => {
  assert.equal(await inlined(begin, beBusy, seconds(1), callOften), 40)
})
