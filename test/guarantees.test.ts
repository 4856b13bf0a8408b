/**
 * docs/guarantees.md: every cell of its table names a test, and every test it names is there.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const document = read('docs/guarantees.md')
const tests = [...document.matchAll(/^- \[(\w)\] `([^`]+)`: (.+)$/gm)].map(([, letter = '', file = '', name = '']) => {
  return { letter, file, name }
})

test('every cell names a test', () => {
  const rows = document.split('\n').filter((line) => line.startsWith('| QoS'))
  assert.ok(rows.length >= 6)
  for (const row of rows) {
    for (const cell of row.split('|').slice(2, -1)) assert.match(cell, /\[\w\]/, row)
  }
})

test('every test that is named is there, and every letter stands for one', () => {
  const missing = tests.filter(({ file, name }) => !read(file).includes(name))
  assert.deepEqual(missing, [])
  const used = new Set([...document.matchAll(/\[(\w)\]/g)].map(([, letter]) => letter))
  assert.deepEqual([...used].sort(), [...new Set(tests.map(({ letter }) => letter))].sort())
})
