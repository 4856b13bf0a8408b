/**
 * What could hold a broker's event loop: each is given a running broker, makes it hard for it, and marks the part that counts.
 *
 * `marked(name, work)` runs `work` and reports how long the loop was held meanwhile. `scale` is 1 for the sizes that are promised;
 * smaller for a quick look. Every wait is bounded.
 */
import { Conn, eachLimited, openAll } from './conn.mjs'
import { Pacer } from './flow.mjs'
import { Histogram } from './histogram.mjs'
import { sleep } from './measure.mjs'
import * as mqtt from './mqtt.mjs'

/** `text` is what is promised; `run` gets {port, scale, marked} and may report bars of its own as [name, value, max, unit]. */
export const stalls = {
  started: { text: 'the moment after the start, when the HTTP API is loaded', run: justStarted },
  silent: { text: '1,000 of 2,000 subscribers do not read', run: silentSubscribers },
  'retained-flood': { text: '200,000 Retained Messages, set and deleted', run: retainedFlood },
  'retained-all': { text: '# over 1,000,000 Retained Messages', run: retainedAll },
  subscribe: {
    text: 'a SUBSCRIBE of 10,000 Topic Filters, UNSUBSCRIBE, and a Session of them that ends',
    run: subscribeMany,
  },
  who: { text: 'who over 1,000,000 Subscriptions', run: whoOverAll },
  leave: { text: '5,000 clients come at once and are gone at once', run: allLeave },
  'leave-ws': { text: 'the same over WebSocket', transport: 'ws', run: allLeaveWebSocket },
  backlog: { text: 'a Session comes back to 500,000 messages', run: backlog },
}

const client = (port, clientId, more = {}) => new Conn({ host: '127.0.0.1', port, version: 4, clientId, ...more })

async function open(port, clientId, more) {
  const conn = client(port, clientId, more)
  await conn.open()
  return conn
}

function within(seconds, what, promise) {
  const late = Promise.withResolvers()
  const timer = setTimeout(() => late.reject(new Error(`${what}: not within ${seconds} s`)), seconds * 1000)
  return Promise.race([promise, late.promise]).finally(() => clearTimeout(timer))
}

/** Resolves when `conn` has received `count` messages. */
function receives(conn, count) {
  const all = Promise.withResolvers()
  conn.onBatch = () => {
    if (conn.received >= count) all.resolve()
  }
  return all.promise
}

/** Publishes what `packetOf(i, packetId)` makes, at QoS 1, and resolves when all of it is acknowledged. */
function publishAll(conn, count, packetOf, window = 200) {
  const all = Promise.withResolvers()
  let sent = 0
  let acked = 0
  const more = () => {
    const batch = []
    for (; sent < count && sent - acked < window; sent++) batch.push(packetOf(sent, (sent % 65535) + 1))
    if (batch.length > 0) conn.socket.write(Buffer.concat(batch))
  }
  conn.onAck = () => {
    acked++
  }
  conn.onAckBatch = () => {
    if (acked === count) all.resolve()
    else more()
  }
  conn.onClosed = () => all.reject(new Error('the broker closed the connection'))
  more()
  return all.promise
}

const publishes = (topicOf, payload, retain) => (i, packetId) =>
  mqtt.publish({ version: 4, topic: topicOf(i), payload, qos: 1, packetId, retain })

async function p99Ms(publisher, readers, seconds, rate) {
  const histogram = new Histogram()
  for (const conn of readers) {
    conn.wantPayload = true
    conn.onPayload = (bytes, from) => histogram.add((performance.now() - bytes.readDoubleLE(from)) * 1000)
  }
  const pacer = new Pacer({ conns: [publisher], topics: ['stall/all'], rate, size: 64, qos: 0, version: 4 })
  pacer.start()
  await sleep(seconds * 1000)
  pacer.stop()
  await sleep(500)
  if (histogram.total < 0.99 * pacer.sent * readers.length) {
    throw new Error(`${pacer.sent} messages to ${readers.length} subscribers: only ${histogram.total} copies arrived`)
  }
  return histogram.at(0.99) / 1000
}

async function justStarted({ marked }) {
  await marked('the HTTP API is loaded', () => sleep(3000))
}

