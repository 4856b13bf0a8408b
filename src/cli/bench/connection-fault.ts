/**
 * Why a connection could not be made, or was lost, in words.
 */
import { reasonCodeName } from '../../protocol/index.ts'
import { ConnectionRefused, ServerDisconnected } from '../client/client-errors.ts'

export function connectionFaultText(error: unknown): string {
  if (error instanceof ConnectionRefused)
    return `the broker answered CONNECT with ${reasonCodeName(error.connack.reasonCode)}`
  if (error instanceof ServerDisconnected) {
    return `the broker closed the connection with ${reasonCodeName(error.disconnect.reasonCode)}`
  }
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return `${error.message}${cause}`
}
