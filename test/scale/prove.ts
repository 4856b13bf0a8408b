/**
 * `npm run prove`: shows in full what one process holds and what it costs, against the bounds that are promised.
 *
 * Prints a line for each; exits with 1 if one is missed.
 */
import { measureDrain, measureFanOut, measureLoadingRetained, measureLoadingSessions } from './scenarios.ts'
import type { Duration } from './sizes.ts'

const megabyte = 1e6

function report(what: string, measured: number, bound: number, unit: string, note = ''): void {
  const isKept = measured < bound
  const verdict = isKept ? 'reached' : 'MISSED'
  process.stdout.write(`${what}: ${measured.toFixed(2)} ${unit}${note}, under ${bound} ${unit} wanted: ${verdict}\n`)
  if (!isKept) process.exitCode = 1
}

function reportDuration(what: string, { seconds, processorSeconds }: Duration, bound: number): void {
  report(what, seconds, bound, 's', ` (${processorSeconds.toFixed(2)} s of processor time)`)
}

const fanOut = await measureFanOut(1000, 10_000)
report('10,000 messages for 1,000 Sessions away, disk', fanOut.disk / megabyte, 20, 'MB')
report('10,000 messages for 1,000 Sessions away, memory', fanOut.memory / megabyte, 60, 'MB')
const sessions = await measureLoadingSessions(100_000)
reportDuration('100,000 Sessions with 5 Subscriptions load, after a stop', sessions.afterStop, 3)
reportDuration('100,000 Sessions with 5 Subscriptions load, after a crash', sessions.afterCrash, 3)
const retained = await measureLoadingRetained(200_000)
reportDuration('200,000 Retained Messages load, after a stop', retained.afterStop, 2)
reportDuration('200,000 Retained Messages load, after a crash', retained.afterCrash, 2)
const drain = await measureDrain(1_000_000)
report('1,000,000 messages after a month away, in order, growth of memory', drain.growth / megabyte, 10, 'MB')
const { seconds } = drain.duration
process.stdout.write(`They took ${seconds.toFixed(1)} s: ${Math.round(1_000_000 / seconds)} a second.\n`)
