/**
 * Hash flooding: names chosen so that they look alike to a table cost no more than any others. The tables of names are those of V8,
 * whose hashes nobody outside can know; the one of our own (src/protocol/topic-name-cache.ts) is of fixed size.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type OfTopicName, TopicNameTree } from '../../src/core/routing/topic-name-tree.ts'
import { TopicTree } from '../../src/core/routing/topic-tree.ts'
import { processorMs } from '../../src/core/routing/topic-tree-texts.test.ts'
import { findTopicName } from '../../src/protocol/topic-name-cache.ts'

const count = 1_000_000

/** Texts that differ in what a weak hash does not see. */
const families: Readonly<Record<string, (number: number) => string>> = {
  // V8 keeps the number in the hash of such a text.
  numbers: (number) => String(number),
  'numbers far apart': (number) => String(number * 16),
  // The same sum and the same length, for a hash that multiplies by 31.
  'pairs of the same sum': (number) => {
    let text = ''
    for (let bit = 0; bit < 20; bit++) text += (number >> bit) & 1 ? 'Aa' : 'BB'
    return text
  },
  'a long common beginning': (number) => `${'x'.repeat(60)}${number}`,
}

/** Names without any pattern, of the length of most. */
function plain(number: number): string {
  return (Math.imul(number + 1, 0x9e37_79b1) >>> 0).toString(36).padStart(20, 'q')
}

function tablesOf(make: (number: number) => string): Readonly<Record<string, () => void>> {
  const each = (act: (name: string) => void) => () => {
    for (let number = 0; number < count; number++) act(make(number))
  }
  const filters = new TopicTree<{ filter: string }>()
  const names = new TopicNameTree<OfTopicName>()
  const clients = new Map<string, number>()
  return {
    'Topic Filters': each((name) => filters.set({ filter: `${name}/+` })),
    'Topic Names': each((name) => names.set({ topicName: name, epoch: 0 })),
    'Client Identifiers': each((name) => clients.set(name, 1)),
  }
}

test(`hash flooding: ${count} names that look alike are put in within twice the time of others`, () => {
  const kinds = Object.values(families)
  const alike = tablesOf((number) => kinds[number % kinds.length]?.(Math.floor(number / kinds.length)) ?? '')
  for (const [table, insert] of Object.entries(tablesOf(plain))) {
    const usualMs = processorMs(insert)
    const ms = processorMs(alike[table] ?? (() => {}))
    assert.ok(ms < 2 * usualMs, `${table}: ${ms.toFixed(0)} ms, others ${usualMs.toFixed(0)} ms`)
  }
})

test('hash flooding: names that fall on one place of the cache of Topic Names are decoded each time, and no slower', () => {
  const texts = Array.from({ length: 20_000 }, (_, number) =>
    Buffer.from(families['pairs of the same sum']?.(number) ?? ''),
  )
  const others = Array.from({ length: 20_000 }, (_, number) => Buffer.from(plain(number).padEnd(40, 'z')))
  const look = (all: readonly Buffer[]) => (): void => {
    for (let round = 0; round < 5; round++) for (const bytes of all) findTopicName(bytes, 0, bytes.length)
  }
  const otherMs = processorMs(look(others))
  const ms = processorMs(look(texts))
  assert.ok(ms < 2 * otherMs + 20, `${ms.toFixed(0)} ms, others ${otherMs.toFixed(0)} ms`)
})
