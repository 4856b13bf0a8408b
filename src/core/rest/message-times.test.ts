import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageTimes } from './message-times.ts'

test('a message came in at its time, or up to a second before another mark', () => {
  const times = new MessageTimes()
  assert.equal(times.timeOf(1), 0)
  times.note(10, 1000)
  times.note(11, 1400)
  times.note(20, 2500)
  assert.deepEqual(
    [9, 10, 11, 19, 20, 99].map((seq) => times.timeOf(seq)),
    [0, 1000, 1000, 1000, 2500, 2500],
  )
})

test('years of messages take a bounded place, and times stay in order', () => {
  const times = new MessageTimes()
  const count = 100_000
  for (let seq = 1; seq <= count; seq++) times.note(seq, seq * 1000)
  let last = 0
  for (let seq = 1; seq <= count; seq += 997) {
    const found = times.timeOf(seq)
    assert.ok(found >= last && found <= seq * 1000 && found > (seq - 33) * 1000, `${found} for ${seq * 1000}`)
    last = found
  }
})
