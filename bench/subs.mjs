/**
 * Scenario subs: a large set of distinct filters, a third each exact, with '+'
 * and with '#', spread over some connections. Each published topic matches one.
 */
import { Conn, eachLimited, openAll } from './conn.mjs'
import { chunk, Group, StreamPublisher } from './flow.mjs'
import { measure, sleep } from './measure.mjs'
import * as proc from './proc.mjs'

const PER_PACKET = 50

function filterOf(i) {
  const site = i % 1000
  if (i % 3 === 0) return `site/${site}/dev/${i}/temp`
  if (i % 3 === 1) return `site/+/dev/${i}/temp`
  return `site/${site}/dev/${i}/#`
}
const topicOf = (i) => `site/${i % 1000}/dev/${i}/temp`

export async function subs(o) {
  const conns = Array.from(
    { length: o.connections },
    (_, i) =>
      new Conn({
        host: o.host,
        port: o.port,
        version: o.version,
        clientId: `${o.prefix}s${i}`,
      }),
  )
  const pub = new Conn({ host: o.host, port: o.port, version: o.version, clientId: `${o.prefix}p` })
  const failed = await openAll([...conns, pub], o.parallel)
  if (failed) throw new Error(`${failed} connections failed`)
  await sleep(300)
  const before = proc.sample(o.pid)
  const t0 = performance.now()
  await eachLimited(conns, 16, async (c, k) => {
    let filters = []
    let id = 1
    for (let i = k; i < o.filters; i += conns.length) {
      filters.push(filterOf(i))
      if (filters.length === PER_PACKET) {
        await c.subscribe(filters, 0, id++)
        filters = []
      }
    }
    if (filters.length) await c.subscribe(filters, 0, id)
  })
  const loadSeconds = (performance.now() - t0) / 1000
  await sleep(500)
  const loaded = proc.sample(o.pid)
  const payload = Buffer.alloc(o.size, 120)
  const count = o.burst || 64
  let seed = 12345
  const random = () => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
    return seed / 0x80000000
  }
  const chunks = Array.from({ length: 512 }, () =>
    chunk({ version: o.version, count, topicOf: () => topicOf(Math.floor(random() * o.filters)), payload }),
  )
  const g = new Group({ cap: o.outstanding, fan: 1 })
  for (const c of conns) c.onBatch = (_, n) => g.gotDelivered(n)
  const p = new StreamPublisher(pub, g, chunks)
  const traffic = await measure(o, {
    start() {
      g.stopped = false
      g.limit = o.max
      g.ready(p)
      g.run()
    },
    stop() {
      g.stopped = true
    },
    counters: () => ({ sent: g.sent, acked: 0, delivered: g.delivered }),
    expected: (sent) => sent,
  })
  for (const c of conns) c.close(false)
  pub.close(false)
  return {
    filters: o.filters,
    connections: o.connections,
    load_seconds: Number(loadSeconds.toFixed(2)),
    subscribes_per_s: Math.round(o.filters / loadSeconds),
    cpu_us_per_subscribe: Number(((1e6 * (loaded.cpu - before.cpu)) / o.filters).toFixed(2)),
    rss_mib_before_subs: Number((before.rss / 1024).toFixed(1)),
    rss_mib_loaded: Number((loaded.rss / 1024).toFixed(1)),
    bytes_per_subscription: Math.round(((loaded.rss - before.rss) * 1024) / o.filters),
    ...traffic,
  }
}
