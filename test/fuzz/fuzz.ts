/**
 * Rounds of scenes against one broker process: a crash, an unhandled rejection, an answer that cannot be read, a turn of more than
 * 50 ms, a connection that is not closed and a heap that grows from round to round are findings.
 *
 * A finding is made as small as it goes and written down; a slow turn that the same packets do not bring again was the collector.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pass } from 'node:timers/promises'
import { makeChance } from '../support/chance.ts'
import { FuzzedBroker } from './fuzzed-broker.ts'
import { clearRetained, playScene } from './play.ts'
import { makePools, makeScene } from './scenes.ts'
import { countPackets, recorded, type Script } from './script.ts'

export interface Finding {
  readonly what: string
  /** Where the packets are; null if no file can say it (a leak is of many). */
  readonly file: string | null
}

export interface RoundResult {
  readonly packets: number
  readonly aliveBytes: number
  readonly findings: readonly Finding[]
}

/** Scenes are put together so that many clients are at work at once, and few enough that a slow turn is the broker's fault. */
const scenesAtOnce = 2

/** Whether the packets alone, to a broker of its own, bring it about again. */
async function recurs(scripts: readonly Script[]): Promise<string | null> {
  await using broker = await FuzzedBroker.start()
  // A broker that has just started is slow at everything it does for the first time.
  const slow = await playScene(broker, scripts)
  return slow?.startsWith('one turn') === true ? playScene(broker, scripts) : slow
}

/** Leaves out scripts, then packets, as long as it still happens; at most `tries` brokers are started. */
export async function shrink(
  scripts: readonly Script[],
  stillHappens: (scripts: readonly Script[]) => Promise<boolean>,
  tries = 60,
): Promise<readonly Script[]> {
  let smallest = scripts
  let left = tries
  const attempt = async (candidate: readonly Script[]): Promise<boolean> => {
    left -= 1
    if (left < 0 || candidate.length === 0 || !(await stillHappens(candidate))) return false
    smallest = candidate
    return true
  }
  for (let at = scripts.length - 1; at >= 0; at--) await attempt(smallest.filter((_, index) => index !== at))
  for (let script = smallest.length - 1; script >= 0; script--) {
    const packets = () => smallest[script]?.packets ?? []
    for (let size = (packets().length + 1) >> 1; size > 0; size >>= 1) {
      let from = 0
      while (from < packets().length && left > 0) {
        const rest = [...packets().slice(0, from), ...packets().slice(from + size)]
        const without = smallest.map((each, at) => (at === script ? { ...each, packets: rest } : each))
        if (!(await attempt(without))) from += size
      }
    }
  }
  return smallest
}

async function writeDown(what: string, scripts: readonly Script[], folder: string): Promise<string> {
  const kind = what.split(/[ :]/)[0] ?? 'fault'
  const happens = async (candidate: readonly Script[]) => (await recurs(candidate))?.startsWith(kind) === true
  const text = recorded(what, await shrink(scripts, happens))
  mkdirSync(folder, { recursive: true })
  const name = `${kind}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}.json`
  writeFileSync(join(folder, name), text)
  return name
}

/** One round: about as many packets as asked for, from one seed; ends with what is alive. */
export async function playRound(
  broker: FuzzedBroker,
  seed: number,
  packets: number,
  folder: string,
): Promise<RoundResult> {
  const chance = makeChance(seed)
  const pools = makePools(seed)
  const findings: Finding[] = []
  let played = 0
  while (played < packets && broker.crash === null) {
    const scripts = Array.from({ length: scenesAtOnce }, () => makeScene(pools, chance)).flat()
    played += countPackets(scripts)
    const what = await playScene(broker, scripts)
    if (what === null) continue
    const again = what.startsWith('crash') ? what : await recurs(scripts)
    if (again !== null) findings.push({ what, file: await writeDown(what, scripts, folder) })
    else if (!what.startsWith('one turn')) findings.push({ what: `${what} (not again)`, file: null })
  }
  if (broker.crash !== null) return { packets: played, aliveBytes: 0, findings }
  await clearRetained(broker)
  return { packets: played, aliveBytes: await broker.aliveBytes(), findings }
}

/** Bytes alive once the Sessions of a round have ended: looked at until that changes little, for 10 s at most. */
export async function settledBytes(broker: FuzzedBroker): Promise<number> {
  let before = await broker.aliveBytes()
  for (let looks = 20; looks > 0; looks--) {
    await pass(500)
    const bytes = await broker.aliveBytes()
    if (Math.abs(bytes - before) < before / 200) return bytes
    before = bytes
  }
  return before
}

/** What is alive comes to less than 5 % more than `before`: looked at for 10 s at most. */
export async function keepsItsSize(broker: FuzzedBroker, before: number): Promise<{ isKept: boolean; bytes: number }> {
  let bytes = 0
  for (let looks = 20; looks > 0; looks--) {
    bytes = await broker.aliveBytes()
    if (bytes < before * 1.05) return { isKept: bytes >= 0, bytes }
    await pass(500)
  }
  return { isKept: false, bytes }
}

export interface FuzzOptions {
  readonly seed: number
  readonly packets: number
  readonly packetsPerRound: number
  /** Where findings are written down. */
  readonly folder: string
  /** False to stop after the round. */
  readonly goesOn: () => boolean
  readonly say: (text: string) => void
}

/** Round after round, each from a seed of its own, the next number; returns the packets played and everything found. */
export async function fuzz(options: FuzzOptions): Promise<{ packets: number; rounds: number; findings: Finding[] }> {
  const { packetsPerRound, folder, say } = options
  const findings: Finding[] = []
  let broker = await FuzzedBroker.start()
  let size = 0
  let packets = 0
  let rounds = 0
  try {
    while (packets < options.packets && options.goesOn()) {
      const seed = options.seed + rounds
      const round = await playRound(broker, seed, packetsPerRound, folder)
      packets += round.packets
      rounds += 1
      const found = [...round.findings]
      const hasCrashed = broker.crash !== null
      // The first round fills what is kept for speed, and what is remembered of the past.
      if (!hasCrashed && size === 0) size = await settledBytes(broker)
      const { isKept, bytes } = hasCrashed ? { isKept: true, bytes: 0 } : await keepsItsSize(broker, size)
      if (!isKept) found.push({ what: `leak: ${size} bytes alive became ${bytes} (seed ${seed})`, file: null })
      for (const { what, file } of found) say(`FOUND with seed ${seed}: ${what}${file === null ? '' : ` → ${file}`}`)
      findings.push(...found)
      const verdict = found.length === 0 ? 'nothing found' : `${found.length} findings`
      say(`Seed ${seed}: ${packets} packets, ${(bytes / 1e6).toFixed(1)} MB alive, ${verdict}`)
      if (hasCrashed || !isKept) {
        await broker[Symbol.asyncDispose]()
        broker = await FuzzedBroker.start()
        size = 0
      }
    }
  } finally {
    await broker[Symbol.asyncDispose]()
  }
  return { packets, rounds, findings }
}
