/**
 * How V8 compiles in a broker of its own process: without its last compiler at first, and all it can once it pays.
 *
 * Clients come back to a broker that has just started, and TurboFan takes longer for what they need than it saves them; much of what it
 * compiles it does again, because some of what it builds on has not been seen yet (docs/decisions/0052-v8-s-last-compiler-waits.md). From
 * then on V8 also puts more of the small functions a message passes into those that call them
 * (docs/decisions/0051-v8-inlines-further-after-the-start.md).
 */
import { performance } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'

/** By then those who waited for the start have been served. */
const startedMs = 5000
/** A broker that has been busy for so long altogether is loaded with more than them. */
const busyMs = 600
const lookEveryMs = 50
/** Bytes of bytecode that are put into one function, and of the largest that is put into another; V8's own are 920 and 460. */
const bytesMost = 4000
const bytesOfOne = 1000

/** Called when the broker's programs are loaded (once-loaded.ts). */
export function compileAllOnceStarted(): void {
  const sinceMs = performance.now()
  const since = performance.eventLoopUtilization()
  // No function has this name. What V8 compiles meanwhile asks again, which it would not with --no-turbofan or a higher threshold.
  setFlagsFromString('--turbo-filter=~')
  const look = setInterval(() => {
    const isStarted = performance.now() - sinceMs >= startedMs
    if (!isStarted && performance.eventLoopUtilization(since).active < busyMs) return
    clearInterval(look)
    setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${bytesMost}`)
    setFlagsFromString(`--max-inlined-bytecode-size=${bytesOfOne}`)
    setFlagsFromString('--turbo-filter=*')
  }, lookEveryMs)
  look.unref()
}
