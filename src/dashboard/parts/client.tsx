/**
 * What several pages say of a client in the same words.
 */
import type { Backlog, Client } from '../../admin/api-types.ts'
import { bytes, count } from '../format.ts'
import { link } from '../route.ts'

export function ClientLink({ clientIdentifier, account }: Pick<Client, 'clientIdentifier' | 'account'>) {
  return (
    <a href={link(['clients', clientIdentifier], { account })} title={clientIdentifier}>
      {clientIdentifier}
    </a>
  )
}

export function backlog({ messages, bytes: size }: Pick<Backlog, 'messages' | 'bytes'>): string {
  return messages === 0 ? '0' : `${count(messages)} (${bytes(size)})`
}

export function protocol(version: Client['protocolVersion']): string {
  if (version === null) return '–'
  return version === 4 ? 'MQTT 3.1.1' : 'MQTT 5.0'
}
