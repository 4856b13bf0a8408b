import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { quietShell } from '../../test/support/quiet-shell.ts'

const module = fileURLToPath(new URL('read-buffers.ts', import.meta.url))

/**
 * How often V8 marks its whole heap, and MiB of buffers at the worst moment, while 4 GiB are read and let go of. On one thread, so that it
 * is no question of who else has the processor.
 */
function whileReading(before: string): { marked: number; mostMiB: number } {
  const script = `
    import { collectReadBuffers, ReadBuffers } from ${JSON.stringify(module)}
    import { constants, PerformanceObserver } from 'node:perf_hooks'
    import { setImmediate as nextTurn } from 'node:timers/promises'
    let marked = 0
    const major = constants.NODE_PERFORMANCE_GC_MAJOR
    const count = (list) => { marked += list.getEntries().filter(({ detail }) => detail.kind === major).length }
    new PerformanceObserver(count).observe({ entryTypes: ['gc'] })
    ${before}
    const buffers = new ReadBuffers(() => {})
    let mostBytes = 0
    for (let read = 1; read <= 65_536; read++) {
      Buffer.allocUnsafeSlow(65_536)
      buffers.received(read * 65_536)
      if (read % 100 > 0) continue
      await nextTurn()
      mostBytes = Math.max(mostBytes, process.memoryUsage().arrayBuffers)
    }
    console.log(JSON.stringify({ marked, mostMiB: mostBytes / 2 ** 20 }))`
  return JSON.parse(
    execFileSync(process.execPath, ['--single-threaded-gc', '--input-type=module', '--eval', script], {
      encoding: 'utf8',
    }),
  )
}

test('what was read is freed without V8 marking its whole heap for it again and again', () => {
  const left = whileReading('')
  const own = whileReading('collectReadBuffers()')
  const found = `${JSON.stringify(own)} instead of ${JSON.stringify(left)}`
  assert.ok(own.marked * 4 < left.marked, found)
  assert.ok(own.mostMiB < left.mostMiB, found)
})

test('that much has come is told, a few MiB at a time and none of it twice', () => {
  const told: number[] = []
  const shell = quietShell({}, undefined, { grew: (bytes) => told.push(bytes) })
  const come = (mebibytes: number) => {
    shell.traffic.bytesReceived += mebibytes * 2 ** 20
    shell.run()
    return told.splice(0).map((bytes) => bytes / 2 ** 20)
  }
  assert.deepEqual([come(1), come(2), come(1), come(3), come(2), come(10)], [[], [], [4], [], [5], [10]])
})
