/**
 * The numbers that `pabal check` looks at, and from where on they are a warning or worse.
 */
import type { CopyLedger, MessageLedger } from '../../server/requests/answer-types.ts'
import type { AskClient } from '../ask/ask-client.ts'

/** As monitoring counts: the exit codes of its plugins. */
export const statuses = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const
export type Status = (typeof statuses)[number]

export type NumberName = 'connections' | 'sessions' | 'held' | 'dead' | 'owed' | 'waiting' | 'inFlight'

export interface CheckedNumber {
  readonly name: NumberName
  /** Of its flags: `--held-warn`, `--held-crit`. */
  readonly flag: string
  readonly words: string
}

export const checkedNumbers: readonly CheckedNumber[] = [
  { name: 'connections', flag: 'connections', words: 'clients connected' },
  { name: 'sessions', flag: 'sessions', words: 'Sessions' },
  { name: 'held', flag: 'held', words: 'held' },
  { name: 'dead', flag: 'dead', words: 'dead letters' },
  { name: 'owed', flag: 'owed', words: 'owed' },
  { name: 'waiting', flag: 'waiting', words: 'waiting in queues' },
  { name: 'inFlight', flag: 'in-flight', words: 'in flight' },
]

/** From these on; null: never. */
export interface Threshold {
  readonly warn: number | null
  readonly crit: number | null
}

export function statusOf(value: number, { warn, crit }: Threshold): Status {
  if (crit !== null && value >= crit) return 'CRITICAL'
  return warn !== null && value >= warn ? 'WARNING' : 'OK'
}

export interface Numbers {
  readonly values: Readonly<Record<NumberName, number>>
  /** Both equations of the ledger hold. */
  readonly addsUp: boolean
}

/** Three short questions and the first page of the ledger. @throws AskFault */
export async function askNumbers(client: AskClient): Promise<Numbers> {
  const limit = 1
  const { connections, sessions } = await client.ask('clients', { limit })
  const { held } = await client.ask('held', { limit })
  const { dead } = await client.ask('dead', { limit })
  const ledger = await client.ask('ledger', { limit })
  // The broker sends what its own types say.
  const { messages, copies, owed } = ledger as unknown as { messages: MessageLedger; copies: CopyLedger; owed: number }
  const values = {
    connections: Number(connections),
    sessions: Number(sessions),
    held: messagesOf(held),
    dead: messagesOf(dead),
    owed,
    waiting: copies.queued,
    inFlight: copies.inFlight,
  }
  return { values, addsUp: messages.addsUp && copies.addsUp }
}

function messagesOf(counts: unknown): number {
  // As above.
  return (counts as { readonly messages: number }).messages
}
