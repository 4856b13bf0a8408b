/**
 * What reads bytes from outside bears whatever they are. `npm run prove fuzz` gives it ten minutes.
 *
 * PABAL_FUZZ_INPUTS changes the number for each, PABAL_SEED the seed.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { faultOfInput, fuzzTarget, type RecordedInput, writeDownInput } from './fuzz-target.ts'
import { fedBy, fromOperator, fromOutside, type Target } from './target.ts'
import { targets } from './targets.ts'

const inputs = Number(process.env.PABAL_FUZZ_INPUTS ?? 250)
const seed = Number(process.env.PABAL_SEED ?? 20_261_125)
const corpus = fileURLToPath(new URL('../corpus/inputs', import.meta.url))
const root = temporaryDirectory()

for (const target of targets) {
  // To read a configuration takes as long as many packets.
  const count = target.slowestMs > fromOutside.slowestMs ? inputs / 2.5 : inputs
  test(`${count} inputs for ${target.name}: each is taken or refused in its own words`, async () => {
    const { faults, kept, charactersAtFirst, characters } = await fuzzTarget(target, seed, { inputs: count })
    const files = faults.map((fault) => `seed ${seed}: ${fault.what}\n${fault.input.toString('latin1')}`)
    assert.deepEqual(files, [])
    assert.ok(kept > 0 && characters > charactersAtFirst, 'variation found nothing that the first inputs had not')
  })
}

function recordedIn(folder: string, name: string): { target: Target; input: Buffer } {
  // Only `writeDownInput` and its like write these files.
  const recorded = JSON.parse(readFileSync(join(folder, name), 'utf8')) as RecordedInput
  const target = targets.find((each) => each.name === recorded.target)
  return { target: target ?? assert.fail(`no target ${recorded.target}`), input: Buffer.from(recorded.input, 'hex') }
}

for (const name of readdirSync(corpus)) {
  test(`${name} of the corpus does no harm any more`, async () => {
    const { target, input } = recordedIn(corpus, name)
    await using fed = await target.start()
    assert.equal(await faultOfInput(fed, target, input), null)
  })
}

test('a finding is made as small as it goes, and written down to be played again', async () => {
  const feed = (input: Buffer): void => {
    if (input.includes('bad')) throw new Error('it was bad')
  }
  const target: Target = {
    ...{ name: 'proxy-header', ...fromOperator, folders: ['transport'], words: ['bad'] },
    seeds: [Buffer.from('something that is long and good')],
    start: () => fedBy(feed),
  }
  const { faults } = await fuzzTarget(target, seed, { inputs: 1000 })
  assert.deepEqual(
    faults.map(({ input }) => input.toString()),
    ['bad'],
  )
  const [fault] = faults
  const name = writeDownInput(target, fault ?? assert.fail(), root)
  assert.match(name, /^proxy-header-[0-9a-f]{8}\.json$/)
  const { input } = recordedIn(root, name)
  assert.match((await faultOfInput(await target.start(), target, input)) ?? '', /^Error: it was bad/)
})

test('what takes long each time is a finding', async () => {
  const feed = (input: Buffer): void => {
    const { user } = process.threadCpuUsage()
    while (input.includes('slow') && process.threadCpuUsage().user - user < 80_000);
  }
  const target: Target = {
    ...{ name: 'slow', bytesMost: 100, slowestMs: 50, folders: ['transport'], words: ['slow'] },
    ...{ seeds: [Buffer.from('slow')], start: () => fedBy(feed) },
  }
  const { faults } = await fuzzTarget(target, seed, { inputs: 1 })
  assert.match(faults[0]?.what ?? '', /^it took \d+ ms$/)
})
