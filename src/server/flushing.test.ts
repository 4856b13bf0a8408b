import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { quietShell } from '../../test/support/quiet-shell.ts'

test('about a MiB is handed to the operating system in one go, then others get their turn; in order, each once', async () => {
  const shell = quietShell()
  const flushed: number[] = []
  const link = (number: number) => ({
    send() {},
    flush() {
      flushed.push(number)
      shell.core.state.traffic.bytesSent += 400_000
    },
  })
  for (let number = 0; number < 5; number++) shell.flushSoon(link(number))
  await nextTurn()
  assert.deepEqual(flushed, [0, 1, 2])
  shell.flushSoon(link(5))
  await nextTurn()
  assert.deepEqual(flushed, [0, 1, 2, 3, 4, 5])
})
