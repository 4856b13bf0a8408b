/**
 * Which rows of a long list are in sight: a pure function.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rowHeight, windowOf } from '../../src/dashboard/parts/row-window.ts'

const frame = fc.record({
  rows: fc.integer({ min: 0, max: 10_000_000 }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  clientHeight: fc.integer({ min: 40, max: 3000 }),
})

test('wherever a list is scrolled to, it is filled with few rows and its height stays what browsers can', () => {
  fc.assert(
    fc.property(frame, ({ rows, share, clientHeight }) => {
      const heightOf = (top: number): number => {
        const { first, last, above, below } = windowOf(rows, top, clientHeight)
        return above + (last - first) * rowHeight + below
      }
      const height = heightOf(0)
      assert.ok(height <= 15_100_000, `${height} pixels`)
      const top = share * Math.max(0, height - clientHeight)
      const { first, last, above } = windowOf(rows, top, clientHeight)
      assert.ok(last - first <= clientHeight / rowHeight + 20)
      assert.ok(Math.abs(heightOf(top) - height) < 1)
      assert.ok(above <= top + 1, 'nothing empty above')
      assert.ok(above + (last - first) * rowHeight >= Math.min(top + clientHeight, height) - 1, 'nothing empty below')
    }),
  )
})

test('the first and the last row are reached, of ten and of ten million', () => {
  for (const rows of [10, 10_000, 1_000_000, 10_000_000]) {
    assert.equal(windowOf(rows, 0, 600).first, 0)
    const end = windowOf(rows, Number.MAX_SAFE_INTEGER, 600)
    assert.equal(end.last, rows)
    assert.ok(end.below < 1)
  }
})
