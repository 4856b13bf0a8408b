/**
 * A shell by itself: no listeners, nothing stored, nobody asked. By itself time stands still: nothing has to wait for its turn.
 */
import assert from 'node:assert/strict'
import { defaultLimits, type Limits } from '../../src/core/limits.ts'
import { Gatekeeper } from '../../src/server/gatekeeper.ts'
import { Shell } from '../../src/server/shell.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'

export function quietShell(limits: Partial<Limits> = {}, clock = stoppedClock()): Shell {
  const options = {
    limits: { ...defaultLimits, ...limits },
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
  const owner = {
    report() {},
    audit() {},
    storeTakes() {},
    unsentGrew() {},
    failed: assert.ifError,
  }
  return new Shell(options, gatekeeper, new MemoryStore(false), owner, clock)
}

function stoppedClock(): () => number {
  const nowMs = Date.now()
  return () => nowMs
}
