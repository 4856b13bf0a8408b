/**
 * Where records get their place in the log: the one way to write a fact down.
 */
import type { CoreRecord, Seq } from './record.ts'
import type { Session } from './session/session.ts'
import type { CoreState } from './state.ts'
import type { Turn } from './turn.ts'

/** Adds a record to the turn and returns the place it will have. */
export function writeRecord(core: CoreState, turn: Turn, record: CoreRecord): Seq {
  core.lastSeq += 1
  if (record.type === 'message') core.messageTimes.note(core.lastSeq, record.message.receivedMs)
  turn.records.push(record)
  return core.lastSeq
}

/** The same for a record that changes a Session, whose snapshot must be renewed then. */
export function writeSessionRecord(core: CoreState, turn: Turn, session: Session, record: CoreRecord): Seq {
  core.noteChanged(session)
  return writeRecord(core, turn, record)
}
