import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TooBusyError, WorkGate } from './work-gate.ts'

test('only as much work runs at a time as is allowed, the rest waits in order, and what is too much is refused', async () => {
  const gate = new WorkGate(2, 2)
  const started: string[] = []
  const finish: (() => void)[] = []
  const work = (name: string) => () => {
    started.push(name)
    return new Promise<string>((resolve) => finish.push(() => resolve(name)))
  }
  const results = ['a', 'b', 'c', 'd'].map((name) => gate.pass(work(name)))
  await assert.rejects(gate.pass(work('e')), TooBusyError)
  assert.deepEqual(started, ['a', 'b'])
  finish[0]?.()
  assert.equal(await results[0], 'a')
  assert.deepEqual(started, ['a', 'b', 'c'])
  // The place that was handed over is taken: whoever comes now waits, too.
  results.push(gate.pass(work('f')))
  assert.deepEqual(started, ['a', 'b', 'c'])
  finish[1]?.()
  assert.equal(await results[1], 'b')
  assert.deepEqual(started, ['a', 'b', 'c', 'd'])
  finish[2]?.()
  assert.equal(await results[2], 'c')
  finish[3]?.()
  finish[4]?.()
  assert.deepEqual(await Promise.all(results), ['a', 'b', 'c', 'd', 'f'])
  assert.deepEqual(started, ['a', 'b', 'c', 'd', 'f'])
})

test('work that fails makes room for the next', async () => {
  const gate = new WorkGate(1, 1)
  const failing = gate.pass(() => Promise.reject(new Error('no')))
  const waiting = gate.pass(() => Promise.resolve('done'))
  await assert.rejects(failing, /no/)
  assert.equal(await waiting, 'done')
  assert.equal(await gate.pass(() => Promise.resolve('again')), 'again')
})
