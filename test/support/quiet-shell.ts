/**
 * A shell by itself: no listeners, and unless the test has it otherwise nothing stored and nobody asked. By itself time stands still:
 * nothing has to wait for its turn.
 */
import assert from 'node:assert/strict'
import { defaultLimits, type Limits } from '../../src/core/limits.ts'
import type { Authorize } from '../../src/server/authentication/authentication.ts'
import { Gatekeeper } from '../../src/server/gatekeeper.ts'
import { Shell } from '../../src/server/shell.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import type { Store } from '../../src/store/store.ts'

interface QuietParts {
  readonly store?: Store
  readonly authorize?: Authorize
  readonly grew?: (bytes: number) => void
}

export function quietShell(limits: Partial<Limits> = {}, clock = stoppedClock(), parts: QuietParts = {}): Shell {
  const { store = new MemoryStore(false), authorize, grew = () => {} } = parts
  const options = {
    limits: { ...defaultLimits, ...limits },
    asksAuthentication: false,
    authenticationMethods: new Set<string>(),
    asksAuthorization: authorize !== undefined,
    responseTopicPrefix: null,
    whenQueueFull: 'refuse',
    isDurable: store.isDurable,
    snapshotEveryBytes: 0,
    acceptLoss: false,
  } as const
  const callbacks = {
    authenticate: undefined,
    authorize,
    authenticationMethods: [],
    permissions: {},
    access: () => null,
  }
  const gatekeeper = new Gatekeeper({ ...callbacks, reportFault: assert.ifError })
  const owner = {
    report() {},
    audit() {},
    storeTakes() {},
    grew,
    failed: assert.ifError,
  }
  return new Shell(options, gatekeeper, store, owner, clock)
}

function stoppedClock(): () => number {
  const nowMs = Date.now()
  return () => nowMs
}
