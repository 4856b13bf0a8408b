/**
 * The core under clients that do as they please: whatever happens, everybody gets what they must get, and no more.
 *
 * PABAL_SEED repeats the run of one seed, PABAL_RUNS changes how many there are.
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

function simulate(seed: number): void {
  const simulation = new Simulation(seed)
  try {
    simulation.run(stepsPerRun)
    finish(simulation)
  } catch (error) {
    const steps = simulation.steps.slice(-40).join('\n')
    throw new Error(`PABAL_SEED=${seed} repeats this. The last steps:\n${steps}`, { cause: error })
  }
}

test('every promise holds after every step, whatever clients do', () => {
  if (only !== undefined) simulate(Number(only))
  else for (let seed = 1; seed <= runs; seed++) simulate(seed)
})

for (const [seed, bug] of only === undefined ? found : []) {
  test(`seed ${seed} no longer finds that ${bug}`, () => simulate(seed))
}
