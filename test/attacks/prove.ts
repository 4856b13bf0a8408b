/**
 * `npm run prove attacks`: known attacks on brokers at full strength, each against a process that may take 384 MiB; how much more memory it
 * took at the worst moment, and how each ended. Exit code 1 if one went over the limit and a fifth, or others were not served afterwards.
 */
import { attackBroker, peakBytesMax } from './attack.ts'
import { attacks } from './attacks.ts'

const megabyte = 1e6

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

say('| Attack | Found in | Memory at the worst moment | Growth | Time | How it ended |')
say('|---|---|---|---|---|---|')
for (const attack of attacks) {
  const { what, source } = attack
  try {
    const { peakBytes, growthBytes, ended, seconds } = await attackBroker(attack, 1)
    const isKept = peakBytes < peakBytesMax
    if (!isKept) process.exitCode = 1
    const peak = `${(peakBytes / megabyte).toFixed(0)} MB${isKept ? '' : ', TOO MUCH'}`
    say(
      `| ${what} | ${source} | ${peak} | ${(growthBytes / megabyte).toFixed(0)} MB | ${seconds.toFixed(1)} s | ${ended} |`,
    )
  } catch (error) {
    process.exitCode = 1
    const reason = error instanceof Error ? `${error.cause ?? error.message}` : String(error)
    say(`| ${what} | ${source} | | | | FAILED: ${reason.replaceAll('\n', ' ')} |`)
  }
}
say(`Promised: no more than ${(peakBytesMax / megabyte).toFixed(0)} MB, the limit of 384 MiB and a fifth.`)
