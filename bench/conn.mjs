/**
 * One client connection: a raw TCP socket, a tight incremental packet reader
 * and automatic QoS 1/2 replies that leave in one write per read.
 *
 * All connections share one read buffer: Node fills it and calls back
 * synchronously, so it is free again when the callback returns. The unfinished
 * packet at the end of a read, if any, moves to a small per-connection buffer.
 */

import net from 'node:net'
import tls from 'node:tls'
import WebSocket, { createWebSocketStream } from 'ws'
import * as mqtt from './mqtt.mjs'

const READ_SIZE = 256 * 1024
const readBuffer = Buffer.allocUnsafe(READ_SIZE)
const replies = Buffer.allocUnsafe(READ_SIZE + 64)
let repliesEnd = 0

export const totals = { connected: 0, closedEarly: 0, refused: 0, errors: 0, lastError: '' }

function nothing() {}

export class Conn {
  constructor(opts) {
    this.version = opts.version ?? 4
    this.received = 0 // PUBLISH packets received
    this.duplicates = 0 // of which with the DUP flag
    this.carry = null // unfinished packet
    this.carryLength = 0
    this.autoReply = true
    this.wantPayload = false // call onPayload(buffer, start, end) per PUBLISH
    this.sessionPresent = false
    this.serverReceiveMaximum = 65535
    this.closing = false
    this.isClosed = false
    this.owner = null
    // hooks, replaced by scenarios
    this.onPayload = nothing
    this.onBatch = nothing // (conn, publishesInThisRead) after each read
    this.onAck = nothing // (conn, packetId) when a QoS 1/2 publish is done
    this.onAckBatch = nothing // after each read that held acks
    this.onDrain = nothing
    this.onClosed = nothing
    this.resolveConnack = null
    this.resolveSuback = null
    this.acksInRead = 0
    this.opts = opts
    this.socket = null
  }

  open() {
    const o = this.opts
    return new Promise((resolve, reject) => {
      this.resolveConnack = resolve
      const socket = connectSocket(o, this)
      this.socket = socket
      socket.on(o.transport === 'tls' ? 'secureConnect' : 'connect', () => {
        socket.write(
          mqtt.connect({
            version: this.version,
            clientId: o.clientId,
            clean: o.clean ?? true,
            expiry: o.expiry ?? 0,
            keepAlive: o.keepAlive ?? 0,
          }),
        )
      })
      socket.on('drain', () => this.onDrain(this))
      socket.on('error', (e) => {
        if (!this.closing) {
          totals.errors++
          totals.lastError = e.code || e.message
        }
        reject(e)
      })
      socket.on('close', () => {
        this.isClosed = true
        if (!this.closing) totals.closedEarly++
        reject(new Error('closed before CONNACK'))
        this.onClosed(this)
      })
    })
  }

  subscribe(filters, qos, packetId = 1) {
    return new Promise((resolve) => {
      this.resolveSuback = resolve
      this.socket.write(mqtt.subscribe({ version: this.version, packetId, filters, qos }))
    })
  }

  close(politely = true) {
    this.closing = true
    if (!this.socket || this.isClosed) return
    if (politely) this.socket.end(mqtt.DISCONNECT)
    else this.socket.destroy()
  }

  feed(b, n) {
    const before = this.received
    repliesEnd = 0
    this.acksInRead = 0
    let p = this.carryLength > 0 ? this.finishCarry(b, n) : 0
    while (p < n) {
      let q = p + 1
      if (q >= n) break
      let byte = b[q++]
      let length = byte & 127
      if (byte > 127) {
        if (q >= n) break
        byte = b[q++]
        length |= (byte & 127) << 7
        if (byte > 127) {
          if (q >= n) break
          byte = b[q++]
          length |= (byte & 127) << 14
          if (byte > 127) {
            if (q >= n) break
            length |= b[q++] << 21
          }
        }
      }
      const end = q + length
      if (end > n) break
      this.packet(b[p], b, q, end)
      p = end
    }
    if (p < n) this.keep(b, p, n)
    if (repliesEnd > 0) this.socket.write(Buffer.from(replies.subarray(0, repliesEnd)))
    if (this.acksInRead > 0) this.onAckBatch(this)
    const got = this.received - before
    if (got > 0) this.onBatch(this, got)
  }

  keep(b, from, to) {
    const size = to - from
    if (!this.carry || this.carry.length < size + 5) {
      this.carry = Buffer.allocUnsafe(Math.max(1024, 2 * size))
    }
    b.copy(this.carry, 0, from, to)
    this.carryLength = size
  }

  /** Completes the carried packet from the new bytes; returns the position after it. */
  finishCarry(b, n) {
    let p = 0
    for (;;) {
      // Is the header complete in the carry?
      let total = -1
      let shift = 0,
        length = 0
      for (let i = 1; i < this.carryLength && i < 5; i++) {
        const byte = this.carry[i]
        length += (byte & 127) * 2 ** shift
        shift += 7
        if (byte < 128) {
          total = i + 1 + length
          break
        }
      }
      const need = total < 0 ? 1 : total - this.carryLength
      if (need > 0) {
        const take = Math.min(need, n - p)
        if (this.carryLength + take > this.carry.length) {
          const bigger = Buffer.allocUnsafe(Math.max(total, this.carryLength + take) + 16)
          this.carry.copy(bigger, 0, 0, this.carryLength)
          this.carry = bigger
        }
        b.copy(this.carry, this.carryLength, p, p + take)
        this.carryLength += take
        p += take
        if (take < need) return p
        if (total < 0) continue
      }
      let q = 1
      while (this.carry[q] > 127) q++
      this.carryLength = 0
      this.packet(this.carry[0], this.carry, q + 1, total)
      return p
    }
  }

