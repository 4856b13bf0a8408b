/**
 * Client Identifiers for clients that leave the choice to the broker [MQTT-3.1.3-6].
 */
import { randomUUID } from 'node:crypto'

/** Cannot be guessed, so that nobody else takes the Session over. */
export function newClientIdentifier(): string {
  return `pabal-${randomUUID()}`
}
