/**
 * What the host has answered about Topic Names a connection publishes to, kept so that each is asked about once.
 */
import type { Publish } from '../../protocol/packets/publish.ts'
import type { Connection } from '../connection/connection.ts'

const permissionsMax = 1000

/** Bits 0–5 say what was asked about, bits 6–11 what was allowed. Undefined: it was not asked about. */
export function knownPermission(connection: Connection, packet: Publish): boolean | undefined {
  const known = connection.publishPermissions?.get(packet.topicName) ?? 0
  const bit = permissionBit(packet)
  if ((known & (1 << bit)) === 0) return undefined
  return (known & (64 << bit)) !== 0
}

/** Not if it was asked before something changed that made all answers void. */
export function rememberPermission(connection: Connection, packet: Publish, allowed: boolean): void {
  if (connection.awaitsOldAnswer) return
  connection.publishPermissions ??= new Map()
  const permissions = connection.publishPermissions
  if (permissions.size >= permissionsMax) permissions.clear()
  const bit = permissionBit(packet)
  const known = permissions.get(packet.topicName) ?? 0
  permissions.set(packet.topicName, known | (1 << bit) | (allowed ? 64 << bit : 0))
}

function permissionBit(packet: Publish): number {
  return packet.qos * 2 + (packet.retain ? 1 : 0)
}

/** What the host has answered about this connection may not be so any more, and what it is being asked at the moment neither. */
export function forgetAnswersOf(connection: Connection): void {
  connection.publishPermissions = null
  connection.receiptVerdicts = null
  connection.awaitsOldAnswer = connection.isWaiting
}
