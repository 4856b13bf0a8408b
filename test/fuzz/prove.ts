/**
 * `npm run prove fuzz`: 100,000 scripts by coverage, ten minutes for whatever else reads bytes from outside, 500 plays to Pabal and
 * mosquitto, 50 clients who share 5 Client Identifiers for ten minutes, and 10,000,000 packets. Ends with 1 if anything is found.
 *
 * It stops after an hour, or after PABAL_FUZZ_MINUTES, and goes on the next time: artefacts/fuzz.json says where.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCrowd } from './crowd-broker.ts'
import { comparePlays } from './differential/plays.ts'
import { fuzz } from './fuzz.ts'
import { fuzzGuided, writeDownScripts } from './guided.ts'
import { fuzzTarget, writeDownInput } from './inputs/fuzz-target.ts'
import { targets } from './inputs/targets.ts'

const wanted = 10_000_000
const guidedScripts = 100_000
const inputMinutes = 10
const plays = 500
const crowdMinutes = 10
const endsMs = Date.now() + Number(process.env.PABAL_FUZZ_MINUTES ?? 60) * 60_000
const corpus = fileURLToPath(new URL('corpus', import.meta.url))
const artefacts = fileURLToPath(new URL('../../artefacts', import.meta.url))
const progressFile = `${artefacts}/fuzz.json`

interface Progress {
  readonly nextSeed: number
  readonly packets: number
  readonly findings: number
}

function readProgress(): Progress {
  if (!existsSync(progressFile)) return { nextSeed: Date.now() % 1_000_000_000, packets: 0, findings: 0 }
  // Only this file writes it.
  return JSON.parse(readFileSync(progressFile, 'utf8')) as Progress
}

function writeProgress(progress: Progress): void {
  mkdirSync(artefacts, { recursive: true })
  writeFileSync(progressFile, JSON.stringify(progress))
}

const say = (text: string) => process.stdout.write(`${text}\n`)

async function proveGuided(): Promise<number> {
  const seed = Date.now() % 1_000_000
  const { scripts, kept, charactersAtFirst, characters, faults } = await fuzzGuided(seed, guidedScripts)
  for (const fault of faults) {
    say(`FOUND with seed ${seed}: ${fault.what} → ${await writeDownScripts(fault, corpus)}`)
  }
  const reached = `${kept} kept, ${charactersAtFirst} characters of code became ${characters}`
  say(`By coverage, seed ${seed}: ${scripts} scripts, ${reached}, ${faults.length} findings`)
  return faults.length
}

async function proveInputs(): Promise<number> {
  let findings = 0
  for (const target of targets) {
    const seed = Date.now() % 1_000_000
    const untilMs = Date.now() + (inputMinutes * 60_000) / targets.length
    const options = { inputs: Number.POSITIVE_INFINITY, goesOn: () => Date.now() < untilMs }
    const { inputs, kept, charactersAtFirst, characters, faults } = await fuzzTarget(target, seed, options)
    for (const fault of faults) {
      say(`FOUND with seed ${seed}: ${fault.what} → ${writeDownInput(target, fault, join(corpus, 'inputs'))}`)
    }
    const reached = `${kept} kept, ${charactersAtFirst} characters of code became ${characters}`
    say(`${target.name}, seed ${seed}: ${inputs} inputs, ${reached}, ${faults.length} findings`)
    findings += faults.length
  }
  return findings
}

async function provePlays(): Promise<number> {
  const seed = Date.now() % 1_000_000
  const { steps, intended, faults } = await comparePlays(seed, plays)
  for (const fault of faults) say(`FOUND: ${fault}`)
  const meant = [...intended].map(([name, times]) => `${name} ${times}`).join(', ')
  say(`Plays from seed ${seed}: ${plays} of ${steps} steps, ${faults.length} findings; meant to differ: ${meant}`)
  return faults.length
}

/** Throws at the first thing that is wrong. */
async function proveCrowd(): Promise<number> {
  const { published, received, turns, aliveBytes } = await runCrowd(Date.now() % 1_000_000, crowdMinutes * 60_000)
  const [first = 0, second = 0] = aliveBytes
  const sizes = `${(first / 1e6).toFixed(1)} MB alive became ${(second / 1e6).toFixed(1)}`
  say(
    `50 clients on 5 Client Identifiers, ${crowdMinutes} minutes: ${published} published, ${received} received at QoS 2, ${turns} Turns, ${sizes}`,
  )
  if (second < first * 1.05) return 0
  say(`FOUND: leak: ${sizes}`)
  return 1
}

const before = readProgress()
// Whoever goes on has done these.
const others =
  before.packets > 0 ? 0 : (await proveGuided()) + (await proveInputs()) + (await provePlays()) + (await proveCrowd())
const result = await fuzz({
  seed: before.nextSeed,
  packets: wanted - before.packets,
  packetsPerRound: 100_000,
  folder: corpus,
  // Whatever ends it, the next time it goes on behind the last round.
  roundDone: (sofar) => {
    const { nextSeed, packets, findings } = before
    writeProgress({
      nextSeed: nextSeed + sofar.rounds,
      packets: packets + sofar.packets,
      findings: findings + others + sofar.findings,
    })
  },
  goesOn: () => Date.now() < endsMs,
  say,
})
const packets = before.packets + result.packets
const findings = before.findings + others + result.findings.length
if (packets < wanted) {
  say(`${packets} of ${wanted} packets, ${findings} findings; run it again to go on`)
} else {
  rmSync(progressFile, { force: true })
  say(`${packets} packets, ${findings} findings`)
}
if (findings > 0) process.exitCode = 1
