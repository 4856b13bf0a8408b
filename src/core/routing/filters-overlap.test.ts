import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { filtersOverlap } from './filters-overlap.ts'
import { topicFilterMatches } from './topic-filter.ts'

const levels = ['', 'a', 'b', '$a']
const level = fc.constantFrom(...levels)
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([parts, endsInHash]) => [...parts, ...(endsInHash ? ['#'] : [])].join('/'))
  .filter((text) => text !== '')

/** Every Topic Name of up to four levels: one more than the filters have. */
function* names(depth = 4): Generator<string> {
  for (const name of levels) {
    yield name
    if (depth > 1) for (const rest of names(depth - 1)) yield `${name}/${rest}`
  }
}
const all = [...names()].filter((name) => name !== '')

test('two Topic Filters overlap where there is a Topic Name that both match', () => {
  fc.assert(
    fc.property(filter, filter, (one, other) => {
      const expected = all.some((name) => topicFilterMatches(one, name) && topicFilterMatches(other, name))
      assert.equal(filtersOverlap(one, other), expected, `${one} and ${other}`)
      assert.equal(filtersOverlap(other, one), expected)
    }),
    { numRuns: 3000 },
  )
})

test('"#" alone overlaps with everything but what begins with "$"', () => {
  assert.equal(filtersOverlap('#', 'a/+/c'), true)
  assert.equal(filtersOverlap('#', '$SYS/#'), false)
  assert.equal(filtersOverlap('a/#', 'a'), true)
})
