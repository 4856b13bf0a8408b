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

test('a broker that nobody uses wakes no more than thirty times a second', async () => {
  await using broker = await startedPabal(['--admin', 'http://127.0.0.1:0'])
  const { pid } = broker.child
  // What is loaded and compiled after the start is done when a second goes by without more.
  let before = sleeps(pid)
  for (let waited = 0, last = before; waited < 20; waited++, last = before) {
    await sleep(1000)
    before = sleeps(pid)
    if (before - last <= 30) break
  }
  await sleep(seconds * 1000)
  const perSecond = (sleeps(pid) - before) / seconds
  assert.ok(perSecond > 1 && perSecond <= 30, `${perSecond} a second`)
})
