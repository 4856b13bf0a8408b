import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectPacket, type DrivenConnect, DrivenCore, sent } from '../../../test/support/driven-core.ts'
import { type BanKind, isOf } from '../access/ban-list.ts'
import { plainLogin } from '../question.ts'
import type { Turn } from '../turn.ts'
import { ban, disconnectBanned } from './banning.ts'
import type { Connection } from './connection.ts'

interface Coming extends DrivenConnect {
  readonly userName?: string
  readonly certificateName?: string
  readonly remoteAddress?: string
}

function come(driven: DrivenCore, name: string, coming: Coming = {}): { connection: Connection; turn: Turn } {
  const { userName = null, certificateName = null, remoteAddress = '192.0.2.1:5000', ...fields } = coming
  const origin = { remoteAddress, certificateName, listener: 'a', assignedClientIdentifier: 'x', tellsPublisher: true }
  const connection = driven.core.open({}, origin, driven.nowMs)
  return { connection, turn: driven.receive(connection, { ...connectPacket(name, fields), userName } as never) }
}

function banNow(driven: DrivenCore, as: BanKind, who: string, seconds = Number.POSITIVE_INFINITY): Turn {
  const { nowMs } = driven
  const made = { as, who, reason: 'it floods', by: 'ann', atMs: nowMs, untilMs: nowMs + seconds * 1000 }
  return driven.input((core, _, turn) => {
    ban(core.state, made)
    disconnectBanned(core.state, made, isOf(made), [...core.state.connections], nowMs, turn)
  })
}

const kinds: readonly (readonly [BanKind, string])[] = [
  ['clientid', 'c'],
  ['username', 'u'],
  ['peerhost', '192.0.2.1'],
  ['peerhost_net', '192.0.2.0/24'],
]

for (const [as, who] of kinds) {
  for (const version of [4, 5] as const) {
    const code = version === 5 ? 'connack 138' : 'connack 5'
    test(`a client banned by ${as} is refused with ${code} in ${version}, unasked, until the ban ends by itself`, () => {
      const driven = new DrivenCore({}, { asksAuthentication: true })
      banNow(driven, as, who, 60)
      driven.nowMs += 59_999
      const { connection, turn } = come(driven, 'c', { userName: 'u', version })
      assert.deepEqual(sent(turn, connection), [code, 'close'])
      assert.deepEqual(turn.questions, [], 'nobody looks at its password')
      assert.equal(driven.state.traffic.clientsRefused.banned, 1)
      driven.nowMs += 1
      assert.equal(come(driven, 'c', { userName: 'u', version }).turn.questions.length, 1)
      driven.advance(0)
      assert.equal(driven.state.bans.size, 0, 'nothing is left of it')
    })
  }
}

test('others come in beside a ban, and the client is not told why it is banned; the event says it', () => {
  const driven = new DrivenCore()
  banNow(driven, 'clientid', 'c')
  assert.deepEqual(sentTo(come(driven, 'd')), ['connack 0'])
  const { turn } = come(driven, 'c')
  const [answer] = turn.now
  assert.ok(answer?.type === 'packet' && answer.packet.type === 'connack')
  assert.equal(answer.packet.properties.reasonString, 'this client is banned')
  const [event] = turn.events
  assert.ok(event?.type === 'refused')
  assert.equal(event.reason, 'this client is banned (clientid c by ann: it floods)')
  assert.equal(event.reasonCode, 0x8a)
})

function sentTo({ connection, turn }: { connection: Connection; turn: Turn }): string[] {
  return sent(turn, connection)
}

test('whom the name in its certificate, or the account it logs in as, bans is refused', () => {
  const driven = new DrivenCore({}, { asksAuthentication: true })
  banNow(driven, 'username', 'machine-7')
  assert.deepEqual(sentTo(come(driven, 'c', { certificateName: 'machine-7', userName: 'other' })), [
    'connack 138',
    'close',
  ])
  const { connection, turn } = come(driven, 'c', { userName: 'a-token' })
  const [question] = turn.questions
  assert.ok(question)
  const answered = driven.input((core, nowMs, next) => core.answered(question, plainLogin('machine-7'), nowMs, next))
  assert.deepEqual(sent(answered, connection), ['connack 138', 'close'])
  assert.equal(driven.state.sessions.size, 0)
})

test('[MQTT-3.14.2-1] whoever is connected is disconnected when it is banned, with 0x87: its will goes out, its Session stays', () => {
  for (const [as, who] of kinds) {
    const driven = new DrivenCore()
    const watcher = driven.connect('watcher')
    driven.subscribe(watcher, 'will')
    const { connection } = come(driven, 'c', { userName: 'u', will: {} })
    const other = come(driven, 'd', { userName: 'v', remoteAddress: '198.51.100.1:5000' })
    driven.subscribe(connection, 'a')
    const turn = banNow(driven, as, who)
    assert.deepEqual(sent(turn, connection), ['disconnect 135', 'close'])
    assert.deepEqual(sent(turn, watcher), ['publish will gone qos 0'])
    assert.equal(other.connection.isClosed, false)
    driven.publish(other.connection, { topicName: 'a', qos: 1, packetId: 1, payload: Buffer.from('later') })
    driven.input((core) => core.state.bans.delete(as, who))
    assert.deepEqual(sentTo(come(driven, 'c', { userName: 'u' })), ['connack 0', 'publish a later qos 1 1'])
  }
})

test('in 3.1.1 the connection is closed without a word', () => {
  const driven = new DrivenCore()
  const { connection } = come(driven, 'c', { version: 4 })
  assert.deepEqual(sent(banNow(driven, 'clientid', 'c'), connection), ['close'])
})

test('whoever is just logging in, or has not said who it is, is not overlooked', () => {
  const driven = new DrivenCore({}, { asksAuthentication: true })
  const silent = driven.core.open(
    {},
    { remoteAddress: '192.0.2.1:1', listener: 'a', assignedClientIdentifier: 'x', tellsPublisher: true },
    driven.nowMs,
  )
  const { connection } = come(driven, 'c', { remoteAddress: '192.0.2.2:1' })
  assert.deepEqual(sent(banNow(driven, 'clientid', 'c'), connection), ['connack 138', 'close'])
  assert.deepEqual(sent(banNow(driven, 'peerhost', '192.0.2.1'), silent), ['close'])
})

test('code in this process is not banned', () => {
  const driven = new DrivenCore()
  banNow(driven, 'clientid', 'c')
  const origin = { remoteAddress: '', listener: '', assignedClientIdentifier: 'x', tellsPublisher: true }
  const connection = driven.core.openLocal({}, origin, driven.nowMs)
  assert.deepEqual(sent(driven.receive(connection, connectPacket('c', {})), connection), ['connack 0'])
})

test('a ban that takes the place of an earlier one ends when it says itself', () => {
  const driven = new DrivenCore()
  banNow(driven, 'clientid', 'c', 10)
  banNow(driven, 'clientid', 'c', 20)
  driven.advance(10)
  assert.deepEqual(sentTo(come(driven, 'c')), ['connack 138', 'close'])
  driven.advance(10)
  assert.equal(driven.state.bans.size, 0)
  assert.deepEqual(sentTo(come(driven, 'c')), ['connack 0'])
})
