import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wholeStack } from './crash.ts'

test('of an error its stack is told, and those of what caused it and of the errors it stands for', () => {
  const deepest = new Error('the disk is gone')
  const error = new AggregateError([new TypeError('one'), 'two', new RangeError('three')], 'all failed', {
    cause: deepest,
  })
  const told = wholeStack(error)
  for (const each of [error, deepest, ...error.errors]) {
    assert.ok(told.includes(each instanceof Error ? (each.stack ?? '') : each), String(each))
  }
  assert.match(
    told,
    /^AggregateError: all failed\n {4}at .*[\s\S]*\ncaused by: Error: the disk is gone\n[\s\S]*\none of: two\n/,
  )
})

test('what else an error holds, and what an object holds that is none, is not told', () => {
  const error = Object.assign(new Error('refused'), { password: 'green tea', cause: { token: 'green tea' } })
  for (const thrown of [error, { password: 'green tea' }, ['green tea'], () => 'green tea']) {
    assert.doesNotMatch(wholeStack(thrown), /green tea/)
  }
  assert.deepEqual(
    [wholeStack('text'), wholeStack(undefined), wholeStack(null)],
    ['text', 'undefined', '[object Null]'],
  )
})

test('errors that cause each other come to an end', () => {
  const error = new Error('round')
  error.cause = new Error('and round', { cause: error })
  assert.equal(wholeStack(error).match(/^(?:caused by: )?Error: /gm)?.length, 9)
})
