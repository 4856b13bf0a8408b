/**
 * Scenarios pipe, fanout, fanin and sparse: who publishes to whom.
 */
import { Conn, eachLimited, openAll } from './conn.mjs'
import { chunk, Group, Pacer, StreamPublisher, WindowPublisher } from './flow.mjs'
import { Histogram } from './histogram.mjs'
import { measure, sleep } from './measure.mjs'
import { inTurns } from './turns.mjs'

const CHUNK_BYTES = 32 * 1024

/** `kept`: its Session outlives the connection. */
function newConn(o, name, kept = false) {
  const { host, port, version, transport, prefix } = o
  return new Conn({
    host,
    port,
    version,
    transport,
    clientId: `${prefix}${name}`,
    clean: !kept,
    expiry: kept ? 3600 : 0,
  })
}

async function connectAndSubscribe(o, conns, subscriptions) {
  const failed = await openAll(conns, o.parallel)
  if (failed > 0) throw new Error(`${failed} of ${conns.length} connections failed`)
  await eachLimited(subscriptions, 64, ([conn, filter]) => conn.subscribe([filter], o.qos))
  await sleep(o.settle)
}

function burstFor(o, cap, fallback) {
  if (o.burst > 0) return o.burst
  const perChunk = Math.max(1, Math.floor(CHUNK_BYTES / (o.size + 16)))
  return cap > 0 ? Math.max(1, Math.min(perChunk, Math.floor(cap / 4))) : (fallback ?? perChunk)
}

/** With `o.topics` above 1 the messages go to so many levels below `topic`, in turn; QoS 0 only. */
function publisherFor(o, conn, group, topic, burst) {
  const payload = Buffer.alloc(o.size, 120)
  if (o.qos === 0) {
    const { version, topics = 1 } = o
    const chunks = Array.from({ length: Math.ceil(topics / burst) }, (_, k) => {
      const topicOf = topics === 1 ? () => topic : (i) => `${topic}/${(k * burst + i) % topics}`
      return chunk({ version, count: burst, topicOf, payload })
    })
    return new StreamPublisher(conn, group, chunks)
  }
  return new WindowPublisher(conn, group, {
    window: o.window,
    qos: o.qos,
    version: o.version,
    topicOf: () => topic,
    payload,
  })
}

/** Saturating run: publishers go as fast as the group caps and windows allow. */
async function saturate(o, groups, publishers, conns) {
  const sum = (key) => {
    let s = 0
    for (const g of groups) s += g[key]
    return s
  }
  const result = await measure(o, {
    start() {
      for (const g of groups) {
        g.stopped = false
        g.limit = o.max / groups.length
      }
      for (const p of publishers) p.group.ready(p)
      for (const g of groups) g.run()
    },
    stop() {
      for (const g of groups) g.stopped = true
    },
    counters: () => ({ sent: sum('sent'), acked: sum('acked'), delivered: sum('delivered') }),
    expected: (sent) => sent * groups[0].fan,
  })
  result.stray_acks = publishers.reduce((s, p) => s + (p.strayAcks || 0), 0) || undefined
  for (const c of conns) c.close()
  return result
}

/** What `subscribers` get, and how old it is: from the time stamp in each payload. */
function received(subscribers) {
  const all = { delivered: 0, isRecording: false, histogram: new Histogram() }
  for (const s of subscribers) {
    s.wantPayload = true
    s.onPayload = (b, from) => {
      if (all.isRecording) all.histogram.add((performance.now() - b.readDoubleLE(from)) * 1000)
    }
    s.onBatch = (_c, n) => {
      all.delivered += n
    }
  }
  return all
}

const pacerOf = ({ rate, size, qos, version }, { publishers, topics }) =>
  new Pacer({ conns: publishers, topics, rate, size, qos, version })

/** Paced run: fixed total rate. */
async function paced(o, { publishers, topics, subscribers, fan, conns }) {
  const got = received(subscribers)
  const pacer = pacerOf(o, { publishers, topics })
  const result = await measure(o, {
    start: () => pacer.start(),
    stop: () => pacer.stop(),
    markMeasured: (on) => {
      got.isRecording = on
      if (on) pacer.worstLag = 0
    },
    counters: () => ({ sent: pacer.sent, acked: pacer.acked, delivered: got.delivered }),
    expected: (sent) => sent * fan,
  })
  result.rate = o.rate
  result.latency_us = got.histogram.summary()
  result.generator_worst_lag_ms = Number(pacer.worstLag.toFixed(2))
  result.broker_cpu_s_per_million_in = Number((result.broker_cpu_s / (result.sent / 1e6)).toFixed(2))
  for (const c of conns) c.close()
  return result
}

