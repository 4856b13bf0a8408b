/**
 * node selftest.mjs: the reader must count the same packets however the bytes are cut,
 * the histogram must be within 1 %, and one message lost among millions must show.
 */
import assert from 'node:assert/strict'
import { cpuNumbers } from './broker-process.mjs'
import { Conn } from './conn.mjs'
import { flamePage, flameTree, heaviestPath, sharesText } from './flame-graph.mjs'
import { Pacer } from './flow.mjs'
import { Histogram } from './histogram.mjs'
import { undelivered } from './measure.mjs'
import * as mqtt from './mqtt.mjs'
import { curveSvg, roundUp, short } from './plot.mjs'
import { isReached } from './scenarios.mjs'
import { inTurns } from './turns.mjs'

let seed = 1
const random = (n) => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed % n
}

for (const version of [4, 5]) {
  const parts = []
  let publishes = 0,
    acks = 0,
    rels = 0,
    needReplies = 0
  const sizes = [0, 1, 8, 64, 110, 127, 128, 1000, 16370, 16400, 40000]
  for (let i = 0; i < 3000; i++) {
    const kind = random(10)
    if (kind < 7) {
      const qos = random(3)
      const payload = Buffer.alloc(Math.max(4, sizes[random(i % 50 === 0 ? sizes.length : 6)]))
      payload.writeUInt32BE(publishes, 0)
      parts.push(mqtt.publish({ version, topic: `t/${random(1000)}`, payload, qos, packetId: 1 + random(60000) }))
      publishes++
      if (qos > 0) needReplies++
    } else if (kind < 9) {
      parts.push(Buffer.from([0x40, 2, 1, random(256)]))
      acks++
    } else {
      parts.push(Buffer.from([0x62, 2, 1, random(256)]))
      rels++
    }
  }
  const all = Buffer.concat(parts)
  for (let round = 0; round < 40; round++) {
    const c = new Conn({ version })
    let replyBytes = 0,
      gotAcks = 0,
      next = 0
    c.socket = {
      write: (b) => {
        replyBytes += b.length
      },
    }
    c.wantPayload = true
    c.onPayload = (b, from) => {
      assert.equal(b.readUInt32BE(from), next)
      next++
    }
    c.onAck = () => {
      gotAcks++
    }
    const most = [1, 2, 3, 7, 50, 1000, 70000][round % 7]
    for (let p = 0; p < all.length; ) {
      const n = Math.min(all.length - p, 1 + random(most))
      const piece = Buffer.from(all.subarray(p, p + n)) // a copy that is overwritten after the call
      c.feed(piece, n)
      piece.fill(0xee)
      p += n
    }
    assert.equal(c.received, publishes)
    assert.equal(gotAcks, acks)
    assert.equal(replyBytes, 4 * (needReplies + rels))
    assert.equal(c.carryLength, 0)
  }
}
const h = new Histogram()
for (let i = 1; i <= 1e5; i++) h.add(i)
for (const f of [0.5, 0.9, 0.99, 0.999]) assert.ok(Math.abs(h.at(f) / (f * 1e5) - 1) < 0.01, `${f} ${h.at(f)}`)
assert.equal(undelivered({ total_expected: 8e6, total_delivered: 8e6 - 1, delivered_ratio: 1 }), 1)
assert.equal(undelivered({ total_expected: 8, total_delivered: 9 }), 0)
assert.equal(undelivered({ expected: 8, delivered_distinct: 5, lost: 3 }), 3)
assert.equal(undelivered({ kib_per_connection: 9 }), 0)
// Two callers of one function, a window that leaves out the first and the last sample.
const at = (id, functionName, url, children = []) => ({
  id,
  callFrame: { functionName, url, lineNumber: 9 },
  children,
})
const source = (file) => `file:///somewhere/src/${file}`
const root = flameTree(
  {
    startTime: 1000,
    samples: [4, 4, 5, 6, 7, 4],
    timeDeltas: [10, 100, 200, 300, 400, 50],
    nodes: [
      at(1, '(root)', '', [2, 3, 6, 7]),
      at(2, 'a', source('core/a.ts'), [4]),
      at(3, 'b', source('server/b.ts'), [5]),
      at(4, 'c<d>', source('protocol/c.ts')),
      at(5, 'c<d>', source('protocol/c.ts')),
      at(6, '(garbage collector)', ''),
      at(7, '(idle)', ''),
    ],
  },
  [1050, 2020],
)
assert.equal(root.total, 1000)
assert.equal(root.children.get('b src/server/b.ts:10').total, 200)
assert.equal(root.children.get('b src/server/b.ts:10').self, 0)
const shares = sharesText(root)
assert.match(shares, /busy 0.00 s, idle 0.00 s/)
assert.match(shares, / 50.0 {2}protocol\n {2}50.0 {2}gc\n/)
assert.match(shares, / 50.0 {2}c<d> {2}src\/protocol\/c.ts:10/)
assert.equal(heaviestPath(root), '(garbage collector)')
root.children.delete('(garbage collector) ')
assert.equal(heaviestPath(root), 'b > c<d>')
assert.deepEqual(cpuNumbers('0-2,5'), [0, 1, 2, 5])
assert.match(flamePage('t', [{ title: 'main', root }]), /c&#60;d&#62;/)
assert.deepEqual([1, 1.1, 480, 5001].map(roundUp), [1, 2, 500, 10_000])
assert.deepEqual([0.123456, 16, 1048576, 2e9].map(short), ['0.123', '16', '1.05M', '2G'])
const points = [
  { x: 10, y: { 'a<b': 1 } },
  { x: 1000, y: { 'a<b': 2 } },
]
const svg = curveSvg({ title: 't', xLabel: 'x', figures: ['a<b'], points })
// The first point at half the height, the last at the top, on the right edge.
assert.match(svg, /<polyline points="62.0,118.0 344.0,40.0"/)
assert.match(svg, /a&#60;b/)
assert.equal(isReached({ atLeast: 25 }, { ours: 1, ratio: 22.5 }), true)
assert.equal(isReached({ atLeast: 25 }, { ours: 1, ratio: 22.4 }), false)
assert.equal(isReached({ atMost: 1 }, { ours: 1, ratio: 1.11 }), true)
assert.equal(isReached({ atMost: 1 }, { ours: 1, ratio: 1.12 }), false)
assert.equal(isReached({ oursAtMost: 400 }, { ours: 445, ratio: 0.1 }), false)
assert.equal(isReached({}, { ours: 1, ratio: 1 }), undefined)
{
  // Not in step: in whatever part of its share a message is sent, as many are sent in each other part, and no two come close.
  const pacer = new Pacer({ conns: [], topics: [], rate: 2000, size: 64, qos: 0, version: 4 })
  pacer.begin = 0
  const parts = new Array(16).fill(0)
  for (let number = 0; number < 1600; number++) {
    const share = pacer.dueAt(number) * 2
    parts[Math.floor((share % 1) * 16)] += 1
    const gap = pacer.dueAt(number + 1) * 2 - share
    assert.ok(gap > 0.6 && gap < 1.7, `${gap}`)
  }
  assert.ok(Math.min(...parts) >= 95 && Math.max(...parts) <= 105, `${parts}`)
}
{
  // In turns: all warm up at once, then one at a time, each for so many windows, and only what comes in them is measured.
  let running = 0
  const most = []
  const loads = ['a', 'b', 'c'].map((name) => ({
    pid: process.pid,
    received: { delivered: 0, isRecording: false, histogram: new Histogram() },
    pacer: {
      name,
      sent: 0,
      start() {
        most.push(++running)
        this.sent += 10
      },
      stop() {
        running--
      },
    },
  }))
  const { brokers } = await inTurns({ warmup: 0.01, turns: 3, seconds: 0.01 }, loads)
  assert.deepEqual(most, [1, 2, 3, ...Array(9).fill(1)])
  assert.equal(running, 0)
  for (const [i, broker] of brokers.entries()) {
    assert.equal(broker.total_sent, 40)
    // What was sent before its windows began is no part of them.
    assert.equal(broker.sent, 0)
    assert.ok(broker.seconds >= 0.03 && broker.seconds < 3, `${broker.seconds}`)
    assert.equal(loads[i].received.isRecording, false)
  }
}

console.log('selftest: 1 passed, 0 failed')
