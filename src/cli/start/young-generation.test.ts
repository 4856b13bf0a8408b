import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const module = fileURLToPath(new URL('young-generation.ts', import.meta.url))

/**
 * MiB of the young generation after much has been in flight for a while: the least of the last turns, because while V8 marks its heap it
 * takes what it needs beyond.
 */
function youngMibAfter(before: string): number {
  const script = `
    import { boundYoungGeneration } from ${JSON.stringify(module)}
    import { setImmediate as nextTurn } from 'node:timers/promises'
    import { getHeapSpaceStatistics } from 'node:v8'
    ${before}
    const young = () => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size
    let least = Infinity
    const inFlight = []
    for (let number = 0; number < 3_000_000; number++) {
      inFlight[number % 400_000] = { number, copy: [number] }
      if (number % 2000 === 0) await nextTurn()
      if (number > 2_000_000 && number % 2000 === 0) least = Math.min(least, young())
    }
    console.log(least / 2 ** 20)`
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }))
}

test('the young generation of the heap stays small, where it would become large', () => {
  assert.ok(youngMibAfter('') > 32, 'V8 needs to be bounded')
  assert.ok(youngMibAfter('boundYoungGeneration(() => 0)') <= 16)
})

test('it may become twice as large while thousands of messages are in flight', () => {
  const mib = youngMibAfter('boundYoungGeneration(() => 5000)')
  assert.ok(mib > 16 && mib <= 32, `${mib} MiB`)
})

test('while it is small one thread collects it, and all of them once it is large', () => {
  const script = `
    import v8 from 'node:v8'
    import { syncBuiltinESMExports } from 'node:module'
    import { setImmediate as nextTurn } from 'node:timers/promises'
    const flags = []
    const { setFlagsFromString } = v8
    v8.setFlagsFromString = (flag) => {
      if (flag.includes('parallel')) flags.push(flag)
      setFlagsFromString(flag)
    }
    syncBuiltinESMExports()
    const { boundYoungGeneration } = await import(${JSON.stringify(module)})
    boundYoungGeneration(() => 0)
    const small = flags.length
    const inFlight = []
    for (let number = 0; number < 1_000_000; number++) {
      inFlight[number % 400_000] = { number, copy: [number] }
      if (number % 2000 === 0) await nextTurn()
    }
    console.log(JSON.stringify([small, ...flags]))`
  const said = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
  assert.deepEqual(JSON.parse(said).slice(0, 3), [1, '--no-parallel-scavenge', '--parallel-scavenge'])
})
