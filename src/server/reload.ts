/**
 * What changes when a running broker gets other options, and what of that must wait for the next start.
 */
import { isDeepStrictEqual } from 'node:util'
import { AccessRules } from '../core/access/access-rules.ts'
import { noRule } from '../core/access/rights.ts'
import { fixedLimits } from '../core/limits.ts'
import { isForSys } from '../core/routing/own-watchers.ts'
import type { Session } from '../core/session/session.ts'
import { limitNames } from './config/limit-value.ts'
import type { CheckedOptions } from './option-faults.ts'
import { type BrokerOptions, defaultListen, snapshotEveryBytesDefault } from './options.ts'

/** Names of options, for example `topics` and `limits.connectionsMax`; a certificate by the URL of its listener. */
export interface ReloadResult {
  /** In force from now on. */
  readonly applied: readonly string[]
  /** Different from what the broker was started with, and in force after the next start. */
  readonly needsRestart: readonly string[]
}

/** Options as they were given, and as they were checked. */
export interface OptionSet {
  readonly given: BrokerOptions
  readonly checked: CheckedOptions
}

/** Everything but the certificates. The limits of `before` are those in force, the other options those last given. */
export function differences(before: OptionSet, started: BrokerOptions, after: OptionSet): ReloadResult {
  const applied: string[] = []
  const needsRestart: string[] = []
  const compare = (name: string, left: unknown, right: unknown, list = applied) => {
    if (!isDeepStrictEqual(left, right)) list.push(name)
  }
  const { given: old, checked: oldChecked } = before
  const { given, checked } = after
  compare('listen', old.listen ?? defaultListen, given.listen ?? defaultListen)
  if (started.store !== given.store) needsRestart.push('store')
  compare('tracing', started.tracing ?? false, given.tracing ?? false, needsRestart)
  const snapshots = [started, given].map((options) => options.snapshotEveryBytes ?? snapshotEveryBytesDefault)
  compare('snapshotEveryBytes', snapshots[0], snapshots[1], needsRestart)
  compare('allowAnonymous', old.allowAnonymous ?? false, given.allowAnonymous ?? false)
  compare('whenQueueFull', old.whenQueueFull ?? 'spill', given.whenQueueFull ?? 'spill')
  compare('clientIdentifierScope', old.clientIdentifierScope ?? 'broker', given.clientIdentifierScope ?? 'broker')
  compare('clientIdentifiers', old.clientIdentifiers ?? null, given.clientIdentifiers ?? null)
  compare('deadLetterTopicName', deadLetterTopicName(old), deadLetterTopicName(given))
  compare('topics', oldChecked.topicRules, checked.topicRules)
  compare('observers', oldChecked.observers, checked.observers)
  compare('access', old.access ?? null, given.access ?? null)
  compare('permissions', old.permissions ?? {}, given.permissions ?? {})
  // Functions are compared by identity: the same one is no change.
  if (old.authenticate !== given.authenticate) applied.push('authenticate')
  if (old.authorize !== given.authorize) applied.push('authorize')
  if (old.authorizeReceive !== given.authorizeReceive) applied.push('authorizeReceive')
  compare('authenticationMethods', old.authenticationMethods ?? [], given.authenticationMethods ?? [])
  compare('responseTopicPrefix', old.responseTopicPrefix ?? null, given.responseTopicPrefix ?? null)
  for (const name of limitNames) {
    const list = fixedLimits.includes(name) ? needsRestart : applied
    compare(`limits.${name}`, oldChecked.limits[name], checked.limits[name], list)
  }
  return { applied, needsRestart }
}

export function deadLetterTopicName(options: BrokerOptions): string {
  return options.deadLetterTopicName ?? 'dead-letters'
}

/** Which Sessions keep their Subscriptions to events; null: all, because it is not said beforehand who may observe. */
export function mayStillObserve(options: BrokerOptions): ((session: Session, topicFilter: string) => boolean) | null {
  const { authorize, authenticate, authenticationMethods = [], permissions = {}, access = null } = options
  const clientsLogIn = authenticate !== undefined || authenticationMethods.length > 0
  if (authorize !== undefined || (!clientsLogIn && access === null)) return null
  const accounts = new Set([...(permissions.observe ?? []), ...(permissions.admin ?? [])])
  const rules = access === null ? null : new AccessRules(access)
  return (session, topicFilter) => {
    // What is received below `$SYS` the rules decide, value by value.
    if (rules !== null && isForSys(topicFilter)) return true
    // With its account and Client Identifier alone: what it may remember are the rights of other rules.
    const { account, clientIdentifier, groups } = session
    const verdict = rules?.decide({ account, clientIdentifier, groups }, 'observe', topicFilter) ?? noRule
    return verdict.allowed || (verdict.rule === null && (!clientsLogIn || accounts.has(account)))
  }
}
