/**
 * When V8 gives memory back that is not needed any more, in a broker of its own process: while there is next to no traffic.
 *
 * Some time after a large collection V8 looks whether little is allocated. If so it takes the program for idle and marks its whole heap
 * twice more, to make it smaller. A broker with 2,000 messages a second looks idle to it; all of them wait for up to 20 ms then
 * (docs/decisions/0036-memory-is-given-back-when-it-is-quiet.md).
 */
import { setFlagsFromString } from 'node:v8'

/** V8's own. */
const collectionsMax = 2
const lookEveryMs = 1000
/** Messages and copies of them between two looks. */
const quietMax = 100

/** `messages`: how many messages and copies of them there have been so far. */
export function giveMemoryBackWhenQuiet(messages: () => number): void {
  let before = messages()
  let isAllowed = false
  allowCollections(0)
  setInterval(() => {
    const now = messages()
    const isQuiet = now - before <= quietMax
    before = now
    if (isQuiet === isAllowed) return
    isAllowed = isQuiet
    allowCollections(isAllowed ? collectionsMax : 0)
  }, lookEveryMs).unref()
}

/** V8 asks each time it looks, and looks no more until the next large collection if none is allowed. */
function allowCollections(count: number): void {
  setFlagsFromString(`--memory-reducer-gc-count=${count}`)
}
