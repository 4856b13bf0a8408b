/**
 * One message to many clients, which are sent the same bytes where they can be.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestBroker } from '../support/test-broker.ts'
import type { WireClient } from '../support/wire-client.ts'

const kinds = [
  { version: 4, qos: 1, options: {} },
  { version: 4, qos: 2, options: {} },
  { version: 5, qos: 1, options: {} },
  { version: 5, qos: 0, options: {} },
  { version: 5, qos: 1, options: { retainAsPublished: true } },
  { version: 5, qos: 1, options: {}, id: 77 },
  { version: 4, qos: 1, options: {}, own: true },
] as const

/** Everything it is sent, in order, each acknowledged at once. */
async function receiveAll(client: WireClient, count: number): Promise<string[]> {
  const received: string[] = []
  while (received.length < count) {
    const packet = await client.nextOf('publish', 'pubrel')
    if (packet.type === 'pubrel') client.acknowledge('pubcomp', packet.packetId)
    if (packet.type !== 'publish') continue
    const ids = packet.properties.subscriptionIdentifiers ?? []
    received.push([packet.payload.length, packet.payload.toString('latin1', 0, 8), packet.retain, ...ids].join())
    if (packet.qos === 1) client.acknowledge('puback', packet.packetId)
    if (packet.qos === 2) client.acknowledge('pubrec', packet.packetId)
  }
  return received
}

for (const sentAt of [1, 2] as const) {
  test(`at QoS ${sentAt} everybody gets every message whole and in order, whatever the others asked for`, async () => {
    await using broker = await startTestBroker()
    const clients: WireClient[] = []
    for (const [index, { version, qos, options, ...more }] of [...kinds, ...kinds].entries()) {
      const client = await broker.client(version, { clientIdentifier: `s${index}` })
      await client.subscribe('all', { qos, ...options }, 'id' in more ? Number(more.id) : 0)
      if ('own' in more) await client.subscribe('own', { qos: 1 })
      clients.push(client)
    }
    using publisher = await broker.client(5)
    const sizes = Array.from({ length: 60 }, (_, number) => (number % 20 === 0 ? 40_000 : (number * 37) % 300))
    const expected: string[] = []
    for (const [number, size] of sizes.entries()) {
      const payload = Buffer.alloc(8 + size, String(number).padStart(8))
      // Some get more than others, so that their Packet Identifiers go apart.
      if (number % 7 === 0) publisher.publish({ topicName: 'own', qos: 0, payload: Buffer.from('own') })
      publisher.publish({
        topicName: 'all',
        qos: sentAt,
        packetId: number + 1,
        payload,
        retain: number % 5 === 0,
      })
      expected.push([payload.length, payload.toString('latin1', 0, 8)].join())
    }
    const receivers = clients.map(async (client, index) => {
      const kind = kinds[index % kinds.length]
      const all = await receiveAll(client, expected.length + (kind !== undefined && 'own' in kind ? 9 : 0))
      const retain = (number: number): boolean =>
        kind?.options !== undefined && 'retainAsPublished' in kind.options && number % 5 === 0
      const id = kind !== undefined && 'id' in kind ? ',77' : ''
      const own = all.filter((each) => !each.startsWith('3,own'))
      assert.deepEqual(
        own,
        expected.map((each, number) => `${each},${retain(number)}${id}`),
        `client ${index}`,
      )
    })
    await Promise.all(receivers)
    for (const client of clients) client[Symbol.dispose]()
  })
}
