/**
 * How large the young generation of the heap becomes, and who collects it: in processes of their own.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const module = fileURLToPath(new URL('../../src/cli/start/young-generation.ts', import.meta.url))

/**
 * MiB of the young generation after much has been in flight for a while: the least of the last turns, because while V8 marks its heap it
 * takes what it needs beyond.
 */
function youngMibAfter(before: string): number {
  const script = `
    import { boundYoungGeneration } from ${JSON.stringify(module)}
    import { setImmediate as nextTurn } from 'node:timers/promises'
    import { getHeapSpaceStatistics } from 'node:v8'
    let number = 0
    ${before}
    const young = () => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size
    let least = Infinity
    const inFlight = []
    for (; number < 3_000_000; number++) {
      inFlight[number % 400_000] = { number, copy: [number] }
      if (number % 2000 === 0) await nextTurn()
      if (number > 2_000_000 && number % 2000 === 0) least = Math.min(least, young())
    }
    console.log(least / 2 ** 20)`
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }))
}

test('the young generation of the heap stays small, where it would become large', () => {
  assert.ok(youngMibAfter('') > 32, 'V8 needs to be bounded')
  assert.ok(youngMibAfter('boundYoungGeneration({ copiesInFlight: () => 0, happened: () => number * 100 })') <= 16)
})

test('it may become twice as large while thousands of messages are in flight', () => {
  const mib = youngMibAfter('boundYoungGeneration({ copiesInFlight: () => 5000, happened: () => number * 100 })')
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
    let number = 0
    const { boundYoungGeneration } = await import(${JSON.stringify(module)})
    boundYoungGeneration({ copiesInFlight: () => 0, happened: () => number * 100 })
    const small = flags.length
    const inFlight = []
    for (; number < 1_000_000; number++) {
      inFlight[number % 400_000] = { number, copy: [number] }
      if (number % 2000 === 0) await nextTurn()
    }
    console.log(JSON.stringify([small, ...flags]))`
  const said = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
  assert.deepEqual(JSON.parse(said).slice(0, 3), [1, '--no-parallel-scavenge', '--parallel-scavenge'])
})

test('where little happens for seconds it does not grow and nobody asks, until much happens', () => {
  const script = `
    import v8 from 'node:v8'
    import { syncBuiltinESMExports } from 'node:module'
    import { setTimeout as after } from 'node:timers/promises'
    const every = setInterval
    globalThis.setInterval = (work, ms) => every(work, ms / 10)
    let asked = 0
    const { getHeapSpaceStatistics } = v8
    v8.getHeapSpaceStatistics = () => {
      asked++
      return getHeapSpaceStatistics()
    }
    syncBuiltinESMExports()
    const { boundYoungGeneration } = await import(${JSON.stringify(module)})
    let happened = 0
    let perLook = 0
    boundYoungGeneration({ copiesInFlight: () => 0, happened: () => (happened += perLook) })
    const mib = () => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size / 2 ** 20
    const inFlight = []
    // A second is a tenth of one here.
    const outcome = async (seconds) => {
      await after(seconds * 100)
      const before = asked
      for (let number = 0; number < 200_000; number++) {
        inFlight[number % 100_000] = { number, copy: [number] }
        if (number % 2000 === 0) await after(0)
      }
      return { asked: asked - before, mib: mib() }
    }
    perLook = 9_000
    const soon = await outcome(2)
    const little = await outcome(8)
    perLook = 11_000
    console.log(JSON.stringify([soon, little, await outcome(3)]))`
  const argv = ['--semi-space-growth-factor=2', '--input-type=module', '--eval', script]
  const [soon, little, much] = JSON.parse(execFileSync(process.execPath, argv, { encoding: 'utf8' }))
  assert.ok(soon.asked > 2 && soon.mib > 4, JSON.stringify(soon))
  assert.ok(little.asked === 0 && little.mib <= soon.mib, JSON.stringify(little))
  assert.ok(much.asked > 2 && much.mib >= little.mib, JSON.stringify(much))
})
