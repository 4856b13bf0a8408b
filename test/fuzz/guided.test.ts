/**
 * PABAL_GUIDED changes the number of scripts, PABAL_SEED the seed.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeChance } from '../support/chance.ts'
import { DrivenCore } from '../support/driven-core.ts'
import { Coverage, foldersOf } from './coverage.ts'
import { faultOf, fuzzGuided, runScript } from './guided.ts'
import { makePools, makeScene } from './scenes.ts'
import { recorded, scriptsOf } from './script.ts'

const scripts = Number(process.env.PABAL_GUIDED ?? 3000)
const seed = Number(process.env.PABAL_SEED ?? 20_261_125)
const corpus = fileURLToPath(new URL('corpus', import.meta.url))

test(`${scripts} scripts, varied where they make new code run: no error of ours, no script over 50 ms, and the ledger adds up`, async () => {
  const { kept, faults, charactersAtFirst, characters } = await fuzzGuided(seed, scripts)
  assert.deepEqual(
    faults.map(({ what, scripts: guilty }) => `seed ${seed}: ${what}\n${recorded(what, guilty)}`),
    [],
  )
  assert.ok(kept > 0 && characters > charactersAtFirst, 'variation found nothing that generation had not')
})

for (const name of readdirSync(corpus).filter((each) => each.endsWith('.json'))) {
  test(`${name} of the corpus does a new core no harm any more`, () => {
    assert.equal(faultOf(scriptsOf(readFileSync(join(corpus, name), 'utf8'))), null)
  })
}

test('code that runs for the first time is told from code that has run', async () => {
  await using coverage = new Coverage(foldersOf('protocol', 'core'))
  await coverage.start()
  const [script, ...others] = makeScene(makePools(seed), makeChance(seed))
  const run = () => runScript(new DrivenCore(), script ?? assert.fail())
  run()
  const first = await coverage.take()
  assert.ok(coverage.countNew(first) > 1000)
  assert.equal(coverage.add(first), coverage.characters)
  run()
  assert.equal(coverage.add(await coverage.take()), 0)
  for (const other of others) runScript(new DrivenCore(), other)
  assert.ok(coverage.add(await coverage.take()) > 0)
})
