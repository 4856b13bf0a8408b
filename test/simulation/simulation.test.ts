/**
 * The core under clients that do as they please: whatever happens, everybody gets what they must get, and no more.
 *
 * PABAL_SEED repeats the run of one seed, PABAL_RUNS changes how many there are, PABAL_BROKER=memory or durable takes only
 * that kind. A durable broker also crashes.
 */
import { test } from 'node:test'
import { finish } from './finish.ts'
import { Simulation } from './simulation.ts'

const stepsPerRun = 400
const runs = Number(process.env.PABAL_RUNS ?? 300)
const only = process.env.PABAL_SEED

/** Seeds that have found a bug, and what it was. */
const found: readonly (readonly [seed: number, bug: string])[] = [
  [1, 'a message whose permission was never decided had no fate'],
  [1, 'more than a smaller Receive Maximum was sent again to a client that came back'],
  [5, 'PINGRESP overtook the CONNACK'],
  [11, 'a copy that moved on in a shared group named a message nobody had recorded'],
  [58, 'a filter named twice in one SUBSCRIBE got its Retained Messages with the options of the second'],
  [120, 'a message overtook one that still waited when the CONNACK had left'],
]

/** The same for a durable broker. */
const foundDurable: typeof found = [
  [1, 'a restart in the middle of a round of snapshots put a Session that had ended in the place of the one after it'],
  [2, 'messages that were read found no room and were read again for ever, or were not durable yet'],
  [5, 'the records of two copies of one message for the same Session could not be told apart'],
  [6, 'PUBREC was in no snapshot, and a recipient set was forgotten while a Session still counted on it'],
  [8, 'a QoS 1 message in flight was in no snapshot, and lost'],
  [11, 'a Retained Message was trimmed because of one that was not durable yet'],
  [16, 'a recipient set that was defined twice was forgotten'],
  [84, 'a recipient set lacked the Sessions that had no snapshot yet'],
  [252, 'a copy in flight that was over was given up twice, and the broker did not start'],
  [272, 'a snapshot forgot what had been taken out of turn, and it was sent twice'],
  [583, 'a copy waited for a message that had been trimmed'],
  [879, 'messages were read that were over'],
]

function simulate(seed: number, isDurable: boolean): void {
  const simulation = new Simulation(seed, isDurable)
  try {
    simulation.run(stepsPerRun)
    finish(simulation)
  } catch (error) {
    const steps = simulation.steps.slice(-40).join('\n')
    const how = `PABAL_SEED=${seed} PABAL_BROKER=${isDurable ? 'durable' : 'memory'}`
    throw new Error(`${how} repeats this. The last steps:\n${steps}`, { cause: error })
  }
}

const kinds = process.env.PABAL_BROKER === undefined ? ['memory', 'durable'] : [process.env.PABAL_BROKER]

for (const kind of kinds) {
  const isDurable = kind === 'durable'
  test(`every promise holds ${isDurable ? 'across crashes' : 'after every step'}, whatever clients do`, () => {
    if (only !== undefined) simulate(Number(only), isDurable)
    else for (let seed = 1; seed <= runs; seed++) simulate(seed, isDurable)
  })

  for (const [seed, bug] of only !== undefined ? [] : isDurable ? foundDurable : found) {
    test(`seed ${seed} no longer finds that ${bug}`, () => simulate(seed, isDurable))
  }
}
