/**
 * `npm run fuzz`: looks for packets that the broker does not bear, from a new seed each time: 1,000,000, or as many as asked for.
 *
 * `npm run fuzz -- --packets 50000 --seed 7` plays the same again. What is found is written to test/fuzz/corpus, where `npm test`
 * replays it. Exits with 1 if anything was found, with 2 for wrong words.
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { fuzz } from './fuzz.ts'

function readNumber(name: string, text: string, least: number): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number >= least) return number
  throw new Error(`--${name}: found '${text}', expected a whole number from ${least}`)
}

function readWords(): { packets: number; seed: number } {
  const newSeed = String(Date.now() % 1_000_000_000)
  const options = {
    packets: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: newSeed },
  } as const
  const { packets, seed } = parseArgs({ options }).values
  return { packets: readNumber('packets', packets, 1), seed: readNumber('seed', seed, 0) }
}

try {
  const folder = fileURLToPath(new URL('corpus', import.meta.url))
  const say = (text: string) => process.stdout.write(`${text}\n`)
  const { packets, seed } = readWords()
  const { findings } = await fuzz({
    seed,
    packets,
    packetsPerRound: Math.min(packets, 50_000),
    folder,
    goesOn: () => true,
    say,
  })
  process.exitCode = findings.length > 0 ? 1 : 0
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.stderr.write('npm run fuzz -- [--packets NUMBER] [--seed NUMBER]\n')
  process.exitCode = 2
}
