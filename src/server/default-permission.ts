/**
 * Who may ask the broker itself where the host has no `authorize` that says so.
 */
import type { Connection } from '../core/connection/connection.ts'
import { isFromThisMachine } from '../transport/this-machine.ts'
import type { Permissions } from './authentication/authentication.ts'

/**
 * Where clients log in, the accounts that were named, of which an admin may observe, too. Where nobody does, whoever is on
 * this machine: the address is what the network says, so a proxy on this machine speaks for all its clients.
 */
export function isPermitted(
  connection: Connection,
  action: 'observe' | 'admin',
  permissions: Permissions,
  clientsLogIn: boolean,
): boolean {
  if (connection.isLocal) return true
  if (!clientsLogIn) return isFromThisMachine(connection.origin.remoteAddress)
  const account = connection.session?.account ?? ''
  const { observe = [], admin = [] } = permissions
  return account !== '' && (admin.includes(account) || (action === 'observe' && observe.includes(account)))
}
