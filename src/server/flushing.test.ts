import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { defaultLimits } from '../core/limits.ts'
import { MemoryStore } from '../store/memory-store.ts'
import { Gatekeeper } from './gatekeeper.ts'
import { Shell } from './shell.ts'

function quietShell(): Shell {
  const options = {
    limits: defaultLimits,
    asksAuthentication: false,
    authenticationMethods: new Set<string>(),
    asksAuthorization: false,
    responseTopicPrefix: null,
    whenQueueFull: 'refuse',
    isDurable: false,
    snapshotEveryBytes: 0,
    acceptLoss: false,
  } as const
  const callbacks = {
    authenticate: undefined,
    authorize: undefined,
    authenticationMethods: [],
    permissions: {},
    access: () => null,
  }
  const gatekeeper = new Gatekeeper({ ...callbacks, reportFault: assert.ifError })
  const owner = { report() {}, audit() {}, storeTakes() {}, failed: assert.ifError }
  return new Shell(options, gatekeeper, new MemoryStore(false), owner, Date.now)
}

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
