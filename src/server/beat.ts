/**
 * One timer for all that is looked at now and then in this process.
 *
 * Where little is sent, a timer takes some 100 µs, most of it for code that nothing has called for a while. Whoever sends a message
 * meanwhile waits for it, so all that can wait for a quarter of a second comes in the same turn (docs/decisions/0055-one-beat.md).
 */

/** Milliseconds from one beat to the next, at least. */
export const beatMs = 250
/** So many are a second. */
export const beatsPerSecond = 4

interface Listening {
  readonly beats: number
  readonly listener: () => void
  left: number
}

const all = new Set<Listening>()
let timer: NodeJS.Timeout | null = null

/** Has `listener` called at every so many beats, one at least, until the function is called that is returned. Keeps no process alive. */
export function onBeat(beats: number, listener: () => void): () => void {
  const listening = { beats, listener, left: beats }
  all.add(listening)
  timer ??= setInterval(beat, beatMs).unref()
  return () => {
    all.delete(listening)
    if (all.size > 0 || timer === null) return
    clearInterval(timer)
    timer = null
  }
}

function beat(): void {
  for (const listening of all) {
    listening.left -= 1
    if (listening.left > 0) continue
    listening.left = listening.beats
    listening.listener()
  }
}
