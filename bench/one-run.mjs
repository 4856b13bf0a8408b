/**
 * One run of a scenario: a broker is started, put to work as the scenario says, and ended. What compare.mjs and floors.mjs repeat.
 */
import { generate, newDataDirectory, removeData, sleep, startBroker, stopBroker } from './broker-process.mjs'
import { sample } from './proc.mjs'

async function withBroker(command, scenario, data, run) {
  const line = command.replaceAll('{flags}', scenario.flags ?? '')
  const broker = await startBroker(line, scenario, { data, everyMs: scenario.start ? 2 : 20 })
  try {
    return await run(broker)
  } finally {
    await stopBroker(broker)
  }
}

/** What the generator reports. `seconds` holds where the scenario has none of its own, `more` are further words for the generator. */
export async function runOnce(command, scenario, seconds, more = []) {
  const data = newDataDirectory()
  try {
    return await withBroker(command, scenario, data, async (broker) => {
      await sleep(500)
      return generate(broker, [...scenario.args, '--seconds', scenario.seconds ?? seconds, ...more])
    })
  } finally {
    removeData(data)
  }
}

/** One run for all `commands`: their brokers live at the same time, and what the scenario says is done for each in turns. Reports in their order. */
export async function runInTurns(commands, scenario, more = []) {
  const brokers = []
  const data = commands.map(newDataDirectory)
  try {
    for (const [i, command] of commands.entries()) {
      const line = command.replaceAll('{flags}', scenario.flags ?? '')
      brokers.push(await startBroker(line, scenario, { data: data[i] }))
    }
    await sleep(500)
    const [first, ...others] = brokers
    const turns = ['--others', others.map(({ port, pid }) => `${port}:${pid}`).join(), '--turns', scenario.turns]
    const report = await generate(first, [...scenario.args, ...turns, '--seconds', scenario.seconds, ...more], 200)
    return report.failed ? commands.map(() => report) : report.brokers
  } finally {
    for (const broker of brokers) await stopBroker(broker)
    for (const directory of data) removeData(directory)
  }
}

/** From start to CONNACK: of an empty directory, a new one each time; of stored Sessions, the same one again and again. */
export async function startTimes(command, scenario, repeats) {
  const { sessions } = scenario.start
  const timed = (data) =>
    withBroker(command, scenario, data, async ({ connackMs, pid }) => ({
      connack_ms: connackMs,
      connack_cpu_ms: sample(pid).cpu * 1000,
    }))
  const results = []
  let data = newDataDirectory()
  try {
    if (sessions > 0) {
      const loaded = await withBroker(command, scenario, data, (broker) =>
        generate(broker, ['sessions', '--sessions', sessions], 300),
      )
      if (loaded.failed) return [loaded]
    }
    while (results.length < repeats) {
      results.push(await timed(data))
      if (sessions > 0) continue
      removeData(data)
      data = newDataDirectory()
    }
  } finally {
    removeData(data)
  }
  return results
}

export const median = (list) => list.slice().sort((a, b) => a - b)[Math.floor((list.length - 1) / 2)]
export const round = (n) =>
  n === null || n === undefined || !Number.isFinite(n) ? null : +n.toPrecision(n >= 1000 ? 4 : 3)
