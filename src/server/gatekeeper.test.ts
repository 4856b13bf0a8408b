import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { DrivenCore } from '../../test/support/driven-core.ts'
import { Gatekeeper } from './gatekeeper.ts'

const plain = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const

test('of packets that are carried out bit by bit one goes on in each turn of the event loop, in the order in which they asked', async () => {
  const driven = new DrivenCore({ subscriptionsPerSessionMax: 2000 })
  const gatekeeper = new Gatekeeper({
    authenticate: undefined,
    authorize: undefined,
    authenticationMethods: [],
    permissions: {},
    access: () => null,
    reportFault: assert.ifError,
  })
  const order: string[] = []
  for (const name of ['a', 'b', 'c']) {
    const subscriptions = Array.from({ length: 200 }, (_, number) => ({ ...plain, topicFilter: `${name}/${number}` }))
    const packet = { type: 'subscribe', packetId: 1, subscriptions, properties: {} } as const
    const [question] = driven.receive(driven.connect(name), packet).questions
    assert.ok(question !== undefined)
    const answer = gatekeeper.ask(question)
    assert.ok(answer instanceof Promise)
    void answer.then(({ type }) => order.push(`${name} ${type}`))
  }
  const counts: number[] = []
  for (let turn = 0; turn < 3; turn++) {
    await nextTurn()
    counts.push(order.length)
  }
  assert.deepEqual(counts, [1, 2, 3])
  assert.deepEqual(order, ['a had-their-turn', 'b had-their-turn', 'c had-their-turn'])
})