  packet(head, b, q, end) {
    switch (head >> 4) {
      case 3: {
        // PUBLISH
        this.received++
        const qos = (head >> 1) & 3
        if (head & 8) this.duplicates++
        if (qos === 0 && !this.wantPayload) return
        let at = q + 2 + ((b[q] << 8) | b[q + 1])
        if (qos > 0) {
          if (this.autoReply) {
            replies[repliesEnd] = qos === 1 ? 0x40 : 0x50
            replies[repliesEnd + 1] = 2
            replies[repliesEnd + 2] = b[at]
            replies[repliesEnd + 3] = b[at + 1]
            repliesEnd += 4
          }
          at += 2
        }
        if (this.wantPayload) {
          if (this.version === 5) at += 1 + b[at] // property block under 128 bytes
          this.onPayload(b, at, end)
        }
        return
      }
      case 4:
      case 7: // PUBACK, PUBCOMP
        if (end - q > 2 && b[q + 2] >= 0x80) {
          totals.errors++
          totals.lastError = `ack reason ${b[q + 2]}`
        }
        this.acksInRead++
        this.onAck(this, (b[q] << 8) | b[q + 1])
        return
      case 5: // PUBREC -> PUBREL
        this.reply(0x62, b[q], b[q + 1])
        return
      case 6: // PUBREL -> PUBCOMP
        this.reply(0x70, b[q], b[q + 1])
        return
      case 2: {
        // CONNACK
        const code = b[q + 1]
        this.sessionPresent = (b[q] & 1) === 1
        if (this.version === 5) this.readConnackProperties(b, q + 2, end)
        if (code === 0) {
          totals.connected++
          this.resolveConnack(this)
        } else {
          totals.refused++
          totals.lastError = `CONNACK ${code}`
          this.closing = true
          this.socket.destroy()
        }
        return
      }
      case 9: {
        // SUBACK
        const r = this.resolveSuback
        const start = q + 2 + (this.version === 5 ? 1 + b[q + 2] : 0)
        for (let i = start; i < end; i++)
          if (b[i] >= 0x80) {
            totals.errors++
            totals.lastError = `SUBACK ${b[i]}`
          }
        if (r) {
          this.resolveSuback = null
          r(this)
        }
        return
      }
      case 14:
        totals.lastError = `DISCONNECT reason ${end > q ? b[q] : 0}`
        return
      default:
    }
  }

  reply(head, hi, lo) {
    replies[repliesEnd] = head
    replies[repliesEnd + 1] = 2
    replies[repliesEnd + 2] = hi
    replies[repliesEnd + 3] = lo
    repliesEnd += 4
  }

  readConnackProperties(b, at, end) {
    let p = at + 1 // property block under 128 bytes
    const fourBytes = new Set([0x11, 0x27])
    const twoBytes = new Set([0x13, 0x21, 0x22])
    const strings = new Set([0x12, 0x15, 0x16, 0x1a, 0x1c, 0x1f])
    while (p < end) {
      const id = b[p++]
      if (id === 0x21) this.serverReceiveMaximum = (b[p] << 8) | b[p + 1]
      if (fourBytes.has(id)) p += 4
      else if (twoBytes.has(id)) p += 2
      else if (strings.has(id)) p += 2 + ((b[p] << 8) | b[p + 1])
      else if (id === 0x26) {
        p += 2 + ((b[p] << 8) | b[p + 1])
        p += 2 + ((b[p] << 8) | b[p + 1])
      } else p += 1
    }
  }
}

/** A stream to the broker that feeds `conn` with what it reads. */
function connectSocket(o, conn) {
  const { host, port, localAddress, transport = 'tcp' } = o
  if (transport === 'tcp') {
    const onread = {
      buffer: readBuffer,
      callback(n, b) {
        conn.feed(b, n)
        return true
      },
    }
    return net.connect({ host, port, localAddress, noDelay: true, onread })
  }
  if (transport === 'tls') {
    // The certificate was made for this run; nothing secret is sent.
    const socket = tls.connect({ host, port, rejectUnauthorized: false })
    socket.setNoDelay(true)
    return socket.on('data', (chunk) => conn.feed(chunk, chunk.length))
  }
  const client = new WebSocket(`ws://${host}:${port}/mqtt`, 'mqtt', { perMessageDeflate: false })
  const stream = createWebSocketStream(client)
  client.on('open', () => stream.emit('connect'))
  return stream.on('data', (chunk) => conn.feed(chunk, chunk.length))
}

/** Opens many connections, at most `parallel` handshakes at a time. */
export async function openAll(conns, parallel = 128) {
  let next = 0
  let failed = 0
  async function worker() {
    while (next < conns.length) {
      const c = conns[next++]
      try {
        await c.open()
      } catch {
        failed++
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(parallel, conns.length) }, worker))
  return failed
}

/** Runs fn(conn) for all, at most `parallel` at a time. */
export async function eachLimited(items, parallel, fn) {
  let next = 0
  async function worker() {
    while (next < items.length) {
      const i = next++
      await fn(items[i], i)
    }
  }
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, worker))
}
