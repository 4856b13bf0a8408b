/**
 * Rounds of scenes against one broker process: a crash, an unhandled rejection, an answer that cannot be read, a turn of more than
 * 50 ms, a connection that is not closed and a heap that grows from round to round are findings.
 *
 * A finding is made as small as it goes and written down. A slow turn that the same packets do not bring again, neither to the broker
 * as it is by then nor to a new one, was the collector: those are counted, and the longest is told.
 */
import { setTimeout as pass } from 'node:timers/promises'
import { makeChance } from '../support/chance.ts'
import { FuzzedBroker } from './fuzzed-broker.ts'
import { clearRetained, playScene } from './play.ts'
import { makePools, makeScene } from './scenes.ts'
import { countPackets, type Script } from './script.ts'
import { shrink, writeDownScene } from './shrink.ts'

export interface Finding {
  readonly what: string
  /** Where the packets are; null if no file can say it (a leak is of many). */
  readonly file: string | null
}

export interface RoundResult {
  readonly packets: number
  readonly findings: readonly Finding[]
  /** What slow turns have taken that did not come again. */
  readonly slowOnceMs: readonly number[]
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

async function writeDown(what: string, scripts: readonly Script[], folder: string): Promise<string> {
  const kind = what.split(/[ :]/)[0] ?? 'fault'
  const happens = async (candidate: readonly Script[]) => (await recurs(candidate))?.startsWith(kind) === true
  // What the broker had become by then has a part in it otherwise: all of it is written down.
  const smallest = (await happens(scripts)) ? await shrink(scripts, happens) : scripts
  return writeDownScene(kind, what, smallest, folder)
}

/** What comes of the same packets again; null if nothing does. */
async function comesAgain(broker: FuzzedBroker, what: string, scripts: readonly Script[]): Promise<string | null> {
  if (what.startsWith('crash')) return what
  if (what.startsWith('one turn')) {
    const first = await playScene(broker, scripts)
    const second = first === null ? null : await playScene(broker, scripts)
    if (second !== null) return second
  }
  return recurs(scripts)
}

/** One round: about as many packets as asked for, from one seed; what was retained is taken away again. */
export async function playRound(
  broker: FuzzedBroker,
  seed: number,
  packets: number,
  folder: string,
): Promise<RoundResult> {
  const chance = makeChance(seed)
  const pools = makePools(seed)
  const findings: Finding[] = []
  const slowOnceMs: number[] = []
  let played = 0
  while (played < packets && broker.crash === null) {
    const scripts = Array.from({ length: scenesAtOnce }, () => makeScene(pools, chance)).flat()
    played += countPackets(scripts)
    const what = await playScene(broker, scripts)
    if (what === null) continue
    const again = await comesAgain(broker, what, scripts)
    if (again !== null) findings.push({ what: again, file: await writeDown(again, scripts, folder) })
    else if (what.startsWith('one turn')) slowOnceMs.push(Number(/\d+/.exec(what)?.[0]))
    else findings.push({ what: `${what} (not again)`, file: null })
  }
  if (broker.crash === null) await clearRetained(broker)
  return { packets: played, findings, slowOnceMs }
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
  /** Told after each round what there is so far. */
  readonly roundDone?: (sofar: { readonly packets: number; readonly rounds: number; readonly findings: number }) => void
  /** A module that harms the broker, to see that it is found. */
  readonly planted?: string
  /** False to stop after the round. */
  readonly goesOn: () => boolean
  readonly say: (text: string) => void
}

/** Round after round, each from a seed of its own, the next number; returns the packets played and everything found. */
export async function fuzz(options: FuzzOptions): Promise<{ packets: number; rounds: number; findings: Finding[] }> {
  const { packetsPerRound, folder, say, planted = null } = options
  const findings: Finding[] = []
  const start = () => FuzzedBroker.start(undefined, planted)
  let broker = await start()
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
      const slow = round.slowOnceMs
      const once =
        slow.length === 0 ? '' : `, ${slow.length} slow turns that did not come again (${Math.max(...slow)} ms)`
      const verdict = (found.length === 0 ? 'nothing found' : `${found.length} findings`) + once
      say(`Seed ${seed}: ${packets} packets, ${(bytes / 1e6).toFixed(1)} MB alive, ${verdict}`)
      options.roundDone?.({ packets, rounds, findings: findings.length })
      if (hasCrashed || !isKept) {
        await broker[Symbol.asyncDispose]()
        broker = await start()
        size = 0
      }
    }
  } finally {
    await broker[Symbol.asyncDispose]()
  }
  return { packets, rounds, findings }
}
