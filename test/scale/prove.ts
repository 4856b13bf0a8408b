/**
 * `npm run prove`: shows in full what one process holds and what it costs, against the bounds that are promised.
 *
 * Prints a line for each; exits with 1 if one is missed.
 */
import { type Cost, measureAdmin, measureLiveTrace } from './live-trace.ts'
import { measureDashboard, measureOverview, measureTopics } from './looking.ts'
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

const clients = 9000
const looked = await measureOverview(clients)
report(`The overview with ${clients} clients`, looked.overviewSeconds, 1, 's')
report(`A page of ${clients} clients`, looked.clientsSeconds, 1, 's')
report(`The first page of the dashboard with ${clients} clients`, await measureDashboard(clients), 1, 's')
const topics = await measureTopics(1_000_000)
report('A Topic Name that is kept count of, of a million', topics.bytesEach, 300, 'bytes')
report('A page of a million Topic Names', topics.pageSeconds, 1, 's')
report('The busiest of a million', topics.busiestSeconds, 1, 's')
report('The one of a million that a Topic Filter matches', topics.filterSeconds, 1, 's')
report('The longest turn of the event loop for that', topics.stallSeconds * 1000, 20, 'ms')
const trace = await measureLiveTrace(5000, 5, 5)
report('A live trace at 5,000 messages a second', trace.processorShare * 100, 5, '% of a processor', times(trace))
const admin = await measureAdmin(5, 5)
report('The HTTP API, not asked, for a message', (admin.with / admin.without - 1) * 100, 5, '%', times(admin))

function times({ without, with: more }: Cost): string {
  return ` (${more.toFixed(2)} instead of ${without.toFixed(2)} µs a message)`
}
