/**
 * The two equations of `core/routing/fate.ts`: for every test that drives the core or runs a broker, after every Turn.
 */
import assert from 'node:assert/strict'
import type { Session } from '../../src/core/session/session.ts'
import type { CoreState } from '../../src/core/state.ts'

/** Costs a few additions, however many Sessions there are. */
export function expectLedger(state: CoreState): void {
  const { received, made, restored, messages, created, copies } = state.tally
  assert.equal(sum(Object.values(messages)), received + made + restored, 'every message has one fate')
  assert.equal(messages.held, state.held.count, 'what is held is held')
  const underWay = state.underWay.inFlight + state.underWay.queued
  assert.equal(sum(Object.values(copies)) + underWay, created, 'every copy has one fate or is under way')
  expectRules(state)
}

/** The same under each rule, and all rules together make the ledger. */
function expectRules({ rules, tally }: CoreState): void {
  const all = [...rules.all, ...rules.retired, rules.own]
  for (const { options, received, made, restored, messages } of all) {
    const text = `every message has one fate under the rule of ${options.filter}`
    assert.equal(sum(Object.values(messages)), received + made + restored, text)
  }
  for (const kind of ['received', 'made', 'restored'] as const) {
    assert.equal(sum(all.map((rule) => rule[kind])), tally[kind], `the rules have every message ${kind}`)
  }
}

/** What is counted as it comes and goes is what there is. */
export function expectCounters({ sessions, subscriptions, underWay }: CoreState): void {
  const all = [...sessions.values()]
  const inFlight = sum(all.map(({ outbound }) => outbound.inFlightMessages))
  const queued = sum(all.map(({ outbound }) => outbound.queuedMessages))
  assert.deepEqual([underWay.inFlight, underWay.queued], [inFlight, queued], 'what is under way is counted')
  const subscribed = sum(all.map((session) => session.subscriptions.size))
  assert.equal(subscriptions.count, subscribed, 'every Subscription has a Session')
  expectFound(sessions)
}

/** Every Session is found by its Client Identifier and counted for its account, and nothing else is. */
export function expectFound(sessions: CoreState['sessions']): void {
  const byIdentifier = new Map<string, Set<Session>>()
  const byAccount = new Map<string, number>()
  for (const session of sessions.values()) {
    const { account, clientIdentifier } = session
    byIdentifier.set(clientIdentifier, (byIdentifier.get(clientIdentifier) ?? new Set()).add(session))
    byAccount.set(account, (byAccount.get(account) ?? 0) + 1)
    assert.equal(sessions.get(account, clientIdentifier), session)
  }
  for (const [clientIdentifier, all] of byIdentifier) {
    assert.deepEqual(new Set(sessions.withClientIdentifier(clientIdentifier)), all)
  }
  for (const [account, count] of byAccount) assert.equal(sessions.ofAccount(account), count)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
