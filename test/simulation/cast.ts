/**
 * Who takes part in a simulation: a broker with its limits, and its clients.
 */
import { defaultLimits } from '../../src/core/limits.ts'
import type { CoreOptions } from '../../src/core/state.ts'
import { type Chance, pick } from '../support/chance.ts'
import type { ClientLink } from './simulated-link.ts'

export const receiveMaximum = 40
/** So much that a client is never kept waiting for its Retained Messages: the model knows nothing of that. */
export const unsentBytesMax = 200_000

/** One device: what it is does not change, its connections come and go. */
export interface Client {
  readonly clientIdentifier: string
  readonly version: 4 | 5
  readonly takesLarge: boolean
  readonly topicAliasMaximum: number
  link: ClientLink | null
}

export interface BrokerKind {
  readonly asksAuthorization: boolean
  readonly hasShortQueues: boolean
  readonly isDurable: boolean
}

export function brokerOptions(chance: Chance, kind: BrokerKind): CoreOptions {
  const sessionQueueMessagesMax = kind.hasShortQueues ? 4 : 1000
  // So little that most of what waits must be read from the store again.
  const queueMemoryBytesMax = pick(chance, [1, 2000, 20_000])
  // The model does not park: what a 3.1.1 client publishes while the store refuses is answered by closing.
  const bounds = { receiveMaximum, sessionQueueMessagesMax, unsentBytesMax, queueMemoryBytesMax, parkedBytesMax: 0 }
  return {
    limits: { ...defaultLimits, ...bounds },
    asksAuthentication: false,
    authenticationMethods: new Set(),
    asksAuthorization: kind.asksAuthorization,
    responseTopicPrefix: null,
    whenQueueFull: pick(chance, ['refuse', 'spill']),
    isDurable: kind.isDurable,
  }
}

export function someClients(chance: Chance): Client[] {
  return Array.from({ length: 3 + chance(4) }, (_, index) => {
    const version = pick(chance, [4, 5, 5] as const)
    return {
      clientIdentifier: `c${index}`,
      version,
      takesLarge: version === 4 || chance(3) > 0,
      topicAliasMaximum: version === 4 ? 0 : pick(chance, [0, 2]),
      link: null,
    }
  })
}
