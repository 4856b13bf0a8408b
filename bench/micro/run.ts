/**
 * `npm run bench -- micro [WORD…]`: nanoseconds of CPU an operation, median of the samples and their spread.
 *
 * Words choose those whose name or whose files contain one of them. --samples 15, --sample-ms 40, --warm-up-ms 300; --files also says
 * which files each covers. To see what a change gains, run it before and after, with nothing else on the machine.
 */
import { readOptions } from '../options.ts'
import { microBenchmarks } from './all.ts'
import { time } from './micro.ts'

const { values, words } = readOptions(
  'npm run bench -- micro [WORD…] [--samples 15] [--sample-ms 40] [--warm-up-ms 300] [--files]',
  { samples: 15, 'sample-ms': 40, 'warm-up-ms': 300, files: false },
)

const options = { samples: values.samples, sampleMs: values['sample-ms'], warmUpMs: values['warm-up-ms'] }

async function run(): Promise<void> {
  const chosen = microBenchmarks.filter(
    ({ name, covers }) => words.length === 0 || words.some((word) => [name, ...covers].join(' ').includes(word)),
  )
  if (chosen.length === 0) throw new Error(`no micro-benchmark has one of these words: ${words.join(', ')}`)
  console.log(`${'ns'.padStart(10)}  ${'spread'.padEnd(18)}  operation`)
  for (const benchmark of chosen) {
    const { nsMedian, nsLowest, nsHighest } = await time(benchmark, options)
    const text = (ns: number) => (ns < 100 ? ns.toFixed(1) : Math.round(ns).toString())
    const files = values.files ? `\n${' '.repeat(32)}${benchmark.covers.join(', ')}` : ''
    console.log(
      `${text(nsMedian).padStart(10)}  ${`${text(nsLowest)}–${text(nsHighest)}`.padEnd(18)}  ${benchmark.name}${files}`,
    )
  }
  for (const { close } of microBenchmarks) close?.()
}

await run()
