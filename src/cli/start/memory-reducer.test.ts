import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const module = fileURLToPath(new URL('memory-reducer.ts', import.meta.url))

/**
 * Whether V8 still means to give memory back when it has looked for the first time after a large collection, `looks` looks after `before`
 * has run. A second is a tenth of one here.
 */
async function meansTo(before: string, looks = 1, objects = 1_000_000): Promise<boolean> {
  const script = `
    import { giveMemoryBackWhenQuiet } from ${JSON.stringify(module)}
    import { setTimeout as after } from 'node:timers/promises'
    import { setFlagsFromString } from 'node:v8'
    const every = setInterval
    globalThis.setInterval = (work, ms) => every(work, ms / 10)
    // That this program begins has V8 look, too.
    setFlagsFromString('--memory-reducer-gc-count=0')
    await after(400)
    ${before}
    await after(${looks * 100 + 50})
    let much = Array.from({ length: ${objects} }, (_, i) => ({ i }))
    console.log('collected')
    globalThis.gc()
    much = null
    await after(700)`
  const argv = ['--expose-gc', '--trace-memory-reducer', '--gc-memory-reducer-start-delay-ms=50']
  const { stdout } = await run(process.execPath, [...argv, '--input-type=module', '--eval', script])
  const [, since = ''] = stdout.split('collected')
  assert.match(since, /Memory reducer: (high|low) alloc/, 'it has looked')
  return /Memory reducer: (waiting|started)/.test(since)
}

test('V8 gives no memory back while there is traffic, and does when it is quiet', async () => {
  const after = (each: number) => `let messages = 0; giveMemoryBackWhenQuiet(() => (messages += ${each}))`
  const allowed = "setFlagsFromString('--memory-reducer-gc-count=2')"
  const found = await Promise.all([allowed, after(1000), after(10)].map((before) => meansTo(before)))
  assert.deepEqual(found, [true, false, true])
})

test('while its heap is large it gives memory back only after nobody has sent a message for seconds: that takes long', async () => {
  const large = 'const kept = Array.from({ length: 2_000_000 }, (_, i) => ({ i }))'
  const after = (each: number) =>
    `${large}; let messages = 0; giveMemoryBackWhenQuiet(() => kept.length && (messages += ${each}))`
  const found = await Promise.all([after(1), after(0)].map((before) => meansTo(before, 7, 4_000_000)))
  assert.deepEqual(found, [false, true])
})
