/**
 * Lets in who may enter a room.
 */
import type { IncomingMessage } from 'node:http'
import type { Room } from '../room.ts'
import { type Principal, scopes } from './principal.ts'

const anybody: Principal = Object.freeze({
  id: 'anonymous',
  name: 'anonymous',
  kind: 'anonymous',
  scopes,
  csrfToken: null,
  expiresAtMs: null,
})

export class Doorkeeper {
  /** @throws HttpProblem */
  async admit(_incoming: IncomingMessage, _room: Room): Promise<Principal> {
    return anybody
  }
}
