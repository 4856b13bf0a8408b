/**
 * `npm run prove fuzz`: 500 plays to Pabal and mosquitto, and 10,000,000 packets. Ends with 1 if anything is found.
 *
 * It stops after an hour, or after PABAL_FUZZ_MINUTES, and goes on the next time: artefacts/fuzz.json says where.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { comparePlays } from './differential/plays.ts'
import { fuzz } from './fuzz.ts'

const wanted = 10_000_000
const plays = 500
const endsMs = Date.now() + Number(process.env.PABAL_FUZZ_MINUTES ?? 60) * 60_000
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

const say = (text: string) => process.stdout.write(`${text}\n`)
const playSeed = Date.now() % 1_000_000
const { steps, intended, faults } = await comparePlays(playSeed, plays)
for (const fault of faults) say(`FOUND: ${fault}`)
const meant = [...intended].map(([name, times]) => `${name} ${times}`).join(', ')
say(`Plays from seed ${playSeed}: ${plays} of ${steps} steps, ${faults.length} findings; meant to differ: ${meant}`)

const before = readProgress()
const result = await fuzz({
  seed: before.nextSeed,
  packets: wanted - before.packets,
  packetsPerRound: 100_000,
  folder: fileURLToPath(new URL('corpus', import.meta.url)),
  goesOn: () => Date.now() < endsMs,
  say,
})
const packets = before.packets + result.packets
const findings = before.findings + result.findings.length
if (packets < wanted) {
  mkdirSync(artefacts, { recursive: true })
  const progress: Progress = { nextSeed: before.nextSeed + result.rounds, packets, findings }
  writeFileSync(progressFile, JSON.stringify(progress))
  say(`${packets} of ${wanted} packets, ${findings} findings; run it again to go on`)
} else {
  rmSync(progressFile, { force: true })
  say(`${packets} packets, ${findings} findings`)
}
if (findings > 0 || faults.length > 0) process.exitCode = 1
