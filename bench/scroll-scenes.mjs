/**
 * The long lists of the dashboard, each of a broker that has as many rows for it as are promised.
 *
 * `fill({ port, scale })` makes the rows and resolves to what ends the traffic it has started; `open(page, scale)` goes to the list, loaded as
 * far as the scene wants it. `flags` and `topics`, its rules for Topic Filters, are the broker's.
 */
import { Conn, eachLimited } from './conn.mjs'
import { Pacer } from './flow.mjs'
import * as mqtt from './mqtt.mjs'

const loadMs = 300_000
/** Messages that are not acknowledged yet, while names are made. */
const windowMax = 1000

export const scenes = {
  sessions: {
    text: '10,000 Sessions, all loaded',
    fill: ({ port, scale }) => sessions(port, scaled(10_000, scale)),
    open: async (page, scale) => {
      await go(page, 'clients')
      await loadAll(page, scaled(10_000, scale))
    },
  },
  'sessions-live': {
    text: '10,000 Sessions, loaded as they come into sight, asked for again and again',
    fill: ({ port, scale }) => sessions(port, scaled(10_000, scale)),
    open: async (page) => {
      await go(page, 'clients')
      await shown(page, /^\d+ shown/)
    },
  },
  who: {
    text: '10,000 subscribers of one Topic Name, all loaded',
    fill: ({ port, scale }) => sessions(port, scaled(10_000, scale)),
    open: async (page, scale) => {
      await go(page, 'who?topic=all')
      await loadAll(page, scaled(10_000, scale))
    },
  },
  topics: {
    text: '1,000,000 Topic Names, all loaded and the tree open',
    flags: '--limit topicsSeenMax=1000000',
    fill: ({ port, scale }) => topics(port, scaled(1_000_000, scale)),
    open: async (page, scale) => {
      await go(page, 'topics')
      await loadAll(page, scaled(1_000_000, scale))
      await openTree(page)
    },
  },
  'topics-live': {
    text: '1,000 of the Topic Names, the tree open, asked for twice a second, 1,000 messages/s',
    fill: async ({ port }) => {
      await topics(port, 1000)
      return flow(
        port,
        Array.from({ length: 1000 }, (_, i) => topicOf(i)),
        1000,
      )
    },
    open: async (page) => {
      await go(page, 'topics')
      await loadNineHundred(page)
      await page.getByRole('button', { name: 'Load more' }).click()
      await openTree(page)
    },
  },
  retained: {
    text: '100,000 Retained Messages, all loaded',
    fill: ({ port, scale }) => topics(port, scaled(100_000, scale), true),
    open: async (page, scale) => {
      await go(page, 'retained')
      await loadAll(page, scaled(100_000, scale))
    },
  },
  held: {
    text: '100,000 held messages, all loaded',
    topics: '[{filter: plant/#, whenNobody: hold}]',
    fill: ({ port, scale }) => topics(port, scaled(100_000, scale)),
    open: async (page, scale) => {
      await go(page, 'undelivered?show=held')
      await loadAll(page, scaled(100_000, scale))
    },
  },
  'held-live': {
    text: '900 of 10,000 held messages, asked for again and again, 100 more a second',
    topics: '[{filter: plant/#, whenNobody: hold}]',
    fill: async ({ port }) => {
      await topics(port, 10_000)
      return flow(port, ['plant/7/alarm'], 100)
    },
    open: async (page) => {
      await go(page, 'undelivered?show=held')
      await loadNineHundred(page)
    },
  },
  dead: {
    text: '100,000 dead letters, all loaded',
    flags: '--limit heldMessagesPerTopicMax=100000',
    topics: '[{filter: plant/#, whenNobody: dead-letter, deadLetterTopic: dead/plant}]',
    fill: ({ port, scale }) => topics(port, scaled(100_000, scale)),
    open: async (page, scale) => {
      await go(page, 'undelivered?show=dead')
      await loadAll(page, scaled(100_000, scale))
    },
  },
  trace: {
    text: '1,000 messages of the trace, 5,000 messages/s',
    fill: ({ port }) =>
      flow(
        port,
        Array.from({ length: 100 }, (_, i) => topicOf(i)),
        5000,
      ),
    open: async (page) => {
      await go(page, 'trace')
      await shown(page, /^1,000 shown/)
    },
  },
  received: {
    text: '500 messages of a Subscription of the page, 1,000 messages/s',
    fill: ({ port }) =>
      flow(
        port,
        Array.from({ length: 100 }, (_, i) => topicOf(i)),
        1000,
      ),
    open: async (page) => {
      await go(page, 'try?filter=%23')
      await page.getByRole('button', { name: 'Subscribe', exact: true }).click()
      await page.getByText('the newest 500').waitFor()
    },
  },
}

