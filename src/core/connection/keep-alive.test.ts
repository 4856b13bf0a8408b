import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectPacket, DrivenCore, sent } from '../../../test/support/driven-core.ts'
import type { Limits } from '../limits.ts'
import type { Connection } from './connection.ts'
import { probeSeconds } from './keep-alive.ts'

const origin = { remoteAddress: 'a:1', listener: 'a', assignedClientIdentifier: 'x', tellsPublisher: true }

/** What a client is told as Server Keep Alive, and after what silence the system looks for it. */
function connected(version: 4 | 5, keepAliveSeconds: number, limits: Partial<Limits> = {}) {
  const driven = new DrivenCore(limits)
  const connection: Connection = driven.core.open({}, origin, driven.nowMs)
  const turn = driven.receive(connection, connectPacket('c', { version, keepAliveSeconds }))
  const [answer] = turn.onceDurable
  assert.ok(answer?.type === 'packet' && answer.packet.type === 'connack')
  return {
    driven,
    connection,
    told: answer.packet.properties.serverKeepAlive,
    probe: probeSeconds(driven.state, connection),
  }
}

test('by default a 5.0 client that wants no Keep Alive, or more than an hour, is told an hour', () => {
  const wanted = [0, 60, 3600, 3601, 65_535]
  assert.deepEqual(
    wanted.map((seconds) => connected(5, seconds).told),
    [3600, undefined, undefined, 3600, 3600],
  )
  const { driven, connection } = connected(5, 0)
  driven.advance(5399)
  assert.equal(connection.isClosed, false)
  assert.deepEqual(sent(driven.advance(1), connection), ['disconnect 141', 'close'])
})

test('a 3.1.1 client cannot be told: it may be silent as long as it said, and the system looks whether it is there', () => {
  const wanted = [0, 60, 3600, 3601, 65_535]
  assert.deepEqual(
    wanted.map((seconds) => connected(4, seconds).probe),
    [3600, 0, 0, 3600, 3600],
  )
  assert.deepEqual(
    [connected(4, 0, { keepAliveSecondsMax: 100 }).probe, connected(4, 100, { keepAliveSecondsMax: 100 }).probe],
    [100, 0],
  )
  const { driven, connection } = connected(4, 0)
  driven.advance(30 * 24 * 3600)
  assert.equal(connection.isClosed, false)
})

test('without a limit nobody is told anything, and the system looks when it likes', () => {
  const free = { keepAliveSecondsMax: 0 }
  for (const version of [4, 5] as const) {
    const { told, probe } = connected(version, 0, free)
    assert.deepEqual([told, probe], [undefined, 0])
  }
  assert.equal(connected(5, 0).probe, 0, 'what a client was told it keeps to')
})
