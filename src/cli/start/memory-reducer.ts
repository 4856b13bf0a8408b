/**
 * When V8 gives memory back that is not needed any more, in a broker of its own process: while there is next to no traffic.
 *
 * Some time after a large collection V8 looks whether little is allocated. If so it takes the program for idle and marks its whole heap
 * twice more, to make it smaller. A broker with 2,000 messages a second looks idle to it; all of them wait for up to 20 ms then
 * (docs/decisions/0036-memory-is-given-back-when-it-is-quiet.md).
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8'

/** V8's own. */
const collectionsMax = 2
const lookEveryMs = 1000
/** Messages and copies of them between two looks. */
const quietMax = 100
/** Making a heap of this size smaller takes some 15 ms in one go, on one core; one of 270 MiB 300 to 800. */
const smallHeapBytesMax = 64 * 1024 * 1024
/** So many looks without a single message, and nobody is there who could wait. */
const silentLooks = 5

/** `messages`: how many messages and copies of them there have been so far. */
export function giveMemoryBackWhenQuiet(messages: () => number): void {
  let before = messages()
  let silentFor = 0
  let isAllowed = false
  allowCollections(0)
  setInterval(() => {
    const now = messages()
    const isQuiet = now - before <= quietMax
    silentFor = now === before ? silentFor + 1 : 0
    before = now
    const mayTakeLong = silentFor >= silentLooks
    const allows = isQuiet && (mayTakeLong || getHeapStatistics().used_heap_size <= smallHeapBytesMax)
    if (allows === isAllowed) return
    isAllowed = allows
    allowCollections(allows ? collectionsMax : 0)
  }, lookEveryMs).unref()
}

/** V8 asks each time it looks, and looks no more until the next large collection if none is allowed. */
function allowCollections(count: number): void {
  setFlagsFromString(`--memory-reducer-gc-count=${count}`)
}
