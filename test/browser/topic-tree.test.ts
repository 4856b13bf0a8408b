/**
 * The tree of Topic Names: a pure function of what the API answers.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SeenTopic } from '../../src/admin/api-types.ts'
import { rowsOf, treeOf } from '../../src/dashboard/topic-tree.ts'

function seen(topic: string, subscriptions: number, observers = 0): SeenTopic {
  const totals = { subscriptions, online: subscriptions - observers, offline: 0, observers, denied: 0, sharedGroups: 0 }
  return { topic, messages: 2, messagesPerSecond: 0.5, firstAtMs: 1, lastAtMs: topic.length, totals }
}

test('a level sums up what lies below it, and says how much of it nobody hears', () => {
  const tree = treeOf([seen('a/b', 1), seen('a/c', 0), seen('a', 0), seen('d', 3)])
  const a = tree.children?.get('a')
  assert.equal(a?.messages, 6)
  assert.equal(a?.messagesPerSecond, 1.5)
  assert.equal(a?.lastAtMs, 3)
  assert.equal(a?.topicNames, 3)
  assert.equal(a?.unheard, 2)
  assert.equal(a?.own?.topic, 'a')
  assert.equal(tree.topicNames, 4)
})

test('a Topic Name that only an observer gets is one that nobody hears', () => {
  assert.equal(treeOf([seen('a', 1, 1)]).unheard, 1)
})

test('rows come in order, those below an open level behind it, empty levels as levels', () => {
  const tree = treeOf([seen('b/x', 0), seen('a', 0), seen('/a', 0), seen('b', 0)])
  const paths = (isOpen: (path: string) => boolean): string[] => rowsOf(tree, isOpen).map(({ path }) => path)
  assert.deepEqual(
    paths(() => true),
    ['', '/a', 'a', 'b', 'b/x'],
  )
  assert.deepEqual(
    paths((path) => path === 'b'),
    ['', 'a', 'b', 'b/x'],
  )
})
