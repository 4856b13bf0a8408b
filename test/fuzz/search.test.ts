/**
 * What the coverage is good for: with it a planted fault is found, without it the same number of inputs finds nothing.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeChance } from '../support/chance.ts'
import { Coverage } from './coverage.ts'
import { vary } from './guided.ts'
import { varyBytes } from './inputs/vary-bytes.ts'
import { readPlanted, takePlanted } from './planted.ts'
import { makePools, makeScene } from './scenes.ts'
import type { Script } from './script.ts'
import { Search } from './search.ts'

const seed = Number(process.env.PABAL_SEED ?? 10)
const planted = new URL('planted.ts', import.meta.url).href

/** How many of them have failed, and how many were run. */
interface Outcome {
  readonly failures: number
  readonly inputs: number
}

async function search<Input>(
  first: readonly Input[],
  vary: (input: Input, other: Input, chance: (most: number) => number) => Input,
  run: (input: Input) => void,
  inputs: number,
  isGuided: boolean,
): Promise<Outcome> {
  const coverage = isGuided ? new Coverage([planted]) : null
  await coverage?.start()
  let failures = 0
  const failed = (): void => {
    failures += 1
  }
  const found = new Search({ vary, run, failed }, makeChance(seed), coverage)
  await found.begin(first)
  await found.goOn({ inputs, goesOn: () => failures === 0 })
  await coverage?.[Symbol.asyncDispose]()
  return { failures, inputs: found.inputs }
}

test('a fault behind five bytes is found by coverage, and without it not in five times as many inputs', async () => {
  const target = { words: ['P', 'A', 'B', 'L', ' '], bytesMost: 100 }
  const varied = (input: Buffer, other: Buffer, chance: (most: number) => number) =>
    varyBytes(input, other, chance, target)
  const run = (isGuided: boolean, inputs: number) =>
    search([Buffer.from('a packet')], varied, readPlanted, inputs, isGuided)
  const guided = await run(true, 100_000)
  assert.ok(guided.failures > 0, `not in ${guided.inputs} inputs`)
  const blind = await run(false, 5 * guided.inputs)
  assert.equal(blind.failures, 0, `in ${blind.inputs} inputs, by coverage in ${guided.inputs}`)
})

test('a fault behind a course of packets is found by coverage, and without it not in five times as many scripts', async () => {
  const pools = makePools(7)
  const first: Script[] = makeScene(pools, makeChance(7))
  const run = (isGuided: boolean, inputs: number) => search(first, vary, takePlanted, inputs, isGuided)
  const guided = await run(true, 100_000)
  assert.ok(guided.failures > 0, `not in ${guided.inputs} scripts`)
  const blind = await run(false, 5 * guided.inputs)
  assert.equal(blind.failures, 0, `in ${blind.inputs} scripts, by coverage in ${guided.inputs}`)
})
