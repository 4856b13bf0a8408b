/**
 * When memory counts as short: free pages of the heap do not, and it must not flicker.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isMemoryShort, memoryBytesByDefault } from './memory-watch.ts'

const mebibyte = 1024 * 1024
const bounds = { bytesMax: 100 * mebibyte, heapBytesMax: 50 * mebibyte }

function use(rss: number, heapTotal = 0, heapUsed = 0) {
  return { rssBytes: rss * mebibyte, heapTotalBytes: heapTotal * mebibyte, heapUsedBytes: heapUsed * mebibyte }
}

test('memory is short above the limit, and again enough when a tenth of it is free', () => {
  assert.deepEqual(
    [99, 101, 91, 89, 99].map(
      (() => {
        let isShort = false
        return (rss: number) => {
          isShort = isMemoryShort(use(rss), bounds, isShort)
          return isShort
        }
      })(),
    ),
    [false, true, true, false, false],
  )
})

test('pages that the heap has and does not use are no memory that is taken', () => {
  assert.equal(isMemoryShort(use(104, 60, 30), bounds, false), false)
  assert.equal(isMemoryShort(use(131, 60, 30), bounds, false), true)
  assert.equal(
    isMemoryShort(use(106, 60, 30), bounds, false),
    true,
    'but more than a twentieth of the limit of them is too much',
  )
})

test('memory is short when the heap is nearly full, whatever the limit', () => {
  assert.equal(isMemoryShort(use(70, 60, 51), bounds, false), true)
})

test('without a limit it is three quarters of what there is', () => {
  assert.ok(memoryBytesByDefault > 64 * mebibyte && Number.isInteger(memoryBytesByDefault))
})
