/**
 * A client that asks and never reads the answers: what the broker keeps for it is bounded.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import type { BrokerEvent } from '../../src/index.ts'
import { connectPacket, field } from '../support/packet-hex.ts'
import { startTestBroker } from '../support/test-broker.ts'

test('aedes, notes on drainTimeout: a client that sends PINGREQ after PINGREQ and reads nothing is disconnected', async () => {
  await using broker = await startTestBroker({ limits: { unsentBytesMax: 65_536 } })
  const disconnected = new Promise<Extract<BrokerEvent, { type: 'disconnected' }>>((resolve) =>
    broker.broker.on('disconnected', resolve),
  )
  const socket = connect(Number(new URL(broker.url).port), '127.0.0.1')
  socket.on('error', () => {})
  socket.pause()
  await once(socket, 'connect')
  socket.write(Buffer.from(connectPacket(5, 2, field('deaf')), 'hex'))
  const pings = Buffer.alloc(1 << 20, Buffer.from('c000', 'hex'))
  // What the operating system takes for both directions ends somewhere below this.
  for (let count = 0; count < 64 && !socket.destroyed; count++) {
    if (socket.write(pings)) continue
    await new Promise<void>((resolve) => {
      for (const event of ['drain', 'close']) socket.once(event, () => resolve())
    })
  }
  assert.ok(socket.destroyed, 'the broker took 64 MiB of PINGREQ')
  const { reasonCode, reason } = await disconnected
  assert.equal(reasonCode, 0x97)
  assert.match(reason, /^the client does not take what it is sent: \d+ bytes wait \(limits\.unsentBytesMax\)$/)
  socket.destroy()
})
