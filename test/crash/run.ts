/**
 * `npm run crash`: the kill -9 loop with 200 kills. `-- --kills N`, `--seed N`, `--durability memory` (which must fail), `--keep` the
 * data of a run that failed.
 */
import { parseArgs } from 'node:util'
import { describe, runCrashTest } from './crash-run.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    life: { type: 'string', default: '2500' },
    keep: { type: 'boolean', default: false },
    durability: { type: 'string', default: 'fsync' },
  },
})
const seed = Number(values.seed)
process.stdout.write(`Seed ${seed}\n`)
const { failures, statistics, seconds } = await runCrashTest({
  seed,
  kills: Number(values.kills),
  durability: values.durability === 'memory' ? 'memory' : 'fsync',
  lifeMsMax: Number(values.life),
  keeps: values.keep,
  report: (line) => process.stdout.write(`${line}\n`),
})
process.stdout.write(`${describe(statistics)}, seconds ${seconds.toFixed(0)}\n`)
for (const failure of failures.slice(0, 40)) process.stdout.write(`FAILED ${failure}\n`)
process.stdout.write(failures.length === 0 ? 'Nothing lost, repeated or out of order.\n' : `Failed with seed ${seed}\n`)
process.exitCode = failures.length === 0 ? 0 : 1
