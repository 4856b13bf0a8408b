/**
 * The search by coverage over what reads bytes from outside. A finding is made as small as it goes and named after what it is of.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeChance } from '../../support/chance.ts'
import { Coverage, foldersOf } from '../coverage.ts'
import { Search, type SearchOptions } from '../search.ts'
import type { Fed, Target } from './target.ts'
import { varyBytes } from './vary-bytes.ts'

export interface TargetResult {
  readonly inputs: number
  /** Inputs that made something new run, behind the seeds. */
  readonly kept: number
  readonly charactersAtFirst: number
  readonly characters: number
  readonly faults: readonly InputFault[]
}

export interface InputFault {
  readonly what: string
  readonly input: Buffer
}

/** A finding in a file of the corpus. */
export interface RecordedInput {
  readonly target: string
  /** What went wrong, in a sentence. */
  readonly found: string
  /** In hexadecimal digits. */
  readonly input: string
}

/** What goes wrong with this input; null if nothing does. What is slow once was something else. */
export async function faultOfInput(fed: Fed, { slowestMs }: Target, input: Buffer): Promise<string | null> {
  let leastMs = Number.POSITIVE_INFINITY
  for (let round = 0; round < 3 && leastMs > slowestMs; round++) {
    const { user: before } = process.threadCpuUsage()
    try {
      await fed.feed(input)
    } catch (error) {
      return error instanceof Error ? (error.stack ?? error.message) : String(error)
    }
    leastMs = Math.min(leastMs, (process.threadCpuUsage().user - before) / 1000)
  }
  return leastMs > slowestMs ? `it took ${leastMs.toFixed(0)} ms` : null
}

/** How the first line begins, and where in our code it was: without the numbers and texts that are others each time. */
function kindOf(what: string): string {
  const beginning = what.slice(0, 40).replace(/\d+|"[\s\S]*/g, 'N')
  return `${beginning} ${/\/(?:src|test)\/[^)]*/.exec(what)?.[0] ?? ''}`
}

/** Pieces are left out for as long as the same goes wrong. */
async function smallest(fed: Fed, target: Target, { what, input }: InputFault): Promise<InputFault> {
  let small = { what, input }
  let tries = 500
  for (let size = input.length >> 1; size > 0 && tries > 0; size >>= 1) {
    for (let at = 0; at < small.input.length && tries > 0; tries--) {
      const shorter = Buffer.concat([small.input.subarray(0, at), small.input.subarray(at + size)])
      const still = await faultOfInput(fed, target, shorter)
      if (still !== null && kindOf(still) === kindOf(what)) small = { what: still, input: shorter }
      else at += size
    }
  }
  return small
}

/** Searches a target; of findings of one kind the first is enough. */
export async function fuzzTarget(target: Target, seed: number, options: SearchOptions): Promise<TargetResult> {
  const chance = makeChance(seed)
  const found = new Map<string, InputFault>()
  await using fed = await target.start()
  await using coverage = new Coverage(foldersOf(...target.folders))
  await coverage.start()
  const subject = {
    vary: (input: Buffer, other: Buffer) => varyBytes(input, other, chance, target),
    run: (input: Buffer) => fed.feed(input),
    failed: (what: string, input: Buffer): void => {
      if (!found.has(kindOf(what))) found.set(kindOf(what), { what, input })
    },
  }
  const search = new Search(subject, chance, coverage, target.slowestMs)
  await search.begin(target.seeds)
  const charactersAtFirst = coverage.characters
  await search.goOn(options)
  const faults: InputFault[] = []
  for (const fault of found.values()) {
    const again = await faultOfInput(fed, target, fault.input)
    // What the collector or the compiler took does not come again.
    if (again !== null) faults.push(await smallest(fed, target, { ...fault, what: again }))
  }
  const { inputs, kept } = search
  const { characters } = coverage
  return { inputs, kept: kept.length - target.seeds.length, charactersAtFirst, characters, faults }
}

/** Writes a finding down; returns the name of its file. */
export function writeDownInput({ name }: Target, { what, input }: InputFault, folder: string): string {
  const recorded: RecordedInput = { target: name, found: what, input: input.toString('hex') }
  const file = `${name}-${createHash('sha256').update(input).digest('hex').slice(0, 8)}.json`
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, file), `${JSON.stringify(recorded, null, 2)}\n`)
  return file
}
