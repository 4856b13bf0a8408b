import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const module = fileURLToPath(new URL('inlining.ts', import.meta.url))

/** How many of forty functions V8 puts into the one that calls them, when that is compiled `ms` after `before` has run. A second is a hundredth of one here. */
async function inlined(before: string, ms: number): Promise<number> {
  const script = `
    import { inlineFurtherOnceStarted } from ${JSON.stringify(module)}
    import { setTimeout as after } from 'node:timers/promises'
    const soon = setTimeout
    globalThis.setTimeout = (work, ms) => soon(work, ms / 100)
    ${before}
    await after(${ms / 100})
    const body = 'let sum = x; if (x > 3) sum += x * 7; if (x > 5) sum -= x * 3; if (x > 7) sum ^= x + 1; return sum'
    const parts = Array.from({ length: 40 }, (_, i) => 'function part' + i + '(x) { ' + body + ' }')
    const calls = parts.map((_, i) => 'part' + i + '(x)').join(' + ')
    const whole = new Function(parts.join('\\n') + '; return function whole(x) { return ' + calls + ' }')()
    for (let round = 0; round < 300_000; round++) whole(round & 15)`
  const { stdout } = await run(
    process.execPath,
    ['--trace-turbo-inlining', '--no-concurrent-recompilation', '--input-type=module', '--eval', script],
    { maxBuffer: 256 * 1024 * 1024 },
  )
  const found = stdout.matchAll(/^Inlining .*SharedFunctionInfo (part\d+)>\} into .*SharedFunctionInfo whole>/gm)
  return new Set([...found].map(([, name]) => name)).size
}

test('V8 inlines as usual while the broker starts, and further from then on', async () => {
  const usual = await inlined('', 10_000)
  const early = await inlined('inlineFurtherOnceStarted()', 1000)
  const late = await inlined('inlineFurtherOnceStarted()', 10_000)
  assert.equal(early, usual)
  assert.ok(usual < 40 && late === 40, `${usual}, then ${late}`)
})
