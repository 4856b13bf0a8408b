import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenCore } from '../../test/support/driven-core.ts'

/** What it is about is over at once, and its time is hours away. */
const rounds = 2000
const mostDeadlines = 50

test('connections that come and go leave no reminder of their Keep Alive behind', () => {
  const driven = new DrivenCore()
  for (let round = 0; round < rounds; round++) {
    const connection = driven.connect('a', { keepAliveSeconds: 65_535, cleanStart: true })
    driven.disconnect(connection)
  }
  assert.ok(driven.state.deadlines.size < mostDeadlines, `${driven.state.deadlines.size} deadlines`)
})

test('when all connections leave at once nothing keeps them, in whichever order they go', () => {
  for (const order of [(all: number[]) => all, (all: number[]) => all.reverse()]) {
    const driven = new DrivenCore()
    const options = { keepAliveSeconds: 65_535, properties: { sessionExpiryInterval: 0 } }
    const connections = Array.from({ length: rounds }, (_, i) => driven.connect(`c${i}`, options))
    const stays = driven.connect('stays', { keepAliveSeconds: 60 })
    for (const at of order([...connections.keys()])) {
      const connection = connections[at]
      if (connection !== undefined) driven.breakOff(connection)
    }
    assert.equal(driven.state.deadlines.size, 1)
    driven.advance(91)
    assert.ok(stays.isClosed, 'the one that is left is due')
  }
})

test('Sessions that are ended leave no reminder of their Session Expiry Interval behind', () => {
  const driven = new DrivenCore()
  for (let round = 0; round < rounds; round++) {
    const properties = { sessionExpiryInterval: 100_000 + round }
    driven.breakOff(driven.connect('a', { cleanStart: true, properties }))
  }
  assert.ok(driven.state.deadlines.size < mostDeadlines, `${driven.state.deadlines.size} deadlines`)
  driven.advance(200_000)
  assert.equal(driven.state.sessions.size, 0, 'the one that is left still expires')
})

test('Retained Messages that are replaced leave no reminder of their expiry behind', () => {
  const driven = new DrivenCore()
  const connection = driven.connect('a')
  for (let round = 0; round < rounds; round++) {
    const properties = { messageExpiryInterval: 100_000 + round }
    driven.publish(connection, { topicName: 't', payload: Buffer.from('x'), retain: true, qos: 0, properties })
  }
  assert.ok(driven.state.deadlines.size < mostDeadlines, `${driven.state.deadlines.size} deadlines`)
  driven.advance(200_000)
  assert.equal(driven.state.retained.get('t'), undefined, 'the one that is left still expires')
})
