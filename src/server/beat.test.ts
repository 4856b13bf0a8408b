import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beatMs, onBeat } from './beat.ts'

test('all who listen are called in one turn, each at its own count of beats, until it ends', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const called: string[] = []
  const endOften = onBeat(1, () => called.push('often'))
  const endSeldom = onBeat(4, () => called.push('seldom'))
  t.mock.timers.tick(beatMs / 2)
  // Whoever comes later has no timer of its own.
  const endLate = onBeat(2, () => called.push('late'))
  const beat = () => {
    t.mock.timers.tick(beatMs)
    return called.splice(0).join(' ')
  }
  assert.deepEqual([beat(), beat(), beat(), beat()], ['often', 'often late', 'often', 'often seldom late'])
  endOften()
  assert.deepEqual([beat(), beat()], ['', 'late'])
  endSeldom()
  endLate()
  assert.equal(beat(), '')
  const endAgain = onBeat(1, () => called.push('again'))
  assert.equal(beat(), 'again')
  endAgain()
})

test('a listener that fails does not end the beat, and one may end another', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let calls = 0
  const end = onBeat(1, () => {
    calls += 1
    endOther()
    throw new Error('on purpose')
  })
  const endOther = onBeat(1, () => assert.fail('it has ended'))
  for (let beats = 0; beats < 2; beats++) assert.throws(() => t.mock.timers.tick(beatMs), /on purpose/)
  assert.equal(calls, 2)
  end()
})
