import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BenchProgress } from './bench-progress.ts'

function progressOn(isTTY: boolean) {
  const written: string[] = []
  let nowMs = 0
  const progress = new BenchProgress({ isTTY, write: (text) => written.push(text) }, 3, () => nowMs)
  const at = (ms: number, phase: 'connecting' | 'running' | 'draining', sent = 0, received = 0) => {
    nowMs = ms
    progress.progress(phase, { connected: 2, sent, received })
  }
  return { written, progress, at }
}

test('where nobody watches there is a line each second, with the rate since the last', () => {
  const { written, at, progress } = progressOn(false)
  at(500, 'connecting')
  at(1000, 'connecting')
  at(1500, 'running', 700, 600)
  at(2000, 'running', 1500, 1000)
  at(4000, 'draining', 3500, 1000)
  progress.end()
  assert.deepEqual(written, [
    '1 s  connected 2 of 3\n',
    '2 s  2 clients  sent 1,500 (1,500/s)  received 1,000 (1,000/s)\n',
    '4 s  waiting for the rest  sent 3,500 (1,000/s)  received 1,000 (0/s)\n',
  ])
})

test('on a terminal one line is written anew, and is gone at the end', () => {
  const { written, at, progress } = progressOn(true)
  at(100, 'connecting')
  at(250, 'connecting')
  at(500, 'running', 250)
  progress.end()
  assert.deepEqual(written, [
    '\r\u001b[K0 s  connected 2 of 3',
    '\r\u001b[K1 s  2 clients  sent 250 (1,000/s)',
    '\r\u001b[K',
  ])
})
