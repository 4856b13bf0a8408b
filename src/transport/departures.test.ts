import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { temporaryDirectory } from '../../test/support/temporary-directory.ts'
import type { Channel } from './channel.ts'
import { connectChannel } from './connect.ts'
import { type Departing, Departures } from './departures.ts'
import { parseListenUrl } from './listen-url.ts'
import { createListener } from './listener.ts'

const directory = temporaryDirectory()

const perTurn = 128

test('what departs does so in order, so many in each turn of the event loop', async () => {
  const departures = new Departures()
  const gone: number[] = []
  const departing = (number: number): Departing => ({ depart: () => void gone.push(number) })
  for (let number = 0; number < 300; number++) departures.add(departing(number))
  assert.equal(gone.length, 0)
  const counts: number[] = []
  for (let turn = 0; turn < 3; turn++) {
    await nextTurn()
    counts.push(gone.length)
    // One that comes while others wait stands behind them.
    if (turn === 0) departures.add(departing(300))
  }
  assert.deepEqual(counts, [perTurn, 2 * perTurn, 301])
  assert.deepEqual(gone, [...Array(301).keys()])
  departures.add(departing(301))
  await nextTurn()
  assert.equal(gone.length, 302)
})

test('one that fails does not keep the others waiting', (t) => {
  const turns: (() => void)[] = []
  t.mock.method(globalThis, 'setImmediate', (go: () => void) => void turns.push(go))
  const departures = new Departures()
  const gone: number[] = []
  departures.add({ depart: () => assert.fail('broken') })
  for (let count = 0; count < 2; count++) departures.add({ depart: () => void gone.push(1) })
  assert.throws(() => turns.shift()?.(), /broken/)
  turns.shift()?.()
  departures.add({ depart: () => void gone.push(1) })
  turns.shift()?.()
  assert.equal(gone.length, 3)
})

const ways: readonly [string, (client: Channel, server: Channel) => void][] = [
  ['clients that are gone', (client) => client.destroy()],
  ['channels that the owner ends', (_, server) => server.end()],
  ['channels that break', (_, server) => server.destroy()],
]
for (const url of ['tcp://127.0.0.1:0', 'ws://127.0.0.1:0', `unix://${join(directory, 'departures.sock')}`]) {
  for (const [who, end] of ways) {
    test(`${who}, hundreds at once over ${url.split(':')[0]}, are closed so many in each turn of the event loop`, async (t) => {
      const count = 300
      const servers: Channel[] = []
      let closed = 0
      const allClosed = Promise.withResolvers<void>()
      const listener = createListener(parseListenUrl(url), (channel) => {
        servers.push(channel)
        channel.handler = {
          receiveBytes() {},
          drained() {},
          closed(error) {
            assert.equal(error, null)
            closed += 1
            if (closed === count) allClosed.resolve()
          },
        }
      })
      await listener.listen()
      t.after(() => listener.close())
      const address = new URL(listener.url)
      const transport = address.protocol === 'ws:' ? 'ws' : 'tcp'
      const clients: Channel[] = []
      while (clients.length < count) {
        const target =
          address.protocol === 'unix:'
            ? ({ transport: 'unix', path: address.pathname } as const)
            : ({ transport, host: '127.0.0.1', port: Number(address.port) } as const)
        const client = await connectChannel(target)
        client.handler = { receiveBytes() {}, drained() {}, closed() {} }
        clients.push(client)
      }
      while (servers.length < count) await nextTurn()
      // Before anything else of this turn, so that a turn counts from one of these to the next.
      const counts: number[] = []
      const note = (): void => {
        counts.push(closed)
        if (closed < count) setImmediate(note)
      }
      for (const [index, client] of clients.entries()) {
        const server = servers[index]
        assert.ok(server !== undefined)
        end(client, server)
      }
      note()
      await allClosed.promise
      counts.push(closed)
      const steps = counts.map((sum, turn) => sum - (counts[turn - 1] ?? 0))
      assert.ok(Math.max(...steps) <= perTurn, `closed in each turn: ${steps}`)
    })
  }
}
