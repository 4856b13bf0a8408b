/**
 * The common course of a traffic run: warm up, measure, stop, drain, count.
 */

import { totals } from './conn.mjs'
import * as proc from './proc.mjs'

export const sleep = (ms) => new Promise((r) => setTimeout(r, ms))
const round = (x, digits = 2) => (Number.isFinite(x) ? Number(x.toFixed(digits)) : null)

function snapshot(pid, counters) {
  return {
    t: performance.now(),
    us: Number(process.hrtime.bigint() / 1000n),
    own: proc.ownCpu(),
    broker: proc.sample(pid),
    mainThread: proc.threadsCpu(pid).main,
    written: proc.bytesWritten(pid),
    machine: proc.machine(),
    ...counters(),
  }
}

/**
 * traffic: { start(), stop(), counters() -> {sent, acked, delivered}, expected(sent) }
 * Measures `seconds` after `warmup`; ends early when nothing is delivered for 3 s.
 */
export async function measure(o, traffic) {
  const idle = proc.sample(o.pid)
  traffic.start()
  await sleep(o.warmup * 1000)
  traffic.markMeasured?.(true)
  const a = snapshot(o.pid, traffic.counters)
  let stalled = false
  let last = a.delivered
  let lastChange = performance.now()
  const end = a.t + o.seconds * 1000
  while (performance.now() < end) {
    await sleep(Math.max(1, Math.min(100, end - performance.now())))
    const d = traffic.counters().delivered
    if (d !== last) {
      last = d
      lastChange = performance.now()
    } else if (performance.now() - lastChange > 3000) {
      stalled = true
      break
    }
  }
  const b = snapshot(o.pid, traffic.counters)
  traffic.markMeasured?.(false)
  traffic.stop()
  // drain
  const drainStart = performance.now()
  let final = traffic.counters()
  lastChange = performance.now()
  while (performance.now() - drainStart < o.drain * 1000) {
    if (final.delivered >= traffic.expected(final.sent)) break
    await sleep(50)
    const now = traffic.counters()
    if (now.delivered !== final.delivered) lastChange = performance.now()
    else if (performance.now() - lastChange > 2000) break
    final = now
  }
  await sleep(100) // late extras (over-delivery) show here
  final = traffic.counters()
  const seconds = (b.t - a.t) / 1000
  const delivered = b.delivered - a.delivered
  const sent = b.sent - a.sent
  const cpu = b.broker.cpu - a.broker.cpu
  const own = b.own - a.own
  const after = proc.sample(o.pid)
  return {
    seconds: round(seconds),
    measured_us: [a.us, b.us],
    sent,
    acked: b.acked - a.acked,
    delivered,
    in_per_s: Math.round(sent / seconds),
    out_per_s: Math.round(delivered / seconds),
    broker_cpu_s: round(cpu),
    broker_system_s: round(b.broker.system - a.broker.system),
    broker_cpu_pct: round((100 * cpu) / seconds, 0),
    broker_sys_pct: round((100 * (b.broker.system - a.broker.system)) / seconds, 0),
    cpu_us_per_delivered: round((1e6 * cpu) / delivered),
    cpu_us_per_in: round((1e6 * cpu) / sent),
    main_thread_s: round(b.mainThread - a.mainThread),
    main_thread_us_per_in: round((1e6 * (b.mainThread - a.mainThread)) / sent),
    written_per_payload_byte: round((b.written - a.written) / (sent * o.size)),
    gen_cpu_pct: round((100 * own) / seconds, 0),
    other_cpu_pct: round((100 * (b.machine.busy - a.machine.busy - cpu - own)) / seconds, 0),
    steal_pct: round((100 * (b.machine.steal - a.machine.steal)) / seconds, 0),
    rss_mib_idle: round(idle.rss / 1024, 1),
    rss_mib_end: round(b.broker.rss / 1024, 1),
    rss_mib_peak: round(after.peak / 1024, 1),
    total_sent: final.sent,
    total_delivered: final.delivered,
    total_expected: traffic.expected(final.sent),
    delivered_ratio: round(final.delivered / traffic.expected(final.sent), 5),
    drain_s: round((performance.now() - drainStart) / 1000),
    stalled,
    closed_early: totals.closedEarly,
    errors: totals.errors,
    last_error: totals.lastError || undefined,
  }
}

/** Messages of a run that never arrived, to the last one: `delivered_ratio` is rounded. */
export function undelivered({ lost, total_expected = 0, total_delivered = 0 }) {
  return lost ?? Math.max(0, total_expected - total_delivered)
}
