import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeChance, pick } from '../../../test/support/chance.ts'
import { connectPacket, type DrivenConnect, type DrivenCore, sent } from '../../../test/support/driven-core.ts'
import { expectFound } from '../../../test/support/ledger.ts'
import { recordedCore, restarted } from '../../../test/support/recorded-core.ts'
import { plainLogin } from '../question.ts'
import { endSession } from '../session/lifecycle.ts'
import type { Session } from '../session/session.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import type { Connection } from './connection.ts'

/** Clients log in with any account. */
const asked = { asksAuthentication: true } as const

interface Came {
  readonly connection: Connection
  readonly turn: Turn
}

function connectAs(driven: DrivenCore, account: string, name: string, fields: DrivenConnect = {}): Came {
  const origin = { remoteAddress: 'a:1', listener: 'a', assignedClientIdentifier: 'x', tellsPublisher: true }
  const connection = driven.core.open({}, origin, driven.nowMs)
  const [question] = driven.receive(connection, connectPacket(name, fields)).questions
  assert.ok(question)
  return {
    connection,
    turn: driven.input((core, nowMs, turn) => core.answered(question, plainLogin(account), nowMs, turn)),
  }
}

/** What a client is answered. */
function answerTo(driven: DrivenCore, account: string, name: string, fields?: DrivenConnect): string {
  const { connection, turn } = connectAs(driven, account, name, fields)
  return sent(turn, connection).filter((each) => !each.startsWith('publish'))[0] ?? ''
}

const refused = 'connack 133'

for (const version of [4, 5] as const) {
  test(`the Client Identifier of a Session is refused to every other account, connected or away, in ${version}`, () => {
    const { driven } = recordedCore(asked)
    const alice = connectAs(driven, 'alice', 'c', { version })
    const code = version === 5 ? refused : 'connack 2'
    for (const account of ['bob', '']) {
      for (const cleanStart of [false, true]) {
        assert.equal(answerTo(driven, account, 'c', { version, cleanStart }), code)
        assert.equal(driven.state.sessions.size, 1)
      }
    }
    assert.equal(alice.connection.isClosed, false)
    driven.breakOff(alice.connection)
    assert.equal(answerTo(driven, 'bob', 'c', { version }), code)
    const session = driven.state.sessions.get('alice', 'c')
    assert.equal(answerTo(driven, 'alice', 'c', { version }), 'connack 0')
    assert.equal(driven.state.sessions.get('alice', 'c'), session)
    assert.equal(driven.state.traffic.clientsRefused['client identifier of another account'], 5)
  })
}

test('the client is not told whose it is; the event says both accounts', () => {
  const { driven } = recordedCore(asked)
  connectAs(driven, 'alice', 'c')
  const { turn } = connectAs(driven, 'bob', 'c')
  const [answer] = turn.now
  assert.ok(answer?.type === 'packet' && answer.packet.type === 'connack')
  const { reasonString } = answer.packet.properties
  assert.equal(reasonString, 'another account has a Session with this Client Identifier; choose another one')
  assert.deepEqual(turn.events, [
    {
      type: 'refused',
      clientIdentifier: 'c',
      account: 'bob',
      otherAccount: 'alice',
      remoteAddress: 'a:1',
      reasonCode: 0x85,
      reason: reasonString,
    },
  ])
})

