/**
 * `npm run prove`: who listens, in 1,000,000 random cases and with 1,000,000 Subscriptions.
 *
 * Prints a line for each; exits with 1 if a bound is missed.
 */
import { manySubscriptions, measureFirstPage } from './many.ts'
import { compareWithNaive } from './naive-cases.ts'

const firstPageMs = 20
const runs = 20

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
compareWithNaive(1_000_000, seed)
process.stdout.write(`1,000,000 random cases: as a look at every Subscription finds (SEED=${seed})\n`)

const state = manySubscriptions(1_000_000)
const times: number[] = []
for (let run = 0; run < runs; run++) times.push((await measureFirstPage(state, 'all/news')).milliseconds)
times.sort((one, other) => one - other)
const [best = 0] = times
const worst = times.at(-1) ?? 0
const isKept = worst < firstPageMs
process.stdout.write(
  `first page of who with 1,000,000 Subscriptions: ${best.toFixed(2)} to ${worst.toFixed(2)} ms, ` +
    `under ${firstPageMs} ms wanted: ${isKept ? 'reached' : 'MISSED'}\n`,
)
if (!isKept) process.exitCode = 1
