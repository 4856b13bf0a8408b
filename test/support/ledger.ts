/**
 * The two equations of `core/routing/fate.ts`, for tests that drive the core.
 */
import assert from 'node:assert/strict'
import type { CoreState } from '../../src/core/state.ts'

export function expectLedger({ tally, sessions }: CoreState): void {
  const { received, made, restored, messages, created, copies } = tally
  assert.equal(sum(Object.values(messages)), received + made + restored, 'every message has one fate')
  const underWay = [...sessions.values()].map(({ outbound }) => outbound.inFlightMessages + outbound.queuedMessages)
  assert.equal(sum(Object.values(copies)) + sum(underWay), created, 'every copy has one fate or is under way')
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
