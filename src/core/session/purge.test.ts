import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { DrivenCore } from '../../../test/support/driven-core.ts'
import { recordedCore, replayed } from '../../../test/support/recorded-core.ts'
import type { Connection } from '../connection/connection.ts'
import { purgeQueue, queueEnd } from './purge.ts'
import type { Session } from './session.ts'

/** What a Session still has to do, by the records that made it. */
function copiesOf({ outbound }: Session): { readonly waiting: number[]; readonly inFlight: number[] } {
  return {
    waiting: outbound.backlog.waiting().map(({ order }) => order),
    inFlight: Array.from(outbound.inFlight ?? [], ({ order }) => order).sort((one, other) => one - other),
  }
}

const doing = fc.oneof(
  fc.record({
    type: fc.constant('publish' as const),
    topic: fc.integer({ min: 0, max: 2 }),
    qos: fc.constantFrom(1, 2),
  }),
  fc.record({ type: fc.constant('purge' as const), most: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ type: fc.constant('come' as const), acknowledged: fc.nat(3) }),
)

test('what is given up is gone after a crash, what is not is there, and no record is kept for nothing', () => {
  fc.assert(
    fc.property(fc.array(doing, { minLength: 5, maxLength: 60 }), (all) => {
      const { driven, records } = recordedCore()
      const { state } = driven
      const publisher = driven.connect('p')
      // Two of the Topic Names go to the other Session as well: three recipient sets.
      for (const [name, filters] of [
        ['reader', ['#']],
        ['other', ['t/1', 't/2']],
      ] as const) {
        const connection = driven.connect(name)
        for (const filter of filters) driven.subscribe(connection, filter)
        driven.breakOff(connection)
      }
      const reader = driven.session('reader')
      let given = 0
      const purge = (most: number): void => {
        const end = queueEnd(state, reader)
        const purged = { messages: 0, bytes: 0 }
        driven.input((core, _, turn) => {
          const isMore = purgeQueue(core.state, reader, end, most, purged, turn)
          assert.equal(isMore, purged.messages === most)
        })
        given += purged.messages
        assert.equal(state.tally.copies.droppedByOperator, given)
      }
      for (const [index, each] of all.entries()) {
        if (each.type === 'publish') {
          const packetId = (index % 1000) + 1
          const { qos, topic } = each
          driven.publish(publisher, {
            topicName: `t/${topic}`,
            payload: Buffer.from('x'),
            qos: qos === 1 ? 1 : 2,
            packetId,
          })
          if (qos === 2) driven.acknowledge(publisher, 'pubrel', packetId)
        } else if (each.type === 'purge') purge(each.most)
        else come(driven, each.acknowledged)
      }
      const after = replayed(state, records)
      const found = after.sessions.get('', 'reader') ?? assert.fail('the Session is gone')
      assert.deepEqual(copiesOf(found), copiesOf(reader))
      assert.equal(after.live.count, state.live.count)
      purge(1000)
      assert.deepEqual([reader.outbound.queuedMessages, reader.outbound.queuedBytes], [0, 0])
    }),
    { numRuns: 150 },
  )
})

/** The reader comes, acknowledges some of what it gets at QoS 1, and breaks off. */
function come(driven: DrivenCore, acknowledged: number): void {
  const connection: Connection = driven.connect('reader', {
    cleanStart: false,
    properties: { sessionExpiryInterval: 1000, receiveMaximum: 3 },
  })
  const sent = [...(driven.session('reader').outbound.inFlight ?? [])].filter(
    ({ qos, isOnWire }) => qos === 1 && isOnWire,
  )
  for (const { packetId } of sent.slice(0, acknowledged)) driven.acknowledge(connection, 'puback', packetId)
  driven.breakOff(connection)
}

test('what came behind the end stays, in the log and in memory', () => {
  const { driven } = recordedCore()
  const publisher = driven.connect('p')
  const publish = (count: number) => {
    for (let each = 0; each < count; each++)
      driven.publish(publisher, { topicName: 't', payload: Buffer.from('x'), qos: 1, packetId: 1 })
  }
  const away = driven.connect('away')
  driven.subscribe(away, 't')
  driven.breakOff(away)
  const brief = driven.connect('brief', { properties: { receiveMaximum: 1 } })
  driven.subscribe(brief, 't')
  publish(4)
  const sessions = [driven.session('away'), driven.session('brief')]
  const ends = sessions.map((session) => queueEnd(driven.state, session))
  publish(2)
  const left = sessions.map((session, index) => {
    const purged = { messages: 0, bytes: 0 }
    const end = ends[index] ?? assert.fail()
    driven.input((core, _, turn) => void purgeQueue(core.state, session, end, 100, purged, turn))
    return [purged.messages, session.outbound.queuedMessages, session.outbound.inFlightMessages]
  })
  assert.deepEqual(left, [
    [4, 2, 0],
    [3, 2, 1],
  ])
})
