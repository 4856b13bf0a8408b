import assert from 'node:assert/strict'
import { test } from 'node:test'
import { publish } from '../../protocol/packets/publish.ts'
import { BrokerCore } from '../broker.ts'
import type { Connection } from '../connection/connection.ts'
import { defaultLimits } from '../limits.ts'
import { newTurn } from '../turn.ts'
import { SnapshotRound } from './snapshot-round.ts'

function newCore(): BrokerCore {
  return new BrokerCore({
    limits: defaultLimits,
    asksAuthentication: false,
    authenticationMethods: new Set(),
    asksAuthorization: false,
    responseTopicPrefix: null,
    whenQueueFull: 'spill',
    isDurable: true,
  })
}

/** What a round of snapshots says is in flight to the only Session; null if it leaves the Session out. */
function renewed(core: BrokerCore): [packetId: number, isReceived: boolean][] | null {
  const { snapshots } = new SnapshotRound(core.state).next(10) ?? { snapshots: [] }
  for (const snapshot of snapshots) {
    if (snapshot.type !== 'session' || snapshot.session === null) continue
    return snapshot.session.inFlight.map(({ packetId, isReceived }) => [packetId, isReceived])
  }
  return null
}

function connect(core: BrokerCore): Connection {
  const connection = core.openLocal(
    {},
    { listener: '', remoteAddress: '', assignedClientIdentifier: '', tellsPublisher: true },
    0,
  )
  core.receive(
    connection,
    {
      type: 'connect',
      protocolVersion: 5,
      cleanStart: false,
      keepAliveSeconds: 0,
      clientIdentifier: 's',
      will: null,
      userName: null,
      password: null,
      properties: { sessionExpiryInterval: 1000 },
    },
    0,
    newTurn(),
  )
  return connection
}

function subscribe(core: BrokerCore, connection: Connection): void {
  const request = { topicFilter: 'a', qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
  const packet = { type: 'subscribe', packetId: 1, subscriptions: [request], properties: {} } as const
  core.receive(connection, { ...packet, subscriptions: [request] }, 0, newTurn())
}

test('a Session is in the next round of snapshots when a QoS 2 copy was sent, and when it was received', () => {
  const core = newCore()
  const connection = connect(core)
  subscribe(core, connection)
  assert.deepEqual(renewed(core), [])
  assert.equal(renewed(core), null)
  core.publishLocally(publish({ topicName: 'a', qos: 2 }), 1, 0, newTurn())
  assert.deepEqual(renewed(core), [[1, false]])
  core.receive(connection, { type: 'pubrec', packetId: 1, reasonCode: 0, properties: {} }, 0, newTurn())
  assert.deepEqual(renewed(core), [[1, true]])
})

test('a Session is in the next round of snapshots when a QoS 1 copy was sent: its set may be forgotten there', () => {
  const core = newCore()
  subscribe(core, connect(core))
  assert.deepEqual(renewed(core), [])
  core.publishLocally(publish({ topicName: 'a', qos: 1 }), 1, 0, newTurn())
  assert.deepEqual(renewed(core), [[1, false]])
})

test('a set of recipients goes only when the Sessions that waited in it are stored', () => {
  const core = newCore()
  const first = connect(core)
  subscribe(core, first)
  core.closed(first, 'gone', 0, newTurn())
  core.publishLocally(publish({ topicName: 'a', qos: 1 }), 1, 0, newTurn())
  assert.deepEqual(types(core), ['recipients', 'session'])
  connect(core)
  assert.deepEqual(types(core), ['session', 'recipients'])
})

/** What a round of single snapshots stores, in its order. */
function types(core: BrokerCore): string[] {
  const round = new SnapshotRound(core.state)
  const found: string[] = []
  for (let slice = round.next(1); slice !== null; slice = round.next(1)) {
    found.push(...slice.snapshots.map(({ type }) => type))
  }
  return found
}
