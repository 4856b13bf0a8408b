/**
 * Play after play to Pabal and to mosquitto, each to brokers of its own: what they do not agree on, and what the model does not.
 */
import { makeChance } from '../../support/chance.ts'
import { startTestBroker } from '../../support/test-broker.ts'
import { firstDifference, firstFault, reasonFor } from './compare.ts'
import { Mosquitto } from './mosquitto.ts'
import { type Play, PlayWriter } from './play.ts'
import { stage } from './stage.ts'

const stepsMost = 14
/** Ends that say nothing about the packets. */
const plainEnd = /^the client (?:closed|disconnected)/

export interface Agreement {
  readonly steps: number
  /** How many plays ended in each difference that is meant to be. */
  readonly intended: ReadonlyMap<string, number>
  readonly faults: readonly string[]
}

export function playOf(seed: number): Play {
  return new PlayWriter(makeChance(Math.imul(seed, 7919))).write(stepsMost)
}

/** Plays `count` plays, of this seed and the next ones. After every Turn Pabal's two equations hold, or it throws. */
export async function comparePlays(seed: number, count: number): Promise<Agreement> {
  const intended = new Map<string, number>()
  const faults: string[] = []
  let steps = 0
  for (let at = seed; at < seed + count; at++) {
    const play = playOf(at)
    steps += play.steps.length
    await using mosquitto = await Mosquitto.start()
    await using running = await startTestBroker()
    let closed = ''
    running.broker.on('disconnected', ({ reason }) => {
      if (!plainEnd.test(reason)) closed = reason
    })
    const port = Number(new URL(running.url).port)
    const [pabal, other] = await Promise.all([stage(port, play), stage(mosquitto.port, play)])
    const fault = firstFault(play, pabal)
    if (fault !== null) faults.push(`play ${at}, by the model: ${fault}`)
    const difference = firstDifference(play, pabal, other, closed)
    if (difference === null) continue
    const reason = reasonFor(difference)
    if (reason === null) faults.push(`play ${at}, against mosquitto: ${JSON.stringify(difference)}`)
    else intended.set(reason.name, (intended.get(reason.name) ?? 0) + 1)
  }
  return { steps, intended, faults }
}
