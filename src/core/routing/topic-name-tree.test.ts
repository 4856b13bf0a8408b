import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { topicFilterMatches } from './topic-filter.ts'
import { type OfTopicName, TopicNameTree } from './topic-name-tree.ts'
import { anyFilter, anyTopicName, processorMs } from './topic-tree-texts.test.ts'

/** Of one that was in the tree before with the same name, or of the first. */
interface Value extends OfTopicName {
  readonly version: number
}

const value = (topicName: string, version = 0): Value => ({ topicName, version, epoch: 0 })
const namesOf = (found: readonly Value[]): string[] => found.map(({ topicName }) => topicName).sort()

function treeOf(topicNames: Iterable<string>): TopicNameTree<Value> {
  const tree = new TopicNameTree<Value>()
  for (const topicName of topicNames) tree.set(value(topicName))
  return tree
}

function matches(tree: TopicNameTree<Value>, filter: string): string[] {
  const found: Value[] = []
  tree.match(filter, found)
  return namesOf(found)
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
      const found: Value[] = []
      for (let hasMore = true; hasMore; ) {
        const before = found.length
        hasMore = matcher.next(max, found)
        assert.ok(found.length - before <= max)
      }
      assert.deepEqual(namesOf(found), expected)
    }),
    { numRuns: 1000 },
  )
})

test('whatever was set and deleted before, the tree holds what a Map would', () => {
  const step = fc.record({ isDelete: fc.boolean(), topicName: anyTopicName, filter: anyFilter })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const tree = new TopicNameTree<Value>()
      const model = new Map<string, Value>()
      for (const { isDelete, topicName, filter } of steps) {
        if (isDelete) {
          assert.equal(tree.delete(topicName), model.delete(topicName))
        } else {
          const latest = value(topicName)
          tree.set(latest)
          model.set(topicName, latest)
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
      const present = new Map(topicNames.map((topicName) => [topicName, 0]))
      const matcher = tree.matcher(filter)
      const found: Value[] = []
      let version = 0
      const goOn = (max: number): void => {
        const before = found.length
        matcher.next(max, found)
        for (const { topicName, version } of found.slice(before)) assert.equal(present.get(topicName), version)
      }
      for (const { max, changes } of slices) {
        goOn(max)
        for (const { isDelete, topicName } of changes) {
          if (isDelete) {
            tree.delete(topicName)
            present.delete(topicName)
            stays.delete(topicName)
          } else {
            version += 1
            tree.set(value(topicName, version))
            present.set(topicName, version)
          }
        }
      }
      goOn(Number.POSITIVE_INFINITY)
      for (const { topicName } of found) assert.ok(topicFilterMatches(filter, topicName))
      for (const topicName of stays) assert.equal(found.filter((other) => other.topicName === topicName).length, 1)
    }),
    { numRuns: 1000 },
  )
})

test('a search ends even if names are added faster than it goes', () => {
  const tree = treeOf(['a/0', 'a/1', 'b/0', 'c'])
  const matcher = tree.matcher('#')
  const found: Value[] = []
  let slices = 0
  while (matcher.next(1, found)) {
    slices += 1
    assert.ok(slices < 100)
    for (const root of ['a', 'b', 'c', 'd']) tree.set(value(`${root}/new/${slices}`, 1))
  }
  assert.deepEqual(namesOf(found.filter(({ version }) => version === 0)), ['a/0', 'a/1', 'b/0', 'c'])
})

test('a search that has ended stays ended', () => {
  const tree = treeOf(['a'])
  const matcher = tree.matcher('a')
  const found: Value[] = []
  while (matcher.next(1, found));
  tree.set(value('b'))
  assert.equal(matcher.next(10, found), false)
  assert.deepEqual(namesOf(found), ['a'])
})

test('a slice is bounded by what it looks at, also where nothing is found', () => {
  const tree = treeOf([])
  for (let index = 0; index < 1000; index += 1) tree.set(value(`a/${index}/x`))
  const matcher = tree.matcher('+/+/y')
  let slices = 1
  const found: Value[] = []
  while (matcher.next(100, found)) slices += 1
  assert.deepEqual(found, [])
  assert.ok(slices >= 10)
})

test('names of 32,767 slashes are set, matched and deleted in less than 50 ms each', () => {
  const slashes = '/'.repeat(32_767)
  const tree = treeOf([])
  const timed = (work: () => void) => assert.ok(processorMs(work) < 50)
  timed(() => tree.set(value(slashes)))
  timed(() => tree.set(value(`${'/'.repeat(32_766)}/a`)))
  timed(() => assert.equal(matches(tree, '#').length, 2))
  timed(() => assert.equal(matches(tree, slashes).length, 1))
  timed(() => assert.equal(matches(tree, `${'+/'.repeat(32_767)}+`).length, 2))
  timed(() => assert.equal(tree.delete(slashes), true))
  assert.equal(tree.size, 1)
})
