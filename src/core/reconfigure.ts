/**
 * What an operator may change while the broker runs: rules, observers, limits that are only compared, and what is asked about.
 *
 * Nothing that was promised is taken back: what was routed stays routed, what is held stays held until somebody listens, whatever its
 * rule says now.
 */
import { ReasonCode } from '../protocol/reason-code.ts'
import { disconnectClient } from './connection/closing.ts'
import { beginDrain, continueDrains } from './held/drain.ts'
import { fixedLimits, type Limits } from './limits.ts'
import { endEventSubscriptions } from './routing/subscribing.ts'
import { forgetAnswersOf } from './session/publish-permissions.ts'
import type { Session } from './session/session.ts'
import { type CoreOptions, type CoreState, defaultObservers, ruleDefaultsOf } from './state.ts'
import type { Turn } from './turn.ts'

/** All of it as it is to be; of the limits those that are not fixed. */
export interface Reconfiguration
  extends Pick<
    CoreOptions,
    | 'limits'
    | 'asksAuthentication'
    | 'authenticationMethods'
    | 'asksAuthorization'
    | 'responseTopicPrefix'
    | 'clientIdentifierScope'
    | 'clientIdentifiers'
    | 'whenQueueFull'
    | 'deadLetterTopicName'
    | 'access'
    | 'asksReceive'
    | 'topicRules'
    | 'observers'
  > {
  /** Other access rules are in force. */
  readonly accessChanged: boolean
  /** Somebody else observes than before. */
  readonly observersChanged: boolean
  /** Which Sessions keep their Subscriptions to events; null: all. */
  readonly mayObserve: ((session: Session, topicFilter: string) => boolean) | null
  /** Which accounts keep their connections; null: all. */
  readonly mayStay: ((account: string) => boolean) | null
}

export function reconfigure(core: CoreState, change: Reconfiguration, nowMs: number, turn: Turn): void {
  core.nowMs = nowMs
  const { packetBytesMax } = core.limits
  changeLimits(core, change.limits)
  const {
    observersChanged,
    accessChanged,
    mayObserve,
    mayStay,
    limits: _,
    observers = defaultObservers,
    ...options
  } = change
  Object.assign(core.options, options)
  core.rules.replace(options.topicRules ?? [], ruleDefaultsOf({ ...core.options, limits: core.limits }))
  if (accessChanged) core.accessChanged()
  // Each route knows its rule, and who may receive.
  core.subscriptions.changed()
  if (mayObserve !== null) endEventSubscriptions(core, mayObserve, turn)
  if (mayStay !== null) disconnectOthers(core, mayStay, nowMs, turn)
  if (core.limits.packetBytesMax !== packetBytesMax) disconnectNewcomers(core, nowMs, turn)
  forgetAnswers(core)
  if (observersChanged) changeObservers(core, observers, nowMs, turn)
  // Somebody may listen now who might not before.
  if (accessChanged) beginDrain(core, '#', nowMs, turn)
}

/**
 * What the host has answered may not be so any more: it is asked again. Somebody may listen now who might not before.
 */
export function askAgain(core: CoreState, nowMs: number, turn: Turn): void {
  core.nowMs = nowMs
  forgetAnswers(core)
  if (core.receiving?.asks !== true) return
  core.accessChanged()
  beginDrain(core, '#', nowMs, turn)
}

function forgetAnswers(core: CoreState): void {
  for (const connection of core.connections) {
    forgetAnswersOf(connection)
    connection.checkedTopicName = ''
  }
}

function changeLimits(core: CoreState, limits: Limits): void {
  const fixed: Partial<Limits> = Object.fromEntries(fixedLimits.map((name) => [name, core.limits[name]]))
  Object.assign(core.limits, limits, fixed)
  core.limitsChanged()
}

/** Whoever has begun to count as a listener gets what waited for one. */
function changeObservers(
  core: CoreState,
  observers: NonNullable<CoreOptions['observers']>,
  nowMs: number,
  turn: Turn,
): void {
  const listened = core.subscriptions.observe(observers)
  if (core.held.count === 0) return
  for (const filter of listened) core.drains.searches.push(core.held.matcher(filter))
  if (listened.size > 0) continueDrains(core, nowMs, turn)
}

/** Their packets are measured as they came in, but CONNACK would promise what holds now. */
function disconnectNewcomers(core: CoreState, nowMs: number, turn: Turn): void {
  const reason = { reasonCode: ReasonCode.ServerUnavailable, text: 'the limits have just changed; connect again' }
  for (const connection of [...core.connections]) {
    if (connection.state !== 'connected') disconnectClient(core, connection, reason, nowMs, turn)
  }
}

function disconnectOthers(core: CoreState, mayStay: (account: string) => boolean, nowMs: number, turn: Turn): void {
  for (const connection of [...core.connections]) {
    if (connection.state === 'opened') continue
    const { session } = connection
    if (session !== null && mayStay(session.account)) continue
    // Whoever is being asked for a password just now was asked by those who no longer decide.
    const reason =
      session === null
        ? { reasonCode: ReasonCode.ServerUnavailable, text: 'who may connect has just changed; connect again' }
        : { reasonCode: ReasonCode.NotAuthorized, text: 'this user has been changed or may no longer connect' }
    disconnectClient(core, connection, reason, nowMs, turn)
  }
}
