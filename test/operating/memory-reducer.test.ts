/**
 * When a program gives back memory that it takes no more: in processes of their own, whose heap is measured.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const module = fileURLToPath(new URL('../../src/cli/start/memory-reducer.ts', import.meta.url))

interface Outcome {
  /** What of V8's flags was set, in their order. */
  readonly flags: readonly string[]
  /** MiB of the heap when what it had kept was let go of, and at the end. */
  readonly letGo: number
  readonly atEnd: number
}

/**
 * A program that lets go of some 40 MB, and ends `looks` looks later; a second is a tenth of one. `happened` is the body of the function
 * that is asked, and `kept` is how many MB it keeps.
 */
async function outcome(happened: string, { looks = 12, kept = 0, before = '' } = {}): Promise<Outcome> {
  const script = `
    import v8 from 'node:v8'
    import { syncBuiltinESMExports } from 'node:module'
    import { setTimeout as after } from 'node:timers/promises'
    const every = setInterval
    globalThis.setInterval = (work, ms) => every(work, ms / 10)
    const flags = []
    const { setFlagsFromString } = v8
    v8.setFlagsFromString = (flag) => { flags.push(flag); setFlagsFromString(flag) }
    syncBuiltinESMExports()
    ${before}
    const { giveMemoryBackWhenSilent } = await import(${JSON.stringify(module)})
    let looks = 0
    giveMemoryBackWhenSilent(() => { looks++; ${happened} })
    const objects = (megabytes) => Array.from({ length: megabytes * 12_000 }, (_, i) => ({ i, next: { i } }))
    const kept = objects(${kept})
    let much = objects(40)
    const size = () => v8.getHeapStatistics().total_heap_size / 2 ** 20
    const letGo = size()
    much = null
    const from = looks
    while (looks < from + ${looks}) await after(20)
    console.log(JSON.stringify({ flags, letGo, atEnd: size(), kept: kept.length }))`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script])
  return JSON.parse(stdout)
}

const never = '--memory-reducer-gc-count=0'

test('memory is given back when nothing has happened for seconds, and not before', async () => {
  const [silent, soon, busy, large] = await Promise.all([
    outcome('return 0'),
    outcome('return 0', { looks: 3 }),
    outcome('return looks'),
    outcome('return 0', { kept: 100, looks: 8 }),
  ])
  assert.ok(silent.atEnd < silent.letGo - 20, `${silent.letGo} MiB are ${silent.atEnd}`)
  for (const other of [soon, busy, large])
    assert.ok(other.atEnd > other.letGo - 5, `${other.letGo} MiB are ${other.atEnd}`)
})

test('a large heap is made smaller after a longer silence', async () => {
  const { letGo, atEnd } = await outcome('return 0', { kept: 100, looks: 30 })
  assert.ok(atEnd < letGo - 20, `${letGo} MiB are ${atEnd}`)
})

test('V8 is told once to leave it alone, whatever happens after it: told for a while only, it ends the process', async () => {
  const changing = await outcome('return looks < 8 || looks > 16 ? looks : 0', { looks: 24 })
  assert.equal(changing.flags[0], never)
  assert.equal(changing.flags.filter((flag) => flag.startsWith('--memory-reducer')).length, 1)
})

test('a start that takes as long as V8 waits leaves it to V8, which may have begun', async () => {
  const { flags } = await outcome('return 0', { looks: 0, before: 'performance.now = () => 8000' })
  assert.deepEqual(flags, [])
})
