import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Qos, Unsubscribe } from '../../protocol/control-packet.ts'
import { publish } from '../../protocol/packets/publish.ts'
import { BrokerCore } from '../broker.ts'
import type { Connection } from '../connection/connection.ts'
import { defaultLimits, type Limits } from '../limits.ts'
import { newTurn, type OutgoingPublish, type Turn } from '../turn.ts'

const origin = { remoteAddress: '', listener: '', assignedClientIdentifier: '', tellsPublisher: true }
const options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const

/** A core whose clients are members of one shared group, `$share/g/a`. */
class Group {
  readonly core: BrokerCore
  readonly clients = new Map<string, Connection>()

  constructor(limits: Partial<Limits> = {}) {
    this.core = new BrokerCore({
      limits: { ...defaultLimits, ...limits },
      asksAuthentication: false,
      authenticationMethods: new Set(),
      asksAuthorization: false,
      responseTopicPrefix: null,
      whenQueueFull: 'refuse',
      isDurable: false,
    })
  }

  /** Connects a client whose Session survives, and says what it was sent. */
  connect(name: string, receiveMaximum: number): string[] {
    const turn = newTurn()
    const connection = this.core.open({}, origin, 0)
    const properties = { sessionExpiryInterval: 60, receiveMaximum }
    const secrets = { userName: null, password: null, will: null }
    const identity = { protocolVersion: 5, clientIdentifier: name, cleanStart: false, keepAliveSeconds: 0 } as const
    this.core.receive(connection, { type: 'connect', ...identity, ...secrets, properties }, 0, turn)
    this.core.reachMilestone(connection)
    this.clients.set(name, connection)
    return sent(turn)
  }

  join(name: string, receiveMaximum: number, qos: Qos = 2): void {
    this.connect(name, receiveMaximum)
    const subscriptions = [{ topicFilter: '$share/g/a', qos, ...options }]
    this.core.receive(
      this.client(name),
      { type: 'subscribe', packetId: 1, subscriptions, properties: {} },
      0,
      newTurn(),
    )
  }

  client(name: string): Connection {
    const connection = this.clients.get(name)
    assert.ok(connection !== undefined)
    return connection
  }

  /** Publishes and says who was sent what. */
  publish(text: string, qos: Qos, messageExpiryInterval?: number): string[] {
    const turn = newTurn()
    const properties = messageExpiryInterval === undefined ? {} : { messageExpiryInterval }
    this.core.publishLocally(publish({ topicName: 'a', payload: Buffer.from(text), qos, properties }), 1, 0, turn)
    return sent(turn)
  }

  acknowledge(name: string, type: 'puback' | 'pubrec', packetId: number, reasonCode = 0): string[] {
    const turn = newTurn()
    this.core.receive(this.client(name), { type, packetId, reasonCode, properties: {} }, 0, turn)
    return sent(turn)
  }

  /** The connection breaks; the Session goes on. */
  leave(name: string): string[] {
    const turn = newTurn()
    this.core.closed(this.client(name), 'broken', 0, turn)
    return sent(turn)
  }

  /** Time passes until the Sessions of those that left have ended. */
  endSessions(): string[] {
    const turn = newTurn()
    this.core.advance(60_000, turn)
    return sent(turn)
  }

  /** Every copy that was made has a fate, is on its way or waits. */
  checkFates(): void {
    const { tally, sessions } = this.core.state
    let copies = 0
    for (const { outbound } of sessions.values()) copies += outbound.inFlightMessages + outbound.queuedMessages
    for (const count of Object.values(tally.copies)) copies += count
    assert.equal(copies, tally.created)
  }
}

/** Client Identifier and payload of each message in a turn, with ` again` for DUP. */
function sent(turn: Turn): string[] {
  return [...turn.now, ...turn.onceDurable]
    .filter((outgoing): outgoing is OutgoingPublish => outgoing.type === 'publish')
    .map(({ connection, message, qos, dup }) => {
      return `${connection.clientIdentifier} ${message.publish.payload}, QoS ${qos}${dup ? ' again' : ''}`
    })
}

/** Who was chosen for each of `count` QoS 0 messages, which take no place in any window. */
function turns(group: Group, count: number): string {
  return Array.from({ length: count }, () => group.publish('', 0)[0]?.[0]).join('')
}

test('members with equal windows take turns', () => {
  const group = new Group()
  for (const name of ['A', 'B', 'C']) group.join(name, 10)
  assert.equal(turns(group, 9), 'ABCABCABC')
})

test('a member gets messages in proportion to what its Receive Maximum leaves free, evenly mixed', () => {
  const group = new Group()
  group.join('A', 3)
  group.join('B', 1)
  assert.equal(turns(group, 12), 'AABAAABAAABA')
})

test('the weight is what is free at the moment, not the Receive Maximum', () => {
  const group = new Group()
  group.join('A', 4, 1)
  for (const text of ['1', '2']) group.publish(text, 1)
  group.join('B', 2, 1)
  assert.equal(turns(group, 6), 'ABABAB')
  for (const packetId of [1, 2]) group.acknowledge('A', 'puback', packetId)
  assert.equal([...turns(group, 12)].filter((name) => name === 'A').length, 8)
})