async function silentSubscribers({ port, scale, marked }) {
  const half = Math.round(1000 * scale)
  const readers = Array.from({ length: half }, (_, i) => client(port, `reads-${i}`))
  const silent = Array.from({ length: half }, (_, i) => client(port, `silent-${i}`))
  const all = [...readers, ...silent]
  if ((await openAll(all)) > 0) throw new Error('not every client could connect')
  await eachLimited(all, 64, (conn) => conn.subscribe(['stall/all'], 0))
  await eachLimited(silent, 64, (conn) => conn.subscribe(['stall/silent'], 0, 2))
  const publisher = await open(port, 'publisher')
  const seconds = Math.max(1, 5 * scale)
  await p99Ms(publisher, readers, 1, 10)
  const before = await p99Ms(publisher, readers, seconds, 10)
  for (const conn of silent) conn.socket.pause()
  // More than the sockets of both sides hold, so that the broker has to keep or drop the rest.
  const large = Buffer.alloc(64 * 1024)
  const flood = publishAll(
    publisher,
    64,
    publishes(() => 'stall/silent', large, false),
    4,
  )
  await marked('flood to those who do not read', () => within(60, 'the flood', flood))
  let after = 0
  await marked('messages to all', async () => {
    after = await p99Ms(publisher, readers, seconds, 10)
  })
  for (const conn of all) conn.close(false)
  return [['p99 of the others', after / before, 2, `x (${after.toFixed(1)} ms after ${before.toFixed(1)} ms)`]]
}

async function retainedFlood({ port, scale, marked }) {
  const count = Math.round(200_000 * scale)
  const publisher = await open(port, 'publisher')
  const topicOf = (i) => `flood/${i % 1000}/${i}`
  const set = publishes(topicOf, Buffer.alloc(64, 120), true)
  const unset = publishes(topicOf, Buffer.alloc(0), true)
  await marked('set', () => within(120, 'setting them', publishAll(publisher, count, set)))
  await marked('quiet, with a message a second', () => quiet(publisher, 13 * scale))
  await marked('deleted', () => within(120, 'deleting them', publishAll(publisher, count, unset)))
  publisher.close()
}

/** V8 takes a broker with next to nothing to do for idle some eight seconds after the last large collection. */
async function quiet(publisher, seconds) {
  const one = publishes(() => 'quiet', Buffer.alloc(16), false)
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    await within(30, 'PUBACK', publishAll(publisher, 1, one))
    await sleep(Math.max(0, Math.min(1000, end - performance.now())))
  }
}

async function retainedAll({ port, scale, marked }) {
  const count = Math.round(1_000_000 * scale)
  const publisher = await open(port, 'publisher')
  const set = publishes((i) => `all/${i % 1000}/${i}`, Buffer.alloc(16, 120), true)
  await marked('set', () => within(240, 'setting them', publishAll(publisher, count, set)))
  for (const qos of [0, 1]) {
    const subscriber = await open(port, `subscriber-${qos}`)
    const all = receives(subscriber, count)
    await marked(`# at QoS ${qos}`, async () => {
      await subscriber.subscribe(['#'], qos)
      await within(120, 'receiving them', all)
    })
    subscriber.close()
  }
  publisher.close()
}

async function subscribeMany({ port, scale, marked }) {
  const count = Math.round(10_000 * scale)
  const filters = Array.from(
    { length: count },
    (_, i) => [`site/${i}/dev/+/temp`, `site/+/dev/${i}`, `site/${i}/#`][i % 3],
  )
  const subscriber = await open(port, 'subscriber', { clean: false })
  await marked('SUBSCRIBE', () => within(30, 'SUBACK', subscriber.subscribe(filters, 1)))
  await marked('SUBSCRIBE again', () => within(30, 'SUBACK', subscriber.subscribe(filters, 0, 2)))
  await marked('UNSUBSCRIBE', () => within(30, 'UNSUBACK', unsubscribe(subscriber, filters)))
  await within(30, 'SUBACK', subscriber.subscribe(filters, 1, 4))
  subscriber.close()
  // Comes again with a clean start, which ends the Session that is there.
  await marked('the Session ends', async () => {
    const again = await within(30, 'CONNACK', open(port, 'subscriber'))
    again.close()
    await sleep(200)
  })
}

function unsubscribe(conn, filters) {
  const done = Promise.withResolvers()
  const packet = conn.packet
  conn.packet = (head, bytes, from, to) => {
    if (head >> 4 === 11) done.resolve()
    else packet.call(conn, head, bytes, from, to)
  }
  conn.socket.write(mqtt.unsubscribe({ packetId: 3, filters }))
  return done.promise
}

