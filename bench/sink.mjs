#!/usr/bin/env node
/**
 * A trivial relay: what a stream of messages costs a program on Node without a broker in it, and the generator's own ceiling. It has no
 * topic matching beyond "exact, or the first subscriber", checks nothing, keeps nothing, acknowledges QoS 1 itself, and forwards PUBLISH
 * bytes untouched, Packet Identifiers among them: what has come in one turn of the event loop leaves in one write for each subscriber.
 * --discard: counts nothing and forwards nothing, but answers QoS 1.
 */
import net from 'node:net'

const port = Number(process.argv[2] || 1883)
const discard = process.argv.includes('--discard')
const subscribers = new Map() // topic filter -> sockets
let wild = []
/** What is to be forwarded at the end of this turn of the event loop, by the list of those it is for. */
const waiting = new Map()

function forward(sockets, bytes) {
  if (waiting.size === 0) setImmediate(forwardAll)
  const parts = waiting.get(sockets)
  if (parts === undefined) waiting.set(sockets, [bytes])
  else parts.push(bytes)
}

function forwardAll() {
  for (const [sockets, parts] of waiting) {
    const bytes = parts.length === 1 ? parts[0] : Buffer.concat(parts)
    for (const socket of sockets) socket.write(bytes)
  }
  waiting.clear()
}

net
  .createServer({ noDelay: true }, (s) => {
    let rest = null
    let cached = null // the topic of one connection does not change in these runs
    s.on('error', () => {})
    s.on('close', () => {
      for (const [k, list] of subscribers) {
        const l = list.filter((x) => x !== s)
        if (l.length) subscribers.set(k, l)
        else subscribers.delete(k)
      }
      wild = wild.filter((x) => x !== s)
    })
    s.on('data', (d) => {
      if (rest) {
        d = Buffer.concat([rest, d])
        rest = null
      }
      let p = 0
      let from = -1
      let acks = null
      let n = 0
      while (p < d.length) {
        let q = p + 1,
          length = 0,
          shift = 0,
          byte = 128
        while (q < d.length && byte > 127) {
          byte = d[q++]
          length |= (byte & 127) << shift
          shift += 7
        }
        if (byte > 127 || q + length > d.length) break
        const type = d[p] >> 4
        if (type === 3) {
          if (from < 0) from = p
          const tl = (d[q] << 8) | d[q + 1]
          if (!cached) {
            const topic = d.latin1Slice(q + 2, q + 2 + tl)
            cached = subscribers.get(topic) || wild
          }
          if (d[p] & 2) {
            acks ??= Buffer.allocUnsafe(d.length)
            acks[n++] = 0x40
            acks[n++] = 2
            acks[n++] = d[q + 2 + tl]
            acks[n++] = d[q + 3 + tl]
          }
        } else if (type === 1) s.write(Buffer.from([0x20, 2, 0, 0]))
        else if (type === 8) {
          const fl = (d[q + 2] << 8) | d[q + 3]
          const f = d.latin1Slice(q + 4, q + 4 + fl)
          if (/[+#]/.test(f)) wild.push(s)
          else subscribers.set(f, [...(subscribers.get(f) || []), s])
          s.write(Buffer.from([0x90, 3, d[q], d[q + 1], d[p + length + 1]]))
        }
        p = q + length
      }
      if (n > 0) s.write(acks.subarray(0, n))
      if (from >= 0 && !discard) forward(cached, d.subarray(from, p))
      if (p < d.length) rest = Buffer.from(d.subarray(p))
    })
  })
  .listen(port, '127.0.0.1', 4096, () => console.log(`sink on ${port}`))
