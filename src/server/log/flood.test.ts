import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Flood, type FloodLine } from './flood.ts'

function line(event: string, same: string): FloodLine {
  return { level: 'warn', event, text: `it is ${event}`, fields: { same }, same }
}

test('of the same line a few are written, and the rest is told of when the time is over', () => {
  const flood = new Flood()
  const taken = Array.from({ length: 1000 }, () => flood.takes(line('bad', 'a'), 0)).filter((each) => each)
  assert.equal(taken.length, 5)
  assert.equal(flood.endsAtMs, 10_000)
  const [told, ...others] = flood.end()
  assert.equal(told?.text, 'it is bad: 995 more like this within 10 s')
  assert.deepEqual(told?.fields, { same: 'a', leftOut: 995 })
  assert.deepEqual(others, [])
  assert.deepEqual(flood.end(), [])
})

test('other lines are written meanwhile, up to a number of each kind', () => {
  const flood = new Flood()
  for (let number = 0; number < 10; number++) flood.takes(line('bad', 'a'), 0)
  assert.ok(flood.takes(line('bad', 'b'), 1))
  const others = Array.from({ length: 2000 }, (_, number) => flood.takes(line('bad', `c${number}`), 2))
  assert.equal(others.filter((each) => each).length, 500 - 6)
  assert.ok(flood.takes(line('worse', 'a'), 3))
  assert.deepEqual(
    flood.end().map(({ text }) => text),
    ['it is bad: 5 more like this within 10 s', 'it is bad: 1,506 more of this kind within 10 s, each of them another'],
  )
})

test('nothing is told of where nothing was left out', () => {
  const flood = new Flood()
  flood.takes(line('bad', 'a'), 0)
  assert.deepEqual(flood.end(), [])
})
