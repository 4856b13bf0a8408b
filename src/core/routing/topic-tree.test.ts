import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { topicFilterMatches } from './topic-filter.ts'
import { TopicTree } from './topic-tree.ts'
import { anyFilter, anyTopicName, processorMs } from './topic-tree-texts.test.ts'

function treeOf(filters: Iterable<string>): TopicTree<string> {
  const tree = new TopicTree<string>()
  for (const filter of filters) tree.set(filter, filter)
  return tree
}

function matches(tree: TopicTree<string>, topicName: string): string[] {
  const found: string[] = []
  tree.match(topicName, found)
  return found.sort()
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
  const found = ['before']
  treeOf(['a/+']).match('a/b', found)
  assert.deepEqual(found, ['before', 'a/+'])
})

test('setting a filter again replaces its value and counts it once', () => {
  const tree = new TopicTree<number>()
  for (const filter of ['a', 'a/+', 'a/#']) {
    tree.set(filter, 1)
    tree.set(filter, 2)
    assert.equal(tree.get(filter), 2)
  }
  assert.equal(tree.size, 3)
})

test('undefined cannot be a value: it stands for what is not there', () => {
  const tree = new TopicTree<undefined>()
  assert.throws(() => tree.set('a', undefined), /undefined stands for/)
})

test('[MQTT-3.3.2-3] the tree finds exactly the filters that match, whatever they are', () => {
  fc.assert(
    fc.property(fc.uniqueArray(anyFilter, { maxLength: 40 }), fc.array(anyTopicName), (filters, topicNames) => {
      const tree = treeOf(filters)
      for (const topicName of topicNames) {
        const expected = filters.filter((filter) => topicFilterMatches(filter, topicName)).sort()
        assert.deepEqual(matches(tree, topicName), expected)
      }
    }),
    { numRuns: 1000 },
  )
})

test('whatever was set and deleted before, the tree holds what a Map would', () => {
  const step = fc.record({ isDelete: fc.boolean(), filter: anyFilter, topicName: anyTopicName })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const tree = new TopicTree<string>()
      const model = new Map<string, string>()
      for (const { isDelete, filter, topicName } of steps) {
        if (isDelete) {
          assert.equal(tree.delete(filter), model.delete(filter))
        } else {
          tree.set(filter, filter)
          model.set(filter, filter)
        }
        assert.equal(tree.size, model.size)
        assert.equal(tree.get(filter), model.get(filter))
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
  const tree = new TopicTree<string>()
  const timed = (work: () => void) => assert.ok(processorMs(work) < 50)
  for (const filter of filters) timed(() => tree.set(filter, filter))
  timed(() => assert.equal(matches(tree, slashes).length, 4))
  for (const filter of filters) timed(() => assert.equal(tree.delete(filter), true))
  assert.equal(tree.size, 0)
  assert.deepEqual(matches(tree, slashes), [])
})

test('a search that once was very wide leaves the next one right', () => {
  const tree = new TopicTree<string>()
  for (let index = 0; index < 2 ** 12; index += 1) {
    const bits = index.toString(2).padStart(12, '0')
    const filter = [...bits].map((bit) => (bit === '1' ? '+' : 'a')).join('/')
    tree.set(`${filter}/#`, filter)
  }
  const name = `${'a/'.repeat(11)}a`
  assert.equal(matches(tree, name).length, 2 ** 12)
  assert.equal(matches(tree, name).length, 2 ** 12)
  assert.deepEqual(matches(tree, 'b'), [])
})
