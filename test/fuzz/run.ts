/**
 * `npm run fuzz`: looks for packets that the broker does not bear, from a new seed each time: 1,000,000, or as many as asked for.
 *
 * `npm run fuzz -- --packets 50000 --seed 7` plays the same again. What is found is written to test/fuzz/corpus, where `npm test`
 * replays it. Exits with 1 if anything was found.
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { fuzz } from './fuzz.ts'

const { values } = parseArgs({
  options: {
    packets: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
  },
})
const [packets, seed] = [Number(values.packets), Number(values.seed)]
if (!(packets > 0 && Number.isInteger(seed))) {
  process.stderr.write('--packets takes a number above 0, --seed a whole number\n')
  process.exit(2)
}
const say = (text: string) => process.stdout.write(`${text}\n`)
const folder = fileURLToPath(new URL('corpus', import.meta.url))
const { findings } = await fuzz({ seed, packets, packetsPerRound: 50_000, folder, goesOn: () => true, say })
process.exitCode = findings.length > 0 ? 1 : 0