export async function pipe(o) {
  const pubs = [],
    subs = [],
    topics = []
  for (let i = 0; i < o.pairs; i++) {
    pubs.push(newConn(o, `p${i}`))
    subs.push(newConn(o, `s${i}`, o.persistent))
    topics.push(`bench/pipe/${i}`)
  }
  const conns = [...subs, ...pubs]
  await connectAndSubscribe(
    o,
    conns,
    subs.map((c, i) => [c, o.topics > 1 ? `${topics[i]}/+` : topics[i]]),
  )
  if (o.rate > 0) return paced(o, { publishers: pubs, topics, subscribers: subs, fan: 1, conns })
  const burst = burstFor(o, o.outstanding)
  const groups = [],
    publishers = []
  for (let i = 0; i < o.pairs; i++) {
    const g = new Group({ cap: o.outstanding, fan: 1 })
    subs[i].onBatch = (_c, n) => g.gotDelivered(n)
    groups.push(g)
    publishers.push(publisherFor(o, pubs[i], g, topics[i], burst))
  }
  return saturate(o, groups, publishers, conns)
}

export async function fanout(o) {
  const pub = newConn(o, 'p')
  const subs = Array.from({ length: o.subscribers }, (_, i) => newConn(o, `s${i}`))
  const topic = 'bench/fanout'
  const conns = [...subs, pub]
  await connectAndSubscribe(
    o,
    conns,
    subs.map((c) => [c, topic]),
  )
  if (o.rate > 0) return paced(o, { publishers: [pub], topics: [topic], subscribers: subs, fan: subs.length, conns })
  const g = new Group({ cap: o.outstanding, fan: subs.length })
  for (const s of subs) s.onBatch = (_c, n) => g.gotDelivered(n)
  return saturate(o, [g], [publisherFor(o, pub, g, topic, o.burst || 1)], conns)
}

export async function fanin(o) {
  const pubs = Array.from({ length: o.publishers }, (_, i) => newConn(o, `p${i}`))
  const subs = Array.from({ length: o.subscribers }, (_, i) => newConn(o, `s${i}`))
  const filter = o.shared ? '$share/g/bench/fanin/+' : 'bench/fanin/+'
  const topics = pubs.map((_, i) => `bench/fanin/${i}`)
  const conns = [...subs, ...pubs]
  await connectAndSubscribe(
    o,
    conns,
    subs.map((c) => [c, filter]),
  )
  const fan = o.shared ? 1 : subs.length
  if (o.rate > 0) return paced(o, { publishers: pubs, topics, subscribers: subs, fan, conns })
  const g = new Group({ cap: o.outstanding, fan })
  for (const s of subs) s.onBatch = (_c, n) => g.gotDelivered(n)
  const publishers = pubs.map((c, i) => publisherFor(o, c, g, topics[i], o.burst || 1))
  return saturate(o, [g], publishers, conns)
}

/** Who publishes and who subscribes: each to itself, or all to one. */
async function sparseLoad(o) {
  const publishers = Array.from({ length: o.connections }, (_, i) => newConn(o, `c${i}`))
  const topics = publishers.map((_, i) => (o.toOne ? `bench/sparse/${i}` : `bench/sparse/${i}/self`))
  const subscribers = o.toOne ? [newConn(o, 'sub')] : publishers
  const conns = [...new Set([...subscribers, ...publishers])]
  await connectAndSubscribe(
    o,
    conns,
    subscribers.map((c, i) => [c, o.toOne ? 'bench/sparse/+' : topics[i]]),
  )
  return { publishers, topics, subscribers, fan: 1, conns }
}

/** With `o.others`, PORT:PID of further brokers, all of them in turns; {brokers} holds a report of each. */
export async function sparse(o) {
  const paceOf = { ...o, rate: o.rate > 0 ? o.rate : o.connections }
  const others = o.others.split(',').filter(Boolean)
  if (others.length === 0) return paced(paceOf, await sparseLoad(o))
  const loads = []
  for (const [port, pid] of [[o.port, o.pid], ...others.map((other) => other.split(':').map(Number))]) {
    const load = await sparseLoad({ ...o, port })
    loads.push({ pid, conns: load.conns, pacer: pacerOf(paceOf, load), received: received(load.subscribers) })
  }
  const result = await inTurns(o, loads)
  for (const { conns } of loads) for (const c of conns) c.close()
  return result
}
