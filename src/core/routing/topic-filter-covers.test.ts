import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { topicFilterMatches } from './topic-filter.ts'
import { topicFilterCovers } from './topic-filter-covers.ts'
import { anyFilter } from './topic-tree-texts.test.ts'

const covering: [wide: string, narrow: string[], others: string[]][] = [
  ['a/b', ['a/b'], ['a', 'a/+', 'a/b/c', 'a/b/#']],
  ['a/#', ['a', 'a/', 'a/b', 'a/+', 'a/+/#', 'a/#'], ['#', '+', '+/b', 'ab', 'b/#']],
  ['a/+', ['a/b', 'a/', 'a/+'], ['a', 'a/#', 'a/+/#', '+/+', 'a/b/c']],
  ['#', ['#', '+/#', 'a', '/', '+', 'a/#'], ['$SYS', '$SYS/#', '$a/+']],
  ['+/#', ['#', '+', 'a', 'a/b/#'], ['$SYS/#']],
  ['+/+/#', ['a/b', 'a/b/#', '+/+', '/#'], ['#', '+', 'a/#']],
  ['/+/#', ['/', '/#', '/a', '/+'], ['+/#', '#', 'a']],
  ['+', ['a', '+'], ['#', 'a/', '$a']],
  ['$SYS/#', ['$SYS', '$SYS/a/+', '$SYS/#'], ['#', '$SYSTEM']],
]
for (const [wide, narrow, others] of covering) {
  test(`"${wide}" covers what can match nothing beyond it, and nothing else`, () => {
    for (const filter of narrow) assert.equal(topicFilterCovers(wide, filter), true, filter)
    for (const filter of others) assert.equal(topicFilterCovers(wide, filter), false, filter)
  })
}

/** Topic Names among which is one for every difference there can be: with levels that no filter of `anyFilter` names. */
function namesOf(filter: string): string[] {
  let names = ['']
  for (const [index, level] of filter.split('/').entries()) {
    const next = level === '+' ? ['a', 'other', '', ...(index > 0 ? ['$'] : [])] : [level]
    const longer = names.flatMap((name) => next.map((text) => (index === 0 ? text : `${name}/${text}`)))
    if (level !== '#') names = longer
    else if (index === 0) names = ['a', 'other', 'a/b', 'other/other', '/', 'a/b/c/d/e/f', 'other/b/c/d/e/f']
    else
      names = [
        ...names,
        ...['a', 'other', '', '$', 'other/b/c/d/e/f'].flatMap((text) => names.map((name) => `${name}/${text}`)),
      ]
  }
  return names.filter((name) => name !== '')
}

test('one filter covers another exactly if it matches every Topic Name that the other matches', () => {
  let covered = 0
  fc.assert(
    fc.property(anyFilter, anyFilter, (wide, narrow) => {
      const names = namesOf(narrow)
      for (const name of names) assert.ok(topicFilterMatches(narrow, name), `${narrow} and ${name}`)
      const expected = names.every((name) => topicFilterMatches(wide, name))
      assert.equal(topicFilterCovers(wide, narrow), expected)
      if (expected) covered += 1
    }),
    { numRuns: 5000 },
  )
  assert.ok(covered > 100, `only ${covered} of the pairs were covered`)
})