const scaled = (count, scale) => Math.round(count * scale)
const topicOf = (i) => `plant/${i % 1000}/sensor/${i}`

async function connect(port, clientId, more = {}) {
  const conn = new Conn({ host: '127.0.0.1', port, version: 5, clientId, ...more })
  await conn.open()
  return conn
}

/** Half of them online, each with one Subscription. */
async function sessions(port, count) {
  const conns = []
  await eachLimited(Array.from({ length: count }), 100, async (_, i) => {
    const conn = await connect(port, `session-${String(i).padStart(5, '0')}`, { clean: false, expiry: 3600 })
    await conn.subscribe(['all'], 1)
    if (i % 2 === 0) conn.close()
    else conns.push(conn)
  })
  return () => {
    for (const conn of conns) conn.close(false)
  }
}

/** A message on each Topic Name; resolves when all of them are acknowledged. */
async function topics(port, count, retain = false) {
  const conn = await connect(port, 'filler')
  const all = Promise.withResolvers()
  let acked = 0
  let sent = 0
  const window = Math.min(windowMax, conn.serverReceiveMaximum)
  const send = () => {
    const packets = []
    for (; sent < count && sent - acked < window; sent++) {
      const packetId = (sent % 65535) + 1
      const payload = Buffer.alloc(16, 120)
      packets.push(mqtt.publish({ version: 5, topic: topicOf(sent), payload, qos: 1, retain, packetId }))
    }
    if (packets.length > 0) conn.socket.write(Buffer.concat(packets))
  }
  conn.onAck = () => {
    acked++
  }
  conn.onAckBatch = () => (acked === count ? all.resolve() : send())
  conn.onClosed = () => all.reject(new Error('the broker closed the connection'))
  send()
  await all.promise
  conn.onClosed = () => {}
  conn.close()
  return () => {}
}

/** Messages at such a rate from now on, on all of these Topic Names in turn. */
async function flow(port, names, rate) {
  const conn = await connect(port, 'publisher')
  const pacer = new Pacer({ conns: names.map(() => conn), topics: names, rate, size: 64, qos: 0, version: 5 })
  pacer.start()
  return () => {
    pacer.stop()
    conn.close()
  }
}

async function go(page, hash) {
  await page.evaluate(`location.hash = '#/${hash}'`)
}

const shown = (page, text) => page.locator('.table-foot').getByText(text).waitFor({ timeout: loadMs })

async function loadAll(page, count) {
  await shown(page, /^\d+ shown/)
  const all = page.getByRole('button', { name: 'Load all' })
  if (await all.isVisible()) await all.click()
  await shown(page, new RegExp(`^${count.toLocaleString('en')} shown`))
}

async function loadNineHundred(page) {
  for (const count of ['100', '300']) {
    await shown(page, new RegExp(`^${count} shown, there are more`))
    await page.getByRole('button', { name: 'Load more' }).click()
  }
  await shown(page, /^900 shown, there are more/)
}

async function openTree(page) {
  const open = page.getByRole('button', { name: 'Open all' })
  if (await open.isVisible()) await open.click()
  await page.getByRole('button', { name: 'Close plant', exact: true }).waitFor({ timeout: loadMs })
}
