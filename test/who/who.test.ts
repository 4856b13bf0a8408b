/**
 * Who listens: right, and without much work at once however many do. `npm run prove` shows it in full.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clients } from '../../src/core/query/clients.ts'
import { whoListens } from '../../src/core/query/who-listens.ts'
import { allSubscriptions } from '../../src/core/query/who-subscribes.ts'
import { pullPage } from '../../src/server/requests/pages.ts'
import { Slices, stepsPerSlice } from '../../src/server/requests/slices.ts'
import { DrivenCore } from '../support/driven-core.ts'
import { CountedRows, manySubscriptions, measureFirstPage } from './many.ts'
import { compareWithNaive } from './naive-cases.ts'

test('in 100,000 random cases it is who a look at every Subscription finds', () => {
  compareWithNaive(100_000, 1)
})

test('with 100,000 Subscriptions the first page takes as many steps as it has rows', async () => {
  const { rows, steps } = await measureFirstPage(manySubscriptions(100_000), 'all/news')
  assert.deepEqual([rows, steps], [100, 100])
})

test('a search that finds nothing does a bounded piece of work in each turn of the event loop', async () => {
  const state = manySubscriptions(20_000)
  const counted = new CountedRows(clients(state, { presence: 'online' }))
  const { rows, isLast } = await pullPage(counted, new Slices(), { rowsMax: 100, bytesMax: 1_000_000 })
  assert.deepEqual([rows.length, isLast, counted.steps], [0, true, 20_001])
  assert.equal(counted.stepsInTurnMax, stepsPerSlice)
})

test('several searches share the turns of the event loop', async () => {
  const state = manySubscriptions(5000)
  const slices = new Slices()
  const begun = Array.from({ length: 4 }, () => new CountedRows(clients(state, { presence: 'online' })))
  let turns = 0
  let isOver = false
  const countTurn = (): void => {
    turns += 1
    if (!isOver) setImmediate(countTurn)
  }
  setImmediate(countTurn)
  await Promise.all(begun.map((rows) => pullPage(rows, slices, { rowsMax: 100, bytesMax: 1_000_000 })))
  isOver = true
  assert.ok(turns >= (4 * 5000) / stepsPerSlice, `${turns} turns`)
})

test('a page is no larger than the bytes it may have', async () => {
  const rows = whoListens(manySubscriptions(1000), 'all/news')
  const page = await pullPage(rows, new Slices(), { rowsMax: 1000, bytesMax: 10_000 })
  const bytes = page.rows.join('').length
  assert.ok(bytes >= 10_000 && bytes < 11_000, `${bytes} bytes`)
})

test('what stays is found, whatever comes and goes between two steps', () => {
  const driven = new DrivenCore()
  const names = Array.from({ length: 60 }, (_, number) => `c${number}`)
  const filters = ['t', 't/#', '+', '$share/g/t', '$share/h/t']
  const connections = names.map((name) => driven.connect(name))
  for (const [index, connection] of connections.entries()) {
    driven.subscribe(connection, filters[index % filters.length] ?? 't')
  }
  const staying = names.filter((_, index) => index % 3 !== 0)
  for (const query of [whoListens(driven.state, 't'), allSubscriptions(driven.state), clients(driven.state, {})]) {
    const found: string[] = []
    let step = 0
    for (const row of query) {
      if (row !== null) found.push(row.clientIdentifier)
      const leaving = connections[(step * 3) % 60]
      const topicFilters = [filters[((step * 3) % 60) % filters.length] ?? 't']
      if (leaving?.isClosed === false && step < 20) {
        driven.receive(leaving, { type: 'unsubscribe', packetId: 1, topicFilters, properties: {} })
      }
      if (step < 30) driven.subscribe(driven.connect(`new${step}`), filters[step % filters.length] ?? 't')
      step += 1
      assert.ok(step < 1000, 'it comes to an end')
    }
    const missed = staying.filter((name) => !found.includes(name))
    assert.deepEqual(missed, [])
    for (const [index, connection] of connections.entries()) {
      driven.subscribe(connection, filters[index % filters.length] ?? 't')
    }
  }
})

test('the only Subscription to a filter that ends between two steps is not found any more', () => {
  const driven = new DrivenCore()
  const connection = driven.connect('c')
  for (const filter of ['t', 't/#', '+']) driven.subscribe(connection, filter)
  const found: string[] = []
  for (const row of whoListens(driven.state, 't')) {
    if (row === null) continue
    found.push(row.topicFilter)
    const others = ['t', 't/#', '+'].filter((filter) => filter !== row.topicFilter)
    if (found.length > 1) continue
    driven.receive(connection, { type: 'unsubscribe', packetId: 2, topicFilters: others, properties: {} })
  }
  assert.equal(found.length, 1, found.join())
})
