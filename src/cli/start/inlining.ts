/**
 * How far V8 inlines in a broker of its own process: as usual while it starts, and further from then on.
 *
 * A message passes many small functions. As fewer and larger ones they take less time and less of the processor's caches, but take longer to be
 * compiled, and whoever comes back to a broker that has just started would wait for that
 * (docs/decisions/0051-v8-inlines-further-after-the-start.md).
 */
import { setFlagsFromString } from 'node:v8'

/** By then those who waited for the start have been served. */
const startedMs = 5000
/** Bytes of bytecode that are put into one function, and of the largest that is put into another; V8's own are 920 and 460. */
const bytesMost = 4000
const bytesOfOne = 1000

/** Holds for what is compiled from then on. */
export function inlineFurtherOnceStarted(): void {
  setTimeout(() => {
    setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${bytesMost}`)
    setFlagsFromString(`--max-inlined-bytecode-size=${bytesOfOne}`)
  }, startedMs).unref()
}
