/**
 * docs/known-failures.md: what other brokers got wrong, and the test here for each.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rowsWithTests } from './documented-tests.ts'

test('every known failure has tests that are named after where it was found', () => {
  const rows = rowsWithTests('docs/known-failures.md')
  assert.ok(rows.length >= 50, `${rows.length}`)
  const unnamed = rows.flatMap(({ cells: [sources = ''], tests }) =>
    sources
      .split(/[;,] /)
      .filter((source) => !tests.some((name) => name.includes(source)))
      .map((source) => `${source}: ${tests.join('; ')}`),
  )
  assert.deepEqual(unnamed, [])
})
