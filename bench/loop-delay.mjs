/**
 * Loaded into a broker before it starts (`node --import`): how long its event loop was held, told over the IPC channel.
 *
 * Two measures. `loop`: Node's own histogram of how late a timer of 1 ms is, which sees everything, also a machine that has other things to
 * do. `held`: the most CPU time the main thread used between two ticks of such a timer, which sees only what the broker itself did;
 * `heldUs` says when that was, by the monotonic clock.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

const resolutionMs = 1

if (isMainThread && process.send !== undefined) {
  const monitor = monitorEventLoopDelay({ resolution: resolutionMs })
  monitor.enable()
  const cpuMs = () => {
    const { user, system } = process.threadCpuUsage()
    return (user + system) / 1000
  }
  let last = cpuMs()
  const nowUs = () => Number(process.hrtime.bigint() / 1000n)
  let lastUs = nowUs()
  let heldMs = 0
  let heldUs = [0, 0]
  const tick = () => {
    const now = cpuMs()
    const us = nowUs()
    if (now - last > heldMs) {
      heldMs = now - last
      heldUs = [lastUs, us]
    }
    last = now
    lastUs = us
  }
  setInterval(tick, resolutionMs).unref()
  const late = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - resolutionMs)
  const reset = () => {
    monitor.reset()
    heldMs = 0
    heldUs = [0, 0]
    last = cpuMs()
    lastUs = nowUs()
  }
  process.on('message', (word) => {
    if (word === 'reset') {
      reset()
      // Whoever asks waits for this before the work begins: it could overtake the question.
      process.send({})
      return
    }
    // The timers that measure must have had their turn after the work.
    setTimeout(() => {
      tick()
      process.send({ loopMs: late(monitor.max), loopP99Ms: late(monitor.percentile(99)), heldMs, heldUs })
    }, 5 * resolutionMs)
  })
  process.channel.unref()
}
