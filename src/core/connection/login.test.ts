import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenCore, sent } from '../../../test/support/driven-core.ts'
import { endLoginAt, remindLogin } from './login.ts'

test('only the time that was set last ends a connection, and it ends once', () => {
  const driven = new DrivenCore()
  const connection = driven.connect('c')
  const { state } = driven
  for (const atMs of [5000, 9000]) endLoginAt(state, connection, atMs)
  const remind = (atMs: number): string[] => {
    const turn = driven.input((_, nowMs, next) => remindLogin(state, { type: 'login', connection, atMs }, nowMs, next))
    return sent(turn, connection)
  }
  assert.deepEqual(remind(5000), [], 'it was void')
  assert.deepEqual(remind(9000), ['disconnect 160', 'close'])
  assert.deepEqual(remind(9000), [])
})

test('the same time again is no further deadline', () => {
  const driven = new DrivenCore()
  const connection = driven.connect('c')
  const { deadlines } = driven.state
  endLoginAt(driven.state, connection, 9000)
  const { size } = deadlines
  for (let count = 0; count < 3; count++) endLoginAt(driven.state, connection, 9000)
  assert.equal(deadlines.size, size)
})
