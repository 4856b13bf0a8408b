/**
 * `pabal start`, and what a fuzzer has to ask its process: how much is alive on its heap, and whether its thread was held.
 *
 * Runs with `--expose-gc` and a channel to its parent. Times are processor time of the main thread: this machine may be busy.
 */
export type FromWatched =
  | { readonly type: 'alive'; readonly bytes: number }
  | { readonly type: 'held'; readonly milliseconds: number }

/** What one turn of the event loop may take; the timer that looks ends one every few milliseconds. */
const heldMicroseconds = 50_000
const lookMs = 5

function tell(message: FromWatched): void {
  process.send?.(message)
}

let last = process.threadCpuUsage()
setInterval(() => {
  const { user, system } = process.threadCpuUsage(last)
  last = process.threadCpuUsage()
  if (user + system > heldMicroseconds) tell({ type: 'held', milliseconds: (user + system) / 1000 })
}, lookMs).unref()

process.on('message', () => {
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  last = process.threadCpuUsage()
  tell({ type: 'alive', bytes: heapUsed + external })
})
process.channel?.unref()
// Whoever watches is gone.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))

await import('../../src/cli/main.ts')
