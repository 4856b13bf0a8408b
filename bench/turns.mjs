/**
 * A thin load for several brokers in turns: a short window of it for each, again and again.
 *
 * What a message costs at such a load, and how late the latest are, depends on the second it is measured in: on what others on the machine
 * have left in its caches. In turns they all have the same seconds, where two runs one after the other have not.
 */
import { totals } from './conn.mjs'
import { sleep } from './measure.mjs'
import * as proc from './proc.mjs'

/** Of a window, before it is measured: caches and timers get used to this load. And after it: what is under way arrives. */
const leadMs = 100
const tailMs = 50

const add = (sums, more) => {
  for (const [key, value] of Object.entries(more)) sums[key] = (sums[key] ?? 0) + value
}

function sampleOf({ pid, pacer, received }) {
  const { all, main } = proc.threadsCpu(pid)
  // Without the kernel's own books of threads there is only what it counts in ticks.
  const cpu = all > 0 ? all : proc.sample(pid).cpu
  return { s: performance.now() / 1000, cpu, main, sent: pacer.sent, delivered: received.delivered }
}

async function window(load, ms) {
  const { pacer, received, sums } = load
  pacer.start()
  await sleep(leadMs)
  const a = sampleOf(load)
  received.isRecording = true
  await sleep(ms)
  received.isRecording = false
  const b = sampleOf(load)
  pacer.stop()
  await sleep(tailMs)
  add(sums, Object.fromEntries(Object.keys(a).map((key) => [key, b[key] - a[key]])))
}

function reportOf({ pacer, received, sums }) {
  const { s, cpu, main, sent, delivered } = sums
  return {
    seconds: s,
    sent,
    delivered,
    broker_cpu_s: cpu,
    cpu_us_per_delivered: (1e6 * cpu) / delivered,
    main_thread_us_per_in: (1e6 * main) / sent,
    latency_us: received.histogram.summary(),
    total_sent: pacer.sent,
    total_delivered: received.delivered,
    total_expected: pacer.sent,
    errors: totals.errors,
    last_error: totals.lastError || undefined,
  }
}

/** `loads`: {pid, pacer, received} of each broker. All warm up at once; each then has `o.turns` windows of `o.seconds`. */
export async function inTurns(o, loads) {
  for (const { pacer } of loads) pacer.start()
  await sleep(o.warmup * 1000)
  for (const { pacer } of loads) pacer.stop()
  for (const load of loads) load.sums = {}
  for (let turn = 0; turn < o.turns; turn++) {
    // Nobody is always the first, or always behind the same one.
    for (const load of turn % 2 === 0 ? loads : loads.slice().reverse()) await window(load, o.seconds * 1000)
  }
  await sleep(100)
  return { brokers: loads.map(reportOf) }
}
