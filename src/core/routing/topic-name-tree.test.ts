import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { topicFilterMatches } from './topic-filter.ts'
import { TopicNameTree } from './topic-name-tree.ts'
import { anyFilter, anyTopicName, processorMs } from './topic-tree-texts.test.ts'

function treeOf(topicNames: Iterable<string>): TopicNameTree<string> {
  const tree = new TopicNameTree<string>()
  for (const topicName of topicNames) tree.set(topicName, topicName)
  return tree
}

function matches(tree: TopicNameTree<string>, filter: string): string[] {
  const found: string[] = []
  tree.match(filter, found)
  return found.sort()
}

test('every name that matches is found once', () => {
  const tree = treeOf(['a', 'a/b', 'a/c', 'a/b/c', '/a', 'test/topic/', '$SYS/a'])
  assert.deepEqual(matches(tree, '#'), ['/a', 'a', 'a/b', 'a/b/c', 'a/c', 'test/topic/'])
  assert.deepEqual(matches(tree, 'a/#'), ['a', 'a/b', 'a/b/c', 'a/c'])
  assert.deepEqual(matches(tree, 'a/+'), ['a/b', 'a/c'])
  assert.deepEqual(matches(tree, '+/+'), ['/a', 'a/b', 'a/c'])
  assert.deepEqual(matches(tree, 'a/b'), ['a/b'])
  assert.deepEqual(matches(tree, 'test/topic/+'), ['test/topic/'])
})

test('[MQTT-4.7.2-1] a wildcard at the first level does not meet names that begin with $', () => {
  const tree = treeOf(['$SYS', '$SYS/a', '$/b', 'a/$b'])
  assert.deepEqual(matches(tree, '#'), ['a/$b'])
  assert.deepEqual(matches(tree, '+/#'), ['a/$b'])
  assert.deepEqual(matches(tree, '+/a'), [])
  assert.deepEqual(matches(tree, '$SYS/#'), ['$SYS', '$SYS/a'])
  assert.deepEqual(matches(tree, '$SYS/+'), ['$SYS/a'])
})

test('the tree finds exactly the names that match, in one go or in slices of any size', () => {
  const names = fc.uniqueArray(anyTopicName, { maxLength: 60 })
  fc.assert(
    fc.property(names, anyFilter, fc.integer({ min: 1, max: 5 }), (topicNames, filter, max) => {
      const tree = treeOf(topicNames)
      const expected = topicNames.filter((topicName) => topicFilterMatches(filter, topicName)).sort()
      assert.deepEqual(matches(tree, filter), expected)
      const matcher = tree.matcher(filter)
      const found: string[] = []
      for (let hasMore = true; hasMore; ) {
        const before = found.length
        hasMore = matcher.next(max, found)
        assert.ok(found.length - before <= max)
      }
      assert.deepEqual(found.sort(), expected)
    }),
    { numRuns: 1000 },
  )
})

test('whatever was set and deleted before, the tree holds what a Map would', () => {
  const step = fc.record({ isDelete: fc.boolean(), topicName: anyTopicName, filter: anyFilter })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const tree = new TopicNameTree<string>()
      const model = new Map<string, string>()
      for (const { isDelete, topicName, filter } of steps) {
        if (isDelete) {
          assert.equal(tree.delete(topicName), model.delete(topicName))
        } else {
          tree.set(topicName, topicName)
          model.set(topicName, topicName)
        }
        assert.equal(tree.size, model.size)
        assert.equal(tree.get(topicName), model.get(topicName))
        const expected = [...model.keys()].filter((known) => topicFilterMatches(filter, known)).sort()
        assert.deepEqual(matches(tree, filter), expected)
      }
      for (const topicName of model.keys()) assert.equal(tree.delete(topicName), true)
      assert.equal(tree.size, 0)
    }),
    { numRuns: 500 },
  )
})

test('while the tree changes, each name that stays is found exactly once and no removed name after its removal', () => {
  const change = fc.record({ isDelete: fc.boolean(), topicName: anyTopicName })
  const slice = fc.record({ max: fc.integer({ min: 1, max: 4 }), changes: fc.array(change, { maxLength: 4 }) })
  const names = fc.uniqueArray(anyTopicName, { maxLength: 60 })
  fc.assert(
    fc.property(names, anyFilter, fc.array(slice, { maxLength: 30 }), (topicNames, filter, slices) => {
      const tree = treeOf(topicNames)
      const stays = new Set(topicNames.filter((topicName) => topicFilterMatches(filter, topicName)))
      const present = new Set(topicNames)
      const matcher = tree.matcher(filter)
      const found: string[] = []
      for (const { max, changes } of slices) {
        const before = found.length
        matcher.next(max, found)
        for (const topicName of found.slice(before)) assert.ok(present.has(topicName))
        for (const { isDelete, topicName } of changes) {
          if (isDelete) {
            tree.delete(topicName)
            present.delete(topicName)
            stays.delete(topicName)
          } else {
            tree.set(topicName, topicName)
            present.add(topicName)
          }
        }
      }
      const before = found.length
      matcher.next(Number.POSITIVE_INFINITY, found)
      for (const topicName of found.slice(before)) assert.ok(present.has(topicName))
      for (const topicName of found) assert.ok(topicFilterMatches(filter, topicName))
      for (const topicName of stays) assert.equal(found.filter((other) => other === topicName).length, 1)
    }),
    { numRuns: 1000 },
  )
})

test('a search ends even if names are added faster than it goes', () => {
  const tree = treeOf(['a/0', 'a/1', 'b/0', 'c'])
  const matcher = tree.matcher('#')
  const found: string[] = []
  let slices = 0
  while (matcher.next(1, found)) {
    slices += 1
    assert.ok(slices < 100)
    for (const root of ['a', 'b', 'c', 'd']) tree.set(`${root}/new/${slices}`, 'new')
  }
  assert.deepEqual(found.filter((value) => value !== 'new').sort(), ['a/0', 'a/1', 'b/0', 'c'])
})

test('a search that has ended stays ended', () => {
  const tree = treeOf(['a'])
  const matcher = tree.matcher('a')
  const found: string[] = []
  while (matcher.next(1, found));
  tree.set('b', 'b')
  assert.equal(matcher.next(10, found), false)
  assert.deepEqual(found, ['a'])
})

test('a slice is bounded by what it looks at, also where nothing is found', () => {
  const tree = new TopicNameTree<number>()
  for (let index = 0; index < 1000; index += 1) tree.set(`a/${index}/x`, index)
  const matcher = tree.matcher('+/+/y')
  let slices = 1
  const found: number[] = []
  while (matcher.next(100, found)) slices += 1
  assert.deepEqual(found, [])
  assert.ok(slices >= 10)
})

test('names of 32,767 slashes are set, matched and deleted in less than 50 ms each', () => {
  const slashes = '/'.repeat(32_767)
  const tree = new TopicNameTree<string>()
  const timed = (work: () => void) => assert.ok(processorMs(work) < 50)
  timed(() => tree.set(slashes, slashes))
  timed(() => tree.set(`${'/'.repeat(32_766)}/a`, 'a'))
  timed(() => assert.equal(matches(tree, '#').length, 2))
  timed(() => assert.equal(matches(tree, slashes).length, 1))
  timed(() => assert.equal(matches(tree, `${'+/'.repeat(32_767)}+`).length, 2))
  timed(() => assert.equal(tree.delete(slashes), true))
  assert.equal(tree.size, 1)
})
