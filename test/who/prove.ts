/**
 * `npm run prove`: who listens, in 1,000,000 random cases and with 1,000,000 Subscriptions.
 *
 * Prints a line for each; exits with 1 if a bound is missed.
 */
import { manySubscriptions, measureFirstPage } from './many.ts'
import { compareWithNaive } from './naive-cases.ts'
import { measureOverTheWire, median } from './over-the-wire.ts'

const firstPageMs = 20
const runs = 20

const seed = Number(process.env.PABAL_SEED ?? Date.now() % 1_000_000)
compareWithNaive(1_000_000, seed)
process.stdout.write(`1,000,000 random cases: as a look at every Subscription finds (PABAL_SEED=${seed})\n`)

const state = manySubscriptions(1_000_000)
const times: number[] = []
for (let run = 0; run < runs; run++) times.push((await measureFirstPage(state, 'all/news')).milliseconds)
report('first page of who with 1,000,000 Subscriptions', median(times), firstPageMs)

const wire = await measureOverTheWire(1000, 1000, 200)
report(`the same over TCP, with those of 1,000 clients`, wire.firstPageMs, firstPageMs)
process.stdout.write(
  `99 of 100 QoS 1 messages of others took under ${wire.trafficMs.toFixed(2)} ms while ${wire.rowsRead} rows were read, ` +
    `and under ${wire.quietTrafficMs.toFixed(2)} ms before; the clients are in the broker's process\n`,
)

function report(what: string, medianMs: number, boundMs: number): void {
  const isKept = medianMs < boundMs
  const verdict = isKept ? 'reached' : 'MISSED'
  process.stdout.write(`${what}: ${medianMs.toFixed(2)} ms, under ${boundMs} ms wanted: ${verdict}\n`)
  if (!isKept) process.exitCode = 1
}
