/**
 * What a broker costs that has nothing to do.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startedPabal } from './started-pabal.ts'

const seconds = 4

/** How often the main thread has slept so far. */
function sleeps(processId: number | undefined): number {
  const status = readFileSync(`/proc/${processId}/status`, 'utf8')
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1])
}

/** For so many seconds in a row: what is loaded, compiled, and collected once after the start is done then. */
const quietSeconds = 3
const wakesMax = 15

test('a broker that nobody uses wakes no more than fifteen times a second', async () => {
  await using broker = await startedPabal(['--admin', 'http://127.0.0.1:0'])
  const { pid } = broker.child
  let before = sleeps(pid)
  for (let waited = 0, quiet = 0; waited < 30 && quiet < quietSeconds; waited++) {
    await sleep(1000)
    const now = sleeps(pid)
    quiet = now - before <= wakesMax ? quiet + 1 : 0
    before = now
  }
  await sleep(seconds * 1000)
  const perSecond = (sleeps(pid) - before) / seconds
  assert.ok(perSecond > 1 && perSecond <= wakesMax, `${perSecond} a second`)
})
