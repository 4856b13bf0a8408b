import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { watchForStop } from './stop-signal.ts'

function watch() {
  const source = new EventEmitter()
  const exits: number[] = []
  const clock = { nowMs: 5000 }
  const stop = watchForStop(
    source,
    (exitCode) => exits.push(exitCode),
    () => clock.nowMs,
  )
  return { source, exits, clock, stop }
}

for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`the first ${signal} asks for a stop in good order, a later one ends the process with ${exitCode}`, async () => {
    const { source, exits, clock, stop } = watch()
    source.emit(signal, signal)
    await stop.asked
    assert.deepEqual(exits, [])
    clock.nowMs += 1000
    source.emit(signal, signal)
    assert.deepEqual(exits, [exitCode])
  })
}

test('a signal that npm passes on in the same moment does not count as the second one', () => {
  const { source, exits, clock } = watch()
  source.emit('SIGINT', 'SIGINT')
  clock.nowMs += 20
  source.emit('SIGINT', 'SIGINT')
  assert.deepEqual(exits, [])
})

test('released signals are no longer watched', () => {
  const { source, stop } = watch()
  stop.release()
  assert.equal(source.listenerCount('SIGINT') + source.listenerCount('SIGTERM'), 0)
})