/** Every way of putting + in the place of a level: all of them match the same Topic Name. */
const levels = Array.from({ length: 14 }, (_, i) => `l${i}`)
const filterOf = (bits) => levels.map((level, i) => ((bits >> i) & 1 ? '+' : level)).join('/')

async function whoOverAll({ port, scale, marked }) {
  const perClient = 10_000
  const subscribers = Array.from({ length: Math.max(1, Math.round(100 * scale)) }, (_, i) => client(port, `who-${i}`))
  if ((await openAll(subscribers)) > 0) throw new Error('not every client could connect')
  const filters = Array.from({ length: perClient }, (_, i) => filterOf(i))
  await marked('subscribing', () =>
    eachLimited(subscribers, 4, async (conn) => {
      for (let at = 0; at < perClient; at += 1000) await conn.subscribe(filters.slice(at, at + 1000), 0, 1 + at / 1000)
    }),
  )
  const asker = await open(port, 'asker')
  await asker.subscribe(['$pabal/who/1/reply', '$pabal/subs/1/reply'], 0)
  const everybody = perClient * subscribers.length
  await marked('who: totals and a page', async () => {
    const { totals } = await ask(asker, 'who', { topic: levels.join('/') })
    if (totals?.subscriptions !== everybody) throw new Error(`who counts ${totals?.subscriptions} of ${everybody}`)
  })
  await marked('who --filter #', () => ask(asker, 'who', { filter: '#' }))
  // The client may ask 20 times a second.
  await marked('15 pages of 1,000', async () => {
    let { cursor } = await ask(asker, 'subs', { limit: 1000 })
    for (let i = 1; i < 15 && cursor !== null; i++) cursor = (await ask(asker, 'subs', { limit: 1000, cursor })).cursor
  })
  const publisher = await open(port, 'publisher')
  const one = publishes(() => levels.join('/'), Buffer.alloc(16), false)
  await marked('a message to all of them', () => within(60, 'PUBACK', publishAll(publisher, 1, one)))
  for (const conn of [...subscribers, asker, publisher]) conn.close(false)
}

function ask(conn, verb, request) {
  const answer = Promise.withResolvers()
  conn.wantPayload = true
  conn.onPayload = (bytes, from, to) => {
    const body = JSON.parse(bytes.toString('utf8', from, to))
    if (body.error) answer.reject(new Error(`${verb}: ${JSON.stringify(body.error)}`))
    else answer.resolve(body)
  }
  conn.socket.write(
    mqtt.publish({ version: 4, topic: `$pabal/${verb}/1`, payload: Buffer.from(JSON.stringify(request)) }),
  )
  return within(30, `the answer to ${verb}`, answer.promise)
}

/** The ways in which thousands of clients can be gone at once. */
const farewells = {
  'they are gone': (conn) => conn.close(false),
  'they say DISCONNECT': (conn) => conn.close(),
  'they are reset': (conn) => conn.socket.resetAndDestroy(),
}

/** A stream over WebSocket cannot be reset from here. */
async function allLeaveWebSocket({ port, scale, marked }) {
  const { 'they are reset': _, ...ways } = farewells
  await allLeave({ port, scale, marked }, ways, { transport: 'ws' })
}

async function allLeave({ port, scale, marked }, ways = farewells, more = {}) {
  for (const [way, leave] of Object.entries(ways)) {
    const conns = Array.from({ length: Math.round(5000 * scale) }, (_, i) => client(port, `leaves-${i}`, more))
    const come = async () => {
      if ((await openAll(conns, 1000)) > 0) throw new Error('not every client could connect')
      await eachLimited(conns, 256, (conn, i) => conn.subscribe([`leaves/${i}/cmd`, 'leaves/all'], 1))
    }
    await (way === 'they are gone' ? marked('they come', come) : come())
    await marked(way, async () => {
      for (const conn of conns) leave(conn)
      await sleep(1500)
    })
  }
}

async function backlog({ port, scale, marked }) {
  const count = Math.round(500_000 * scale)
  const kept = { clean: false }
  const first = await open(port, 'away', kept)
  await first.subscribe(['backlog'], 1)
  first.close()
  await sleep(200)
  const publisher = await open(port, 'publisher')
  const message = publishes(() => 'backlog', Buffer.alloc(64, 120), false)
  await marked('they wait', () => within(120, 'publishing', publishAll(publisher, count, message)))
  const back = client(port, 'away', kept)
  await marked('they are sent', async () => {
    const all = receives(back, count)
    await back.open()
    await within(120, 'receiving them', all)
  })
  for (const conn of [back, publisher]) conn.close()
}
