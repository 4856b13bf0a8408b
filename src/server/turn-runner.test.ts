import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { TroubledStore } from '../../test/simulation/troubled-store.ts'
import { Connection } from '../core/connection/connection.ts'
import { newTurn, type OutgoingAnswer, type Turn } from '../core/turn.ts'
import { TurnRunner } from './turn-runner.ts'

/** A runner on a store with troubles, and what has left it, in order. Answers stand for all that can be sent. */
function started() {
  const store = new TroubledStore()
  const left: number[] = []
  const told: string[] = []
  const durable: number[] = []
  const runner = new TurnRunner(store, {
    answer: ({ token }) => left.push(token),
    report: (event) => told.push(event.type),
    load: ({ seqs }) => told.push(`load ${seqs}`),
    isNeeded: () => true,
    durable: (seq) => durable.push(seq),
    caughtUp: () => {},
    released: () => told.push('released'),
    storeTakes: (takesMore) => told.push(takesMore ? 'takes' : 'refuses'),
    failed: (error) => told.push(error.message),
  })
  return { store, left, told, durable, runner }
}

function answer(token: number): OutgoingAnswer {
  return { type: 'answer', token, reasonCode: 0, matched: 0, queued: 0, fate: null, text: null }
}

function turnOf(parts: { record?: number; now?: number; onceDurable?: number }): Turn {
  const turn = newTurn()
  if (parts.record !== undefined) turn.records.push({ type: 'session-ended', session: parts.record })
  if (parts.now !== undefined) turn.now.push(answer(parts.now))
  if (parts.onceDurable !== undefined) turn.onceDurable.push(answer(parts.onceDurable))
  return turn
}

function written(store: TroubledStore): (number | string)[] {
  return store.written.map((record) => (record.type === 'session-ended' ? record.session : record.type))
}

test('without records everything leaves at once, what may leave now first', () => {
  const { runner, left } = started()
  runner.run(turnOf({ now: 1, onceDurable: 2 }))
  assert.deepEqual(left, [1, 2])
})

test('what waits for records leaves when they are durable, what may leave now does not wait', async () => {
  const { runner, left, store } = started()
  store.mode = 'held'
  runner.run(turnOf({ record: 11, now: 1, onceDurable: 2 }))
  assert.deepEqual(left, [1])
  store.release()
  await runner.idle()
  assert.deepEqual(left, [1, 2])
})

test('a Turn without records does not overtake an earlier one that waits', async () => {
  const { runner, left, store } = started()
  store.mode = 'held'
  runner.run(turnOf({ record: 11, onceDurable: 1 }))
  runner.run(turnOf({ onceDurable: 2 }))
  assert.deepEqual(left, [])
  store.release()
  await runner.idle()
  assert.deepEqual(left, [1, 2])
})

test('all that comes while a batch is being written forms the next, and waits for it', async () => {
  const { runner, left, store } = started()
  store.mode = 'held'
  runner.run(turnOf({ record: 11, onceDurable: 1 }))
  runner.run(turnOf({ record: 12, onceDurable: 2 }))
  runner.run(turnOf({ record: 13, onceDurable: 3 }))
  store.release()
  store.mode = 'held'
  await nextTurn()
  assert.deepEqual([left, written(store)], [[1], [11]])
  store.release()
  await runner.idle()
  assert.deepEqual(
    [left, written(store)],
    [
      [1, 2, 3],
      [11, 12, 13],
    ],
  )
})

test('a Turn is emptied for the next, and its events are reported', () => {
  const { runner, told } = started()
  const turn = turnOf({ now: 1, onceDurable: 2 })
  turn.events.push({ type: 'sessionEnded', clientIdentifier: 's', account: '', reason: 'expired', messages: 0 })
  runner.run(turn)
  assert.deepEqual(turn, newTurn())
  assert.deepEqual(told, ['sessionEnded'])
})

test('the owner is told what is durable, and what is to be read', async () => {
  const { runner, told, durable } = started()
  runner.startBehind(0)
  const turn = turnOf({ record: 11 })
  const origin = { remoteAddress: '', listener: '', assignedClientIdentifier: '', tellsPublisher: true }
  turn.loads.push({ connection: new Connection({}, origin, false, 0), seqs: [4, 5] })
  runner.run(turn)
  runner.run(turnOf({ record: 12 }))
  await runner.idle()
  assert.deepEqual(durable, [1, 2])
  assert.equal(told[0], 'load 4,5')
})

test('while the store refuses the same batch is tried again, and nothing that waits for it leaves', async (context: TestContext) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const { runner, left, store, told } = started()
  store.mode = 'refusing'
  runner.run(turnOf({ record: 11, onceDurable: 1 }))
  await nextTurn()
  assert.deepEqual([left, told], [[], ['refuses']])
  store.mode = 'prompt'
  context.mock.timers.tick(100)
  await runner.idle()
  assert.deepEqual([left, written(store), told], [[1], [11], ['refuses', 'takes', 'released']])
})

test('after a failure nothing that waits leaves, and whoever waits for the end is told', async () => {
  const { runner, left, store, told } = started()
  store.mode = 'failing'
  runner.run(turnOf({ record: 11, onceDurable: 1 }))
  await runner.idle()
  store.mode = 'prompt'
  runner.run(turnOf({ onceDurable: 2 }))
  runner.run(turnOf({ record: 12, onceDurable: 3 }))
  await runner.idle()
  assert.deepEqual([left, written(store), told], [[], [], ['the disk is broken, says the test']])
})
