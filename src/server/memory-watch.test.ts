/**
 * When memory counts as short: free pages of the heap do not, and it must not flicker.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isMemoryFree, isMemoryShort, MemoryWatch, memoryBytesByDefault } from './memory-watch.ts'

const mebibyte = 1024 * 1024
const bounds = { bytesMax: 100 * mebibyte, heapBytesMax: 50 * mebibyte }

function use(rss: number, heapTotal = 0, heapUsed = 0, idle = 0) {
  return {
    rssBytes: rss * mebibyte,
    heapTotalBytes: heapTotal * mebibyte,
    heapUsedBytes: heapUsed * mebibyte,
    idleBytes: idle * mebibyte,
  }
}

test('memory is short above the limit, and again enough when a tenth of it is free', () => {
  assert.deepEqual(
    [99, 101, 91, 89, 99].map(
      (() => {
        let isShort = false
        return (rss: number) => {
          isShort = isShort ? !isMemoryFree(use(rss), bounds, false) : isMemoryShort(use(rss), bounds)
          return isShort
        }
      })(),
    ),
    [false, true, true, false, false],
  )
})

test('pages that the heap has and does not use are no memory that is taken', () => {
  assert.equal(isMemoryShort(use(104, 60, 30), bounds), false)
  assert.equal(isMemoryShort(use(131, 60, 30), bounds), true)
  assert.equal(
    isMemoryShort(use(106, 60, 30), bounds),
    true,
    'but more than a twentieth of the limit of them is too much',
  )
})

test('memory is short when the heap is nearly full, whatever the limit', () => {
  assert.equal(isMemoryShort(use(70, 60, 51), bounds), true)
})

test('what was given up and stays with the allocator is room', () => {
  assert.equal(isMemoryFree(use(98, 0, 0, 30), bounds, false), true)
  assert.equal(isMemoryFree(use(98, 0, 0, 7), bounds, false), false)
})

test('above the limit it is so once stuck clients have been ended, to a twelfth above it, and little more may be taken then', () => {
  assert.equal(isMemoryFree(use(105, 0, 0, 60), bounds, false), false)
  assert.equal(isMemoryFree(use(105, 0, 0, 60), bounds, true), true)
  assert.equal(isMemoryFree(use(105, 0, 0, 14), bounds, true), false)
  assert.equal(isMemoryFree(use(109, 0, 0, 60), bounds, true), false)
  assert.equal(isMemoryShort(use(106), bounds, 1.05), false)
  assert.equal(isMemoryShort(use(108), bounds, 1.05), true)
  assert.equal(isMemoryShort(use(109), bounds, 1.08), true)
  assert.equal(isMemoryShort(use(101), bounds, 0.97), true)
})

test('without a limit it is three quarters of what there is', () => {
  assert.ok(memoryBytesByDefault > 64 * mebibyte && Number.isInteger(memoryBytesByDefault))
})

test('much more that waits for clients is looked at when whoever said so has finished, and not for each of them', async (t) => {
  const told: boolean[] = []
  const changed = (isShort: boolean) => void told.push(isShort)
  const owner = { bytesMax: () => 1, movedBytes: () => 0, changed, relieve() {} }
  const watch = new MemoryWatch(owner)
  watch.grew(100 * mebibyte)
  await Promise.resolve()
  assert.deepEqual(told, [], 'it has not been started')
  t.mock.timers.enable({ apis: ['setTimeout'] })
  watch.start()
  for (let number = 0; number < 100; number++) watch.grew(1000)
  await Promise.resolve()
  assert.deepEqual(told, [])
  for (let number = 0; number < 100; number++) watch.grew(mebibyte)
  assert.deepEqual(told, [])
  await Promise.resolve()
  assert.deepEqual(told, [true])
  watch.stop()
})

test('where next to nothing moves it is looked at twice a second only, every two seconds if there is much memory, unless it is short', (t) => {
  let movedBytes = 0
  // Half of it is taken, and more.
  let bytesMax = process.memoryUsage.rss() / 0.6
  let looks = 0
  const owner = {
    bytesMax() {
      looks += 1
      return bytesMax
    },
    movedBytes: () => movedBytes,
    changed() {},
    relieve() {},
  }
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const watch = new MemoryWatch(owner)
  watch.start()
  const looksIn = (steps: number, bytes: number) => {
    const before = looks
    for (let step = 0; step < steps; step++) {
      movedBytes += bytes
      t.mock.timers.tick(100)
    }
    return looks - before
  }
  assert.equal(looksIn(20, 1000), 4)
  assert.equal(looksIn(5, 64_000), 1)
  assert.equal(looksIn(20, 64_000), 20)
  assert.equal(looksIn(1, 63_999), 1)
  assert.equal(looksIn(20, 63_999), 4)
  bytesMax = memoryBytesByDefault
  assert.deepEqual([looksIn(5, 1000), looksIn(60, 1000)], [1, 3])
  assert.deepEqual([looksIn(20, 70_000), looksIn(20, 64_000)], [1, 20], 'much moves')
  bytesMax = 1
  assert.equal(looksIn(1, 64_000), 1)
  assert.equal(looksIn(20, 0), 20, 'it is short now')
  watch.stop()
})
