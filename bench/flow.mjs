/**
 * Publishers, and the groups that keep them from running ahead of the
 * subscribers: at most `cap` messages of a group are sent and not yet delivered.
 * A group serves its ready publishers round robin.
 */

import * as mqtt from './mqtt.mjs'

const SENDS_PER_TURN = 1000
const SOCKET_BACKLOG = 256 * 1024

export class Group {
  constructor({ cap, fan }) {
    this.cap = cap // 0 = no cap (flood)
    this.fan = fan // deliveries expected per message sent
    this.sent = 0
    this.acked = 0
    this.delivered = 0
    this.ring = []
    this.head = 0
    this.stopped = true
    this.limit = Infinity // most messages to send
    this.turnQueued = false
    this.again = () => {
      this.turnQueued = false
      this.run()
    }
  }

  ready(publisher) {
    if (publisher.queued) return
    publisher.queued = true
    this.ring.push(publisher)
  }

  budget() {
    if (this.stopped) return 0
    const left = this.limit - this.sent
    if (this.cap === 0) return left
    return Math.min(left, this.cap - (this.sent - this.delivered / this.fan))
  }

  run() {
    let sends = 0
    while (this.head < this.ring.length) {
      const p = this.ring[this.head]
      const budget = this.budget()
      if (budget < p.leastBatch) break
      if (++sends > SENDS_PER_TURN) {
        if (!this.turnQueued) {
          this.turnQueued = true
          setImmediate(this.again)
        }
        break
      }
      this.head++
      p.queued = false
      this.sent += p.send(budget)
    }
    if (this.head === this.ring.length) {
      this.ring.length = 0
      this.head = 0
    } else if (this.head > 65536) {
      this.ring = this.ring.slice(this.head)
      this.head = 0
    }
  }

  gotDelivered(n) {
    this.delivered += n
    if (this.head < this.ring.length && !this.turnQueued) this.run()
  }
}

/** QoS 0: writes whole pre-encoded chunks of several messages. */
export class StreamPublisher {
  constructor(conn, group, chunks) {
    this.conn = conn
    this.group = group
    this.chunks = chunks // [{ bytes, count }]
    this.at = 0
    this.queued = false
    this.leastBatch = chunks[0].count
    conn.onDrain = () => {
      group.ready(this)
      group.run()
    }
  }

  send() {
    const chunk = this.chunks[this.at]
    if (++this.at === this.chunks.length) this.at = 0
    const s = this.conn.socket
    s.write(chunk.bytes)
    if (s.writableLength < SOCKET_BACKLOG && !this.conn.isClosed && !s.writableNeedDrain) this.group.ready(this)
    return chunk.count
  }
}

/** QoS 1/2: a ring of `window` packets encoded once, packet ids 1..window. */
export class WindowPublisher {
  constructor(conn, group, { window, qos, version, topicOf, payload }) {
    this.conn = conn
    this.group = group
    this.window = Math.min(window, conn.serverReceiveMaximum)
    this.queued = false
    this.leastBatch = 1
    const packets = []
    this.offsets = new Float64Array(this.window + 1)
    let at = 0
    for (let i = 0; i < this.window; i++) {
      const p = mqtt.publish({ version, topic: topicOf(i), payload, qos, packetId: i + 1 })
      packets.push(p)
      at += p.length
      this.offsets[i + 1] = at
    }
    this.bytes = Buffer.concat(packets)
    this.busy = new Uint8Array(this.window)
    this.next = 0 // next slot to send
    this.oldest = 0 // oldest slot not yet acknowledged
    this.inFlight = 0 // slots from oldest up to next
    this.acked = 0
    this.strayAcks = 0
    conn.onAck = (_c, id) => this.onAck(id)
    conn.onAckBatch = () => {
      if (this.inFlight < this.window) {
        group.ready(this)
        group.run()
      }
    }
  }

