/**
 * What is measured of the event loop of a broker in a process of its own: next to nothing while it is idle, and all of a block.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Overview } from '../../src/admin/api-types.ts'

async function told(child: ChildProcess): Promise<string> {
  const [message] = await once(child, 'message')
  return String(message)
}

async function looked(url: string): Promise<{ eventLoop: Overview['eventLoop']; count: number; aboveTenth: number }> {
  const answer = await fetch(`${url}/api/v1/overview`)
  // Tests hold the answer against its schema elsewhere.
  const { eventLoop } = (await answer.json()) as Overview
  const metrics = await (await fetch(`${url}/metrics`)).text()
  const value = (name: string): number => {
    const line = metrics.split('\n').find((each) => each.startsWith(`pabal_eventloop_lag_seconds_${name} `))
    return Number(line?.split(' ')[1])
  }
  const count = value('count')
  return { eventLoop, count, aboveTenth: count - value('bucket{le="0.1"}') }
}

test('an idle broker is less than 5 ms late half of the time, and a block of two seconds shows, also right after a look', async () => {
  const child = fork(fileURLToPath(new URL('blocked-broker.ts', import.meta.url)))
  try {
    const url = await told(child)
    let before = await looked(url)
    // Each look is work for it.
    for (let looks = 0; before.count < 10 && looks < 100; looks++) {
      await sleep(500)
      before = await looked(url)
    }
    assert.ok(before.count >= 10)
    assert.ok(before.eventLoop.p50Seconds < 0.005, `${before.eventLoop.p50Seconds} s`)
    child.send(2000)
    await told(child)
    const after = await looked(url)
    assert.ok(after.eventLoop.maxSeconds >= 1.7, `${after.eventLoop.maxSeconds} s`)
    const block = after.aboveTenth - before.aboveTenth
    assert.ok(block >= 7, `${block} above 0.1 s`)
  } finally {
    child.disconnect()
    await once(child, 'exit')
  }
})