test('a Client Identifier is free again when its Session has ended: expired, begun to last no longer, or by an operator', () => {
  const { driven } = recordedCore(asked)
  driven.breakOff(connectAs(driven, 'alice', 'c', { properties: { sessionExpiryInterval: 10 } }).connection)
  driven.nowMs += 9999
  assert.equal(answerTo(driven, 'bob', 'c'), refused)
  // Nobody has looked at the clock since.
  driven.nowMs += 1
  const bob = connectAs(driven, 'bob', 'c', { properties: { sessionExpiryInterval: 0 } })
  assert.deepEqual(sent(bob.turn, bob.connection), ['connack 0'])
  assert.equal(answerTo(driven, 'alice', 'c'), refused)
  driven.breakOff(bob.connection)
  assert.equal(answerTo(driven, 'alice', 'c'), 'connack 0')
  driven.input((core, nowMs, turn) => {
    const [session] = core.state.sessions.withClientIdentifier('c')
    if (session?.connection) core.disconnect(session.connection, 0x98, 'an operator', nowMs, turn)
    if (session !== undefined) endSession(core.state, session, 'operator', nowMs, turn)
  })
  assert.equal(answerTo(driven, '', 'c'), 'connack 0')
  assert.equal(answerTo(driven, 'alice', 'c'), refused)
})

test('where each account has Client Identifiers of its own, two have a Session each; both go on when that is over', () => {
  const { driven, records } = recordedCore({ ...asked, clientIdentifierScope: 'account' })
  for (const account of ['alice', 'bob', '']) {
    const { connection, turn } = connectAs(driven, account, 'c')
    assert.deepEqual(sent(turn, connection), ['connack 0'])
    driven.breakOff(connection)
  }
  const state = restarted(driven.state, records, driven.nowMs)
  assert.deepEqual(accountsOf(state, 'c'), ['', 'alice', 'bob'])
  driven.state.options.clientIdentifierScope = 'broker'
  for (const account of ['alice', 'bob', '']) {
    assert.equal(answerTo(driven, account, 'c'), 'connack 0')
    assert.equal(
      answerTo(driven, account, 'c', { cleanStart: true, properties: { sessionExpiryInterval: 0 } }),
      'connack 0',
    )
  }
  assert.equal(answerTo(driven, 'eve', 'c'), refused)
  const bob = driven.state.sessions.get('bob', 'c')?.connection
  assert.ok(bob)
  driven.breakOff(bob)
  assert.equal(answerTo(driven, 'bob', 'c'), refused, 'what he had is over')
})

function accountsOf(state: CoreState, name: string): string[] {
  return state.sessions
    .withClientIdentifier(name)
    .map(({ account }) => account)
    .sort()
}

test('whatever Sessions go through, each is found by its Client Identifier, and after a restart again', () => {
  const chance = makeChance(7)
  for (let round = 0; round < 60; round++) {
    const { driven, records } = recordedCore(asked)
    const { state } = driven
    for (let step = 0; step < 60; step++) {
      const sessions: Session[] = [...state.sessions.values()]
      const roll = chance(10)
      const session = sessions.length === 0 ? null : pick(chance, sessions)
      if (roll < 5 || session === null) {
        const properties = { sessionExpiryInterval: pick(chance, [0, 0, 5, 1000]) }
        const will = chance(3) === 0 ? { will: {} } : {}
        const fields = { cleanStart: chance(2) === 0, properties, ...will }
        connectAs(driven, pick(chance, ['', 'alice', 'bob']), pick(chance, ['c', 'd']), fields)
      } else if (roll < 7) {
        const { connection } = session
        if (connection !== null) chance(2) === 0 ? driven.breakOff(connection) : driven.disconnect(connection)
      } else if (roll < 8) driven.advance(chance(6))
      else if (roll < 9) {
        driven.input((core, nowMs, turn) => {
          if (session.connection !== null) core.disconnect(session.connection, 0x98, 'an operator', nowMs, turn)
          endSession(core.state, session, 'operator', nowMs, turn)
        })
      } else state.options.clientIdentifierScope = pick(chance, ['broker', 'account'])
      expectFound(state.sessions)
      if (state.options.clientIdentifierScope === 'account') continue
    }
    const after = restarted(state, records, driven.nowMs)
    expectFound(after.sessions)
    const stored = [...state.sessions.values()].filter(({ number, survives }) => number > 0 && survives)
    assert.deepEqual(new Set(Array.from(after.sessions.values(), keyOf)), new Set(stored.map(keyOf)))
  }
})

function keyOf({ key }: Session): string {
  return key
}