  onAck(id) {
    const slot = id - 1
    if (slot < 0 || slot >= this.window || this.busy[slot] === 0) {
      this.strayAcks++
      return
    }
    this.busy[slot] = 0
    this.acked++
    this.group.acked++
    while (this.inFlight > 0 && this.busy[this.oldest] === 0) {
      this.oldest = this.oldest + 1 === this.window ? 0 : this.oldest + 1
      this.inFlight--
    }
  }

  send(budget) {
    const room = Math.min(this.window - this.inFlight, this.window - this.next, Math.floor(budget))
    if (room <= 0 || this.conn.isClosed) return 0
    const from = this.next
    const to = from + room
    this.busy.fill(1, from, to)
    this.next = to === this.window ? 0 : to
    this.inFlight += room
    this.conn.socket.write(this.bytes.subarray(this.offsets[from], this.offsets[to]))
    if (this.inFlight < this.window) this.group.ready(this)
    return room
  }
}

/** Pre-encodes `count` messages into one buffer. topicOf(i) and a constant payload. */
export function chunk({ version, count, topicOf, payload }) {
  const packets = []
  for (let i = 0; i < count; i++) packets.push(mqtt.publish({ version, topic: topicOf(i), payload }))
  return { bytes: Buffer.concat(packets), count }
}

/** Of numbers in a row, each times this, what stands behind the point is spread as evenly as can be. */
const goldenPart = (Math.sqrt(5) - 1) / 2

/**
 * Paced open-loop sender for latency: sends `rate` messages per second in all,
 * round robin over conns, each with its send time in the first 8 payload bytes.
 * It spins on setImmediate, so the generator adds little of its own delay.
 *
 * Not in step: messages that come every half millisecond come with every eighth tick of the system's clock for as long as they
 * are sent, or with none of them, by chance. Each has a moment of its own in the time that is its share, spread evenly over all of them.
 */
export class Pacer {
  constructor({ conns, topics, rate, size, qos, version }) {
    this.rate = rate
    this.qos = qos
    this.slots = conns.map((conn, i) => {
      const packet = mqtt.publish({
        version,
        topic: topics[i],
        payload: Buffer.alloc(Math.max(8, size)),
        qos,
        packetId: 1,
      })
      const slot = {
        conn,
        packet,
        stampAt: packet.length - Math.max(8, size),
        idAt: packet.length - Math.max(8, size) - (version === 5 ? 3 : 2),
        id: 0,
      }
      if (qos > 0)
        conn.onAck = () => {
          this.acked++
        }
      return slot
    })
    this.sent = 0
    this.acked = 0
    this.at = 0
    this.worstLag = 0
    this.running = false
  }

  start() {
    this.running = true
    this.begin = performance.now()
    this.base = this.sent
    let dueAt = this.dueAt(0)
    const tick = () => {
      if (!this.running) return
      const now = performance.now()
      if (now - dueAt > this.worstLag) this.worstLag = now - dueAt
      for (let room = 256; room > 0 && now >= dueAt; room--) {
        this.sendOne()
        dueAt = this.dueAt(this.sent - this.base)
      }
      setImmediate(tick)
    }
    tick()
  }

  /** When the message with this number, from 0, is to be sent: at least 0.6 of a share behind the one before it. */
  dueAt(number) {
    return this.begin + ((number + ((number * goldenPart) % 1)) * 1000) / this.rate
  }

  sendOne() {
    const slot = this.slots[this.at]
    if (++this.at === this.slots.length) this.at = 0
    const p = Buffer.from(slot.packet)
    p.writeDoubleLE(performance.now(), slot.stampAt)
    if (this.qos > 0) {
      slot.id = slot.id === 65535 ? 1 : slot.id + 1
      p[slot.idAt] = slot.id >> 8
      p[slot.idAt + 1] = slot.id & 255
    }
    slot.conn.socket.write(p)
    this.sent++
  }

  stop() {
    this.running = false
  }
}
