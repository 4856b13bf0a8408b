/**
 * Loaded into a broker before it starts (`node --import`): how long its event loop was held, told over the IPC channel.
 *
 * `loop`: Node's own histogram of how late a timer of 1 ms is, which sees everything, also a machine that has other things to do. The others
 * are taken between two ticks of such a timer. `held`: the most CPU time the main thread used, which sees only what the broker itself did;
 * `heldUs` says when that was, by the monotonic clock. `alone`: the most of that and of the time the main thread was ready to run but its
 * core belonged to other threads of the broker: V8's, which compile and collect garbage, and the store's. So late a timer is on a core
 * that nobody else has (Linux only; elsewhere it is `held`).
 */
import { openSync, readSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

const resolutionMs = 1

/** Milliseconds the main thread has waited for a core since it began. */
function readyClock() {
  if (process.platform !== 'linux') return () => 0
  const file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r')
  const text = Buffer.alloc(64)
  return () => Number(text.latin1Slice(0, readSync(file, text, 0, 64, 0)).split(' ')[1]) / 1e6
}

if (isMainThread && process.send !== undefined) {
  const monitor = monitorEventLoopDelay({ resolution: resolutionMs })
  monitor.enable()
  const readyMs = readyClock()
  const now = () => {
    // First all of it: Linux brings the time of this thread up to date then, which else lags by up to 4 ms.
    const all = process.cpuUsage()
    const { user, system } = process.threadCpuUsage()
    const cpuMs = (user + system) / 1000
    const othersMs = (all.user + all.system) / 1000 - cpuMs
    return { us: Number(process.hrtime.bigint() / 1000n), cpuMs, othersMs, readyMs: readyMs() }
  }
  let last = now()
  let longest = { heldMs: 0, heldUs: [0, 0], aloneMs: 0 }
  const tick = () => {
    const next = now()
    const heldMs = next.cpuMs - last.cpuMs
    if (heldMs > longest.heldMs) {
      longest.heldMs = heldMs
      longest.heldUs = [last.us, next.us]
    }
    const waitedMs = Math.max(0, Math.min(next.readyMs - last.readyMs, next.othersMs - last.othersMs))
    longest.aloneMs = Math.max(longest.aloneMs, heldMs + waitedMs)
    last = next
  }
  setInterval(tick, resolutionMs).unref()
  const late = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - resolutionMs)
  process.on('message', (word) => {
    if (word === 'reset') {
      monitor.reset()
      longest = { heldMs: 0, heldUs: [0, 0], aloneMs: 0 }
      last = now()
      // Whoever asks waits for this before the work begins: it could overtake the question. The histogram counts from its second tick on.
      setTimeout(() => process.send({}), 5 * resolutionMs)
      return
    }
    // The timers that measure must have had their turn after the work.
    setTimeout(() => {
      tick()
      process.send({ loopMs: late(monitor.max), loopP99Ms: late(monitor.percentile(99)), ...longest })
    }, 5 * resolutionMs)
  })
  process.channel.unref()
}
