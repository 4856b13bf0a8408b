/**
 * Scenario offline: persistent sessions go away, messages are published at QoS 1,
 * the sessions come back. Counts what each session got, with duplicates.
 * --rounds 2: all of it again with the same Sessions, and only the last time counts.
 * With --kill: SIGKILL of the broker after all PUBACKs, then --restart CMD
 * (which must start the broker again and print its pid).
 */
import { execFileSync } from 'node:child_process'
import net from 'node:net'
import { Conn, eachLimited, openAll, totals } from './conn.mjs'
import { sleep } from './measure.mjs'
import * as mqtt from './mqtt.mjs'
import * as proc from './proc.mjs'

const EXPIRY = 3600

function waitForPort(host, port, ms) {
  const end = performance.now() + ms
  return new Promise((resolve, reject) => {
    const attempt = () => {
      const s = net.connect({ host, port })
      s.on('connect', () => {
        s.destroy()
        resolve()
      })
      s.on('error', () => {
        if (performance.now() > end) reject(new Error('broker did not come back'))
        else setTimeout(attempt, 50)
      })
    }
    attempt()
  })
}

async function publishAll(o, onAcked) {
  const conn = new Conn({ host: o.host, port: o.port, version: o.version, clientId: `${o.prefix}pub` })
  await conn.open()
  const window = Math.min(o.window, conn.serverReceiveMaximum)
  const packets = []
  for (let i = 0; i < o.messages; i++) {
    const payload = Buffer.alloc(Math.max(8, o.size), 120)
    payload.writeUInt32BE(i, 0)
    packets.push(
      mqtt.publish({ version: o.version, topic: 'bench/offline', payload, qos: 1, packetId: (i % 65535) + 1 }),
    )
  }
  let sent = 0
  let acked = 0
  await new Promise((resolve) => {
    const more = () => {
      const batch = []
      while (sent < o.messages && sent - acked < window) batch.push(packets[sent++])
      if (batch.length > 0) conn.socket.write(Buffer.concat(batch))
    }
    conn.onAck = () => {
      acked++
    }
    let lastAcked = -1
    const watch = setInterval(() => {
      if (acked === lastAcked) {
        clearInterval(watch)
        resolve()
      }
      lastAcked = acked
    }, 5000)
    conn.onAckBatch = () => {
      if (acked === o.messages) {
        clearInterval(watch)
        resolve()
      } else more()
    }
    conn.onClosed = () => {
      clearInterval(watch)
      resolve()
    }
    more()
  })
  onAcked()
  conn.close()
  return { sent, acked }
}

export async function offline(o) {
  for (let round = 1; round < o.rounds; round++) await once(o)
  return once(o)
}

async function once(o) {
  const make = (clean) =>
    Array.from(
      { length: o.sessions },
      (_, i) =>
        new Conn({
          host: o.host,
          port: o.port,
          version: o.version,
          clientId: `${o.prefix}sess-${i}`,
          clean,
          expiry: EXPIRY,
        }),
    )
  // 1. create the sessions and go away
  let conns = make(false)
  const firstFailed = await openAll(conns, 64)
  await eachLimited(conns, 64, (c) => c.subscribe(['bench/offline'], 1))
  for (const c of conns) c.close()
  await sleep(500)
  // 2. publish
  const before = proc.sample(o.pid)
  const startUs = Number(process.hrtime.bigint() / 1000n)
  const t0 = performance.now()
  let t1 = 0
  let atAck = null
  const writtenBefore = proc.bytesWritten(o.pid)
  let written = 0
  const mainThreadBefore = proc.threadsCpu(o.pid).main
  let mainThread = 0
  const { sent, acked } = await publishAll(o, () => {
    t1 = performance.now()
    atAck = proc.sample(o.pid)
    written = proc.bytesWritten(o.pid) - writtenBefore
    mainThread = proc.threadsCpu(o.pid).main - mainThreadBefore
  })
  // 3. optionally kill -9 and restart
  let pid = o.pid
  let restartSeconds = null
  if (o.kill) {
    await sleep(o.killDelay)
    process.kill(pid, 'SIGKILL')
    await sleep(300)
    const r0 = performance.now()
    pid = Number(execFileSync('/bin/bash', ['-c', o.restart], { encoding: 'utf8' }).trim().split('\n').pop())
    await waitForPort(o.host, o.port, 20000)
    restartSeconds = (performance.now() - r0) / 1000
    await sleep(500)
  } else {
    await sleep(500)
  }
  // 4. come back and count
  totals.closedEarly = 0
  conns = make(false)
  const seen = conns.map(() => new Uint8Array(o.messages))
  let distinct = 0,
    repeats = 0,
    outOfOrder = 0,
    lastAt = performance.now()
  conns.forEach((c, i) => {
    let previous = -1
    c.wantPayload = true
    c.onPayload = (b, from) => {
      const seq = b.readUInt32BE(from)
      lastAt = performance.now()
      if (seq >= o.messages || seen[i][seq]) {
        repeats++
        return
      }
      seen[i][seq] = 1
      distinct++
      if (seq < previous) outOfOrder++
      previous = seq
    }
  })
  const t2 = performance.now()
  const c2 = proc.sample(pid)
  const backFailed = await openAll(conns, 64)
  const present = conns.filter((c) => c.sessionPresent).length
  const expected = acked * o.sessions
  lastAt = Math.max(lastAt, performance.now())
  while (performance.now() - lastAt < o.quiet * 1000 && performance.now() - t2 < o.drain * 1000) {
    await sleep(50)
    if (distinct >= expected) {
      await sleep(300)
      break
    }
  }
  const c3 = proc.sample(pid)
  for (const c of conns) c.close()
  const publishSeconds = (t1 - t0) / 1000
  return {
    measured_us: [startUs, Number(process.hrtime.bigint() / 1000n)],
    sessions: o.sessions,
    published: sent,
    acked,
    killed: Boolean(o.kill),
    first_failed: firstFailed,
    back_failed: backFailed,
    publish_seconds: Number(publishSeconds.toFixed(2)),
    enqueue_per_s: Math.round((acked * o.sessions) / publishSeconds),
    cpu_us_per_enqueued: Number(((1e6 * (atAck.cpu - before.cpu)) / (acked * o.sessions)).toFixed(2)),
    main_thread_us_per_in: Number(((1e6 * mainThread) / acked).toFixed(2)),
    written_per_payload_byte: Number((written / (acked * Math.max(8, o.size))).toFixed(2)),
    rss_mib_before: Number((before.rss / 1024).toFixed(1)),
    rss_mib_queued: Number((atAck.rss / 1024).toFixed(1)),
    restart_seconds: restartSeconds && Number(restartSeconds.toFixed(2)),
    sessions_present: present,
    expected,
    delivered_distinct: distinct,
    lost: expected - distinct,
    lost_pct: Number(((100 * (expected - distinct)) / expected).toFixed(2)),
    duplicates: repeats,
    out_of_order: outOfOrder,
    deliver_seconds: Number(((lastAt - t2) / 1000).toFixed(2)),
    deliver_per_s: Math.round(distinct / ((lastAt - t2) / 1000)),
    cpu_us_per_delivered: distinct ? Number(((1e6 * (c3.cpu - c2.cpu)) / distinct).toFixed(2)) : null,
    new_pid: pid,
    errors: totals.errors,
    last_error: totals.lastError || undefined,
  }
}
