/**
 * What a broker that keeps everything in memory would pass over: messages in the data directory that somebody waits for.
 */
import { join } from 'node:path'
import { databaseName } from '../../store/sqlite/data-directory.ts'
import { holdsBytes } from '../../store/sqlite/open-database.ts'
import { counted } from '../counted.ts'
import { inspectDirectory } from './inspection.ts'

/** In numbers; null if nothing is there, or nothing that anybody waits for. */
export function lossInMemory(directory: string): string | null {
  if (!holdsBytes(join(directory, databaseName))) return null
  let inspection: ReturnType<typeof inspectDirectory>
  try {
    inspection = inspectDirectory(directory)
  } catch (error) {
    return `${directory} holds data of which nobody can tell what it is:\n${error instanceof Error ? error.message : String(error)}`
  }
  const { retained, held, sessions } = inspection
  const owed = sessions.filter(({ holds }) => holds.messages > 0)
  const messages = owed.reduce((sum, { holds }) => sum + holds.messages, 0)
  const bytes = owed.reduce((sum, { holds }) => sum + holds.bytes, 0)
  if (messages === 0 && retained.messages === 0 && held.messages === 0) return null
  return (
    `${directory} holds ${counted(messages, 'message')} (${counted(bytes, 'byte')}) for ${counted(owed.length, 'Session')} ` +
    `and ${counted(retained.messages, 'Retained Message')}${heldText(held.messages)}.`
  )
}

function heldText(messages: number): string {
  return messages === 0 ? '' : `, and ${counted(messages, 'message')} that wait for a listener`
}
