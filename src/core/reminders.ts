/**
 * What is done when a deadline has come: the facts are looked at again, so nothing is ever done early.
 */
import { ReasonCode } from '../protocol/reason-code.ts'
import { remindBan } from './connection/banning.ts'
import { refuseConnect } from './connection/closing.ts'
import type { Connection } from './connection/connection.ts'
import { checkKeepAlive } from './connection/keep-alive.ts'
import { remindLogin } from './connection/login.ts'
import type { Deadline } from './deadlines.ts'
import { remindHeld } from './held/hold.ts'
import { reachLimit } from './limit-reached.ts'
import { remindOwed } from './owed/settle.ts'
import { remindParked } from './session/inbound.ts'
import { remindSession } from './session/lifecycle.ts'
import { remindWake } from './session/wake.ts'
import type { CoreState } from './state.ts'
import type { Turn } from './turn.ts'

export function remind(
  core: CoreState,
  deadline: Exclude<Deadline, { type: 'settled' }>,
  nowMs: number,
  turn: Turn,
): void {
  switch (deadline.type) {
    case 'connect': {
      const { connection } = deadline
      if (connection.isClosed || connection.state === 'connected') return
      const words = `${missingOf(connection)} within ${core.limits.connectSecondsMax} seconds`
      const text = reachLimit(core, 'connectSecondsMax', words)
      refuseConnect(core, connection, { reasonCode: ReasonCode.NotAuthorized, text }, nowMs, turn)
      return
    }
    case 'keep-alive':
      checkKeepAlive(core, deadline, nowMs, turn)
      return
    case 'login':
      remindLogin(core, deadline, nowMs, turn)
      return
    case 'session':
      remindSession(core, deadline.session, nowMs, turn)
      return
    case 'retained':
      core.retained.expire(deadline.topicName, nowMs)
      return
    case 'held':
      remindHeld(core, deadline.seq, nowMs, turn)
      return
    case 'parked':
      remindParked(core, deadline.connection, nowMs, turn)
      return
    case 'owed':
      remindOwed(core, deadline.message, nowMs)
      return
    case 'ban':
      remindBan(core, deadline.as, deadline.who, nowMs)
      return
    case 'wake':
      remindWake(core, deadline.session, nowMs, turn)
      return
  }
}

/** What a client that has not been let in waits for, or is waited for. */
function missingOf({ connect, isWaiting }: Connection): string {
  if (connect === null) return 'no CONNECT'
  return isWaiting ? 'no answer of the host to the question whether it may connect' : 'no AUTH'
}
