/**
 * When memory that is not needed any more is given back, in a broker of its own process: while nobody is there who could wait.
 *
 * V8 does it by itself some time after a large collection, if little is allocated: it marks its whole heap twice more, to make it smaller.
 * A broker with 2,000 messages a second looks idle to it; all of them wait for up to 20 ms then
 * (docs/decisions/0036-memory-is-given-back-when-it-is-quiet.md). So V8 is told once never to do it; to tell it for a while only ends
 * the process (docs/decisions/0053-the-broker-gives-memory-back-itself.md).
 */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { beatsPerSecond, onBeat } from '../../server/beat.ts'
import { findCollector } from '../../server/garbage.ts'

/**
 * So many looks, one a second, at which nothing had happened, for each 64 MiB of a heap: a large one takes longer, up to a second for
 * 600 MB.
 */
const silentLooks = 5
const bytesForLooks = 64 * 1024 * 1024
/** By so much its old generation must have grown: as V8 has it. */
const grownPart = 1.1
const grownBytesMin = 10 * 1024 * 1024
/** V8 waits for 8 seconds before it begins, and must not be told in the midst of it. */
const notBegunMs = 7000

/** `happened` changes with whatever happens that somebody may wait for. */
export function giveMemoryBackWhenSilent(happened: () => number): void {
  // A start that took so long is left to V8.
  if (performance.now() > notBegunMs) return
  setFlagsFromString('--memory-reducer-gc-count=0')
  let before = happened()
  let silentFor = 0
  let leastBytes = oldGeneration().bytes
  onBeat(beatsPerSecond, () => {
    const now = happened()
    silentFor = now === before ? silentFor + 1 : 0
    before = now
    if (silentFor < silentLooks) return
    const { bytes, usedBytes } = oldGeneration()
    leastBytes = Math.min(leastBytes, bytes)
    if (silentFor < silentLooks * Math.ceil(usedBytes / bytesForLooks)) return
    if (bytes < Math.max(leastBytes * grownPart, leastBytes + grownBytesMin)) return
    findCollector()?.({ type: 'major', flavor: 'last-resort' })
    leastBytes = oldGeneration().bytes
  })
}

function oldGeneration(): { bytes: number; usedBytes: number } {
  let bytes = 0
  let usedBytes = 0
  for (const { space_name, space_size, space_used_size } of getHeapSpaceStatistics()) {
    if (space_name.startsWith('new')) continue
    bytes += space_size
    usedBytes += space_used_size
  }
  return { bytes, usedBytes }
}
