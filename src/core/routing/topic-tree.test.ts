import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { topicFilterMatches } from './topic-filter.ts'
import { type OfFilter, TopicTree } from './topic-tree.ts'
import { anyFilter, anyTopicName, processorMs } from './topic-tree-texts.test.ts'

function treeOf(filters: Iterable<string>): TopicTree<OfFilter> {
  const tree = new TopicTree<OfFilter>()
  for (const filter of filters) tree.set({ filter })
  return tree
}

function matches(tree: TopicTree<OfFilter>, topicName: string): string[] {
  const found: OfFilter[] = []
  tree.match(topicName, found)
  return found.map(({ filter }) => filter).sort()
}

function inSlices(tree: TopicTree<OfFilter>, topicName: string, count: number): string[] {
  const search = tree.search(topicName)
  while (!search.goOn(count));
  return search.found.map(({ filter }) => filter).sort()
}

test('every filter that matches is found once, with or without wildcards', () => {
  const tree = treeOf(['a', 'a/b', 'a/+', 'a/#', '+/b', '#', 'b', 'a/b/#', '+', '/a', 'a/b/c'])
  assert.deepEqual(matches(tree, 'a/b'), ['#', '+/b', 'a/#', 'a/+', 'a/b', 'a/b/#'])
  assert.deepEqual(matches(tree, 'a'), ['#', '+', 'a', 'a/#'])
  assert.deepEqual(matches(tree, '/a'), ['#', '/a'])
})

test('[MQTT-4.7.2-1] filters that begin with a wildcard do not match names that begin with $', () => {
  const tree = treeOf(['#', '+', '+/#', '+/a', '$SYS/#', '$SYS/+', '$SYS'])
  assert.deepEqual(matches(tree, '$SYS/a'), ['$SYS/#', '$SYS/+'])
  assert.deepEqual(matches(tree, '$SYS'), ['$SYS', '$SYS/#'])
  assert.deepEqual(matches(tree, '$'), [])
  assert.deepEqual(matches(tree, 'a/a'), ['#', '+/#', '+/a'])
})

test('what is found is added to what the caller has found before', () => {
  const found = [{ filter: 'before' }]
  treeOf(['a/+']).match('a/b', found)
  assert.deepEqual(found, [{ filter: 'before' }, { filter: 'a/+' }])
})

test('what is set for the same filter takes the place of what was there and counts once', () => {
  const tree = treeOf([])
  for (const filter of ['a', 'a/+', 'a/#', 'a/+/b', 'a/+/b/#', 'a/b/c/+']) {
    const second = { filter }
    tree.set({ filter })
    tree.set(second)
    assert.equal(tree.get(filter), second)
  }
  assert.equal(tree.size, 6)
})

test('filters that part late are all in the tree, one by one, and found by every step of the way', () => {
  const filters = ['a/+/c/d/e', 'a/+/c/d/#', 'a/+/c/d/+', 'a/+/c/x', 'a/+/c', 'a/+', 'a/#']
  for (const order of [filters, filters.toReversed()]) {
    const tree = treeOf(order)
    assert.deepEqual(matches(tree, 'a/b/c/d/e'), ['a/#', 'a/+/c/d/#', 'a/+/c/d/+', 'a/+/c/d/e'])
    assert.deepEqual(matches(tree, 'a/b/c/d'), ['a/#', 'a/+/c/d/#'])
    assert.deepEqual(matches(tree, 'a/b/c'), ['a/#', 'a/+/c'])
    const inSteps = [...tree.values()].flatMap((each) => (each === null ? [] : [each.filter]))
    assert.deepEqual(inSteps.sort(), [...filters].sort())
  }
})

test('what is not in the tree is neither got nor deleted, though another filter stands where it would be', () => {
  const tree = treeOf(['a/+/c'])
  for (const filter of ['a/+', 'a/+/d', 'a/+/c/d', 'a/#', 'a/+/c/#']) {
    assert.equal(tree.get(filter), undefined)
    assert.equal(tree.delete(filter), false)
  }
  assert.equal(tree.size, 1)
})

test('[MQTT-3.3.2-3] the tree finds exactly the filters that match, whatever they are', () => {
  fc.assert(
    fc.property(fc.uniqueArray(anyFilter, { maxLength: 40 }), fc.array(anyTopicName), (filters, topicNames) => {
      const tree = treeOf(filters)
      for (const topicName of topicNames) {
        const expected = filters.filter((filter) => topicFilterMatches(filter, topicName)).sort()
        assert.deepEqual(matches(tree, topicName), expected)
        assert.deepEqual(inSlices(tree, topicName, 1), expected)
        assert.deepEqual(inSlices(tree, topicName, 3), expected)
      }
    }),
    { numRuns: 1000 },
  )
})

test('whatever was set and deleted before, the tree holds what a Map would', () => {
  const step = fc.record({ isDelete: fc.boolean(), filter: anyFilter, topicName: anyTopicName })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const tree = treeOf([])
      const model = new Map<string, string>()
      for (const { isDelete, filter, topicName } of steps) {
        if (isDelete) {
          assert.equal(tree.delete(filter), model.delete(filter))
        } else {
          tree.set({ filter })
          model.set(filter, filter)
        }
        assert.equal(tree.size, model.size)
        assert.equal(tree.get(filter)?.filter, model.get(filter))
        const expected = [...model.keys()].filter((known) => topicFilterMatches(known, topicName)).sort()
        assert.deepEqual(matches(tree, topicName), expected)
      }
      for (const filter of model.keys()) assert.equal(tree.delete(filter), true)
      assert.equal(tree.size, 0)
    }),
    { numRuns: 500 },
  )
})

test('a name and filters of 32,767 slashes are set, matched and deleted in less than 50 ms each', () => {
  const slashes = '/'.repeat(32_767)
  const filters = [slashes, `${slashes}+`, `${slashes}#`, `+${slashes}`]
  const tree = treeOf([])
  const timed = (work: () => void) => assert.ok(processorMs(work) < 50)
  for (const filter of filters) timed(() => tree.set({ filter }))
  timed(() => assert.equal(matches(tree, slashes).length, 4))
  for (const filter of filters) timed(() => assert.equal(tree.delete(filter), true))
  assert.equal(tree.size, 0)
  assert.deepEqual(matches(tree, slashes), [])
})

test('a search that once was very wide leaves the next one right', () => {
  const tree = treeOf([])
  for (let index = 0; index < 2 ** 12; index += 1) {
    const bits = index.toString(2).padStart(12, '0')
    const filter = [...bits].map((bit) => (bit === '1' ? '+' : 'a')).join('/')
    tree.set({ filter: `${filter}/#` })
  }
  const name = `${'a/'.repeat(11)}a`
  assert.equal(matches(tree, name).length, 2 ** 12)
  assert.equal(tree.match(name, [], 1000), false, 'more nodes than that are looked at')
  assert.equal(matches(tree, name).length, 2 ** 12)
  assert.deepEqual(matches(tree, 'b'), [])
})
