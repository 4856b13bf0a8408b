/**
 * Scenario idle: many quiet connections; broker memory per connection and connects per second.
 */
import { Conn, eachLimited, openAll, totals } from './conn.mjs'
import { sleep } from './measure.mjs'
import * as proc from './proc.mjs'

export async function idle(o) {
  const conns = []
  for (let i = 0; i < o.connections; i++) {
    // So many have more ports than an address has. Each run has addresses of its own: those of the last one are in TIME_WAIT.
    const localAddress =
      o.connections > 20000 ? `127.0.${1 + (process.pid % 250)}.${2 + Math.floor(i / 10000)}` : undefined
    conns.push(
      new Conn({
        host: o.host,
        port: o.port,
        version: o.version,
        clientId: `${o.prefix}idle-${i}`,
        localAddress,
        keepAlive: 300,
      }),
    )
  }
  const before = proc.sample(o.pid)
  const ownBefore = proc.ownCpu()
  const t0 = performance.now()
  const failed = await openAll(conns, o.parallel)
  const connectSeconds = (performance.now() - t0) / 1000
  const own = proc.ownCpu() - ownBefore
  const cpuConnected = proc.sample(o.pid).cpu
  await sleep(1000)
  const connected = proc.sample(o.pid)
  let subscribed = null
  let subscribeSeconds = null
  if (o.subscribe) {
    const t1 = performance.now()
    await eachLimited(conns, 256, (c, i) => c.subscribe([`bench/idle/${i}/cmd`], 1))
    subscribeSeconds = (performance.now() - t1) / 1000
    await sleep(1000)
    subscribed = proc.sample(o.pid)
  }
  const q0 = proc.sample(o.pid).cpu
  await sleep(o.seconds * 1000)
  const quietCpu = proc.sample(o.pid).cpu - q0
  const open = conns.filter((c) => !c.isClosed).length
  const n = o.connections - failed
  const result = {
    connections: o.connections,
    failed,
    still_open: open,
    connect_seconds: Number(connectSeconds.toFixed(2)),
    connects_per_s: Math.round(n / connectSeconds),
    gen_cpu_pct: Math.round((100 * own) / connectSeconds),
    cpu_us_per_connect: Math.round((1e6 * (cpuConnected - before.cpu)) / n),
    rss_mib_before: Number((before.rss / 1024).toFixed(1)),
    rss_mib_connected: Number((connected.rss / 1024).toFixed(1)),
    kib_per_connection: Number(((connected.rss - before.rss) / n).toFixed(2)),
    rss_mib_subscribed: subscribed && Number((subscribed.rss / 1024).toFixed(1)),
    kib_per_connection_with_subscription: subscribed && Number(((subscribed.rss - before.rss) / n).toFixed(2)),
    subscribes_per_s: subscribeSeconds && Math.round(n / subscribeSeconds),
    idle_cpu_pct: Number(((100 * quietCpu) / o.seconds).toFixed(2)),
    errors: totals.errors,
    last_error: totals.lastError || undefined,
  }
  for (const c of conns) c.close(false)
  return result
}
