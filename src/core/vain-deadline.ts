/**
 * Which deadlines nothing would be done at any more: what `reminders.ts` looks at has changed, and cannot change back.
 */
import type { Deadline } from './deadlines.ts'
import type { CoreState } from './state.ts'

export function isVain(core: CoreState, deadline: Deadline): boolean {
  switch (deadline.type) {
    case 'connect':
      return deadline.connection.isClosed || deadline.connection.state === 'connected'
    case 'keep-alive':
      return deadline.connection.isClosed
    case 'login':
      // It has authenticated anew, and there is another one.
      return deadline.connection.isClosed || deadline.connection.loginEndsAtMs !== deadline.atMs
    case 'session':
      // An earlier one has been added since, which adds the next.
      return deadline.session.hasEnded || deadline.session.remindAtMs !== deadline.atMs
    case 'retained':
      return core.retained.get(deadline.topicName)?.expiresMs !== deadline.atMs
    case 'held':
      return core.held.get(deadline.seq) === undefined
    case 'parked':
      return deadline.connection.parked === null
    case 'owed':
      return !core.owed.has(deadline.message)
    case 'ban':
      return core.bans.get(deadline.as, deadline.who)?.untilMs !== deadline.atMs
    case 'wake':
    case 'settled':
      return false
  }
}
