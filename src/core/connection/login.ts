/**
 * What a client has logged in with beside its account: the groups that access rules name, and until when it holds.
 *
 * A connection does not outlive its login. A client that authenticates anew [MQTT-4.12.1-1] gets another time, and other groups.
 */
import { ReasonCode } from '../../protocol/reason-code.ts'
import type { AccessRules } from '../access/access-rules.ts'
import type { Deadline } from '../deadlines.ts'
import { writeSessionRecord } from '../log.ts'
import { isForSys } from '../routing/own-watchers.ts'
import { endEventSubscriptionsOf } from '../routing/subscribing.ts'
import { forgetAnswersOf } from '../session/publish-permissions.ts'
import type { Session } from '../session/session.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import { disconnectClient } from './closing.ts'
import type { Connection } from './connection.ts'

/** Sees to it that the connection ends at that time. An earlier time is void. */
export function endLoginAt(core: CoreState, connection: Connection, atMs: number): void {
  if (connection.loginEndsAtMs === atMs) return
  connection.loginEndsAtMs = atMs
  if (atMs !== Number.POSITIVE_INFINITY) core.deadlines.add({ atMs, type: 'login', connection })
}

/** 0xA0 rather than 0x87: nothing was done that is not allowed, and the client may come again at once. */
export function remindLogin(
  core: CoreState,
  { connection, atMs }: Extract<Deadline, { type: 'login' }>,
  nowMs: number,
  turn: Turn,
): void {
  if (connection.isClosed || connection.loginEndsAtMs !== atMs) return
  const text = 'what the client logged in with is over; log in anew'
  disconnectClient(core, connection, { reasonCode: ReasonCode.MaximumConnectTime, text }, nowMs, turn)
}

/**
 * The client is in these groups from now on: what was decided for others is void. What is held is for the caller to look at, and so is
 * that it is written down. Returns the groups before.
 */
export function changeGroups(
  core: CoreState,
  session: Session,
  groups: readonly string[],
  turn: Turn,
): readonly string[] | null {
  if (core.receiving?.asks === true) {
    // The host is asked again about whoever logs in.
    session.receiveVerdicts = null
    if (session.subscriptions.size > 0) core.subscriptions.changed()
  }
  const before = session.groups
  if (before !== null && isSame(before, groups)) return before
  session.groups = groups
  // A callback is told the groups, too.
  if (session.connection !== null) forgetAnswersOf(session.connection)
  const { access } = core
  if (access === null || !access.dependsOnGroups) return before
  session.rights = null
  if (session.subscriptions.size === 0) return before
  // Each route knows who may receive.
  core.subscriptions.changed()
  endEventSubscriptionsOf(core, session, mayStillObserve(access, before), turn)
  return before
}

/**
 * Writes down the groups of a Session that has a record, if they are others than `written`, those that are known from the store; null: none
 * are. So a restart changes nothing of what is decided while the client is away. Where nobody has groups and nobody asks for them,
 * nothing is written.
 */
export function recordGroups(core: CoreState, session: Session, written: readonly string[] | null, turn: Turn): void {
  const { groups, number } = session
  if (groups === null || number === 0 || (written !== null && isSame(written, groups))) return
  if (groups.length === 0 && written === null && !core.asksForGroups) return
  writeSessionRecord(core, turn, session, { type: 'session-groups', session: number, groups })
}

/** What the groups before allowed to observe, those of now must. What they did not allow, the permissions of accounts do. */
function mayStillObserve(access: AccessRules, before: readonly string[] | null) {
  return (session: Session, topicFilter: string): boolean => {
    if (isForSys(topicFilter)) return true
    const { account, clientIdentifier } = session
    const may = access.decide(session, 'observe', topicFilter).allowed
    return may || !access.decide({ account, clientIdentifier, groups: before }, 'observe', topicFilter).allowed
  }
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((group, index) => group === others[index])
}