test('a member whose window is full is passed over until it acknowledges', () => {
  const group = new Group()
  group.join('A', 1, 1)
  group.join('B', 3, 1)
  const chosen = ['1', '2', '3', '4'].flatMap((text) => group.publish(text, 1))
  assert.equal(chosen.filter((each) => each.startsWith('B')).length, 3)
  group.acknowledge('A', 'puback', 1)
  assert.deepEqual(group.publish('5', 1), ['A 5, QoS 1'])
})

test('with every window full the shortest queue is chosen, of a connected member first', () => {
  const group = new Group()
  for (const name of ['A', 'B', 'C']) group.join(name, 1, 1)
  group.leave('C')
  for (let count = 0; count < 2 + 6; count += 1) group.publish('', 1)
  const queued = () => ['A', 'B', 'C'].map((name) => group.client(name).session?.outbound.queuedMessages)
  assert.deepEqual(queued(), [3, 3, 0])
  for (const name of ['A', 'B']) group.leave(name)
  for (let count = 0; count < 3; count += 1) group.publish('', 1)
  assert.deepEqual(queued(), [3, 3, 3])
})

test('a member that unsubscribed is not chosen', () => {
  const group = new Group()
  for (const name of ['A', 'B', 'C']) group.join(name, 10)
  const packet: Unsubscribe = { type: 'unsubscribe', packetId: 1, topicFilters: ['$share/g/a'], properties: {} }
  group.core.receive(group.client('A'), packet, 0, newTurn())
  assert.equal([...turns(group, 6)].toSorted().join(''), 'BBBCCC')
})

test('when a Session ends, its QoS 1 messages, unacknowledged and unsent, go to another member in order', () => {
  const group = new Group()
  group.join('A', 2, 1)
  for (const text of ['1', '2', '3', '4']) group.publish(text, 1)
  group.acknowledge('A', 'puback', 1)
  group.join('B', 10, 1)
  assert.deepEqual(group.leave('A'), [], 'not as long as the client may come back')
  assert.deepEqual(group.endSessions(), ['B 2, QoS 1', 'B 3, QoS 1', 'B 4, QoS 1'])
  group.checkFates()
})

test('messages of a Session that ended are spread over the members that are left', () => {
  const group = new Group()
  group.join('A', 1, 1)
  for (const text of ['1', '2', '3', '4']) group.publish(text, 1)
  for (const name of ['B', 'C']) group.join(name, 10, 1)
  group.leave('A')
  const receivers = group.endSessions().map((each) => each[0])
  assert.deepEqual(receivers.toSorted(), ['B', 'B', 'C', 'C'])
})

test('a QoS 2 message that was sent stays with its Session; one that was not goes to another member', () => {
  const group = new Group()
  group.join('A', 2)
  for (const text of ['1', '2', '3']) group.publish(text, 2)
  group.acknowledge('A', 'pubrec', 2)
  group.join('B', 10)
  group.leave('A')
  assert.deepEqual(group.connect('A', 2), ['A 1, QoS 2 again'], 'PUBREL goes out for 2')
  group.leave('A')
  assert.deepEqual(group.endSessions(), ['B 3, QoS 2'])
  assert.equal(group.core.state.tally.copies.sessionEnded, 3)
  group.checkFates()
})

test('an acknowledgement of 0x80 or above ends the message and frees its place', () => {
  for (const [type, qos] of [
    ['puback', 1],
    ['pubrec', 2],
  ] as const) {
    const group = new Group()
    group.join('A', 1)
    for (const text of ['1', '2']) group.publish(text, qos)
    group.join('B', 10)
    assert.deepEqual(group.acknowledge('A', type, 1, 0x80), [`A 2, QoS ${qos}`])
    assert.deepEqual(group.acknowledge('A', type, 2, 0x97), [])
    group.leave('A')
    assert.deepEqual(group.endSessions(), [])
    assert.equal(group.core.state.tally.copies.refusedByClient, 2)
    group.checkFates()
  }
})

test('with nobody left in the group, messages end with their Session', () => {
  const group = new Group()
  group.join('A', 1, 1)
  for (const text of ['1', '2']) group.publish(text, 1)
  group.leave('A')
  assert.deepEqual(group.endSessions(), [])
  assert.equal(group.core.state.tally.copies.sessionEnded, 2)
  group.checkFates()
})

test('a message whose time is over goes to no other member', () => {
  const group = new Group()
  group.join('A', 1, 1)
  group.publish('short', 1, 59)
  group.publish('long', 1, 61)
  group.join('B', 10, 1)
  group.leave('A')
  assert.deepEqual(group.endSessions(), ['B long, QoS 1'])
})

test('a member whose queue is full gets no more of a Session that ended, and the loss is counted', () => {
  const group = new Group({ sessionQueueMessagesMax: 2 })
  group.join('A', 2, 1)
  group.join('B', 1, 1)
  for (let count = 0; count < 3 + 3; count += 1) group.publish('', 1)
  group.leave('A')
  group.endSessions()
  const { outbound } = group.client('B').session ?? {}
  assert.deepEqual([outbound?.inFlightMessages, outbound?.queuedMessages], [1, 2])
  assert.equal(group.core.state.tally.copies.droppedQueueFull, 3)
  group.checkFates()
})
