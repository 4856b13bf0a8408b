/**
 * Where a client came from: its address and certificate, and what its listener decides for it.
 */
import type { Origin } from '../core/connection/connection.ts'
import type { Channel } from '../transport/channel.ts'
import { newClientIdentifier } from './client-identifier.ts'

/** What a client's listener decides for it. */
export interface ListenerFacts {
  /** Where it really listens. */
  readonly url: string
  readonly tellsPublisher: boolean
}

/** There may be a hundred thousand of them, and hardly any asks for a Client Identifier. */
export class ClientOrigin implements Origin {
  readonly remoteAddress: string
  readonly certificateName: string | null
  readonly #listener: ListenerFacts

  constructor({ remoteAddress, certificateName = null }: Channel, listener: ListenerFacts) {
    this.remoteAddress = remoteAddress
    this.certificateName = certificateName
    this.#listener = listener
  }

  get listener(): string {
    return this.#listener.url
  }

  get tellsPublisher(): boolean {
    return this.#listener.tellsPublisher
  }

  /** Another one each time. */
  get assignedClientIdentifier(): string {
    return newClientIdentifier()
  }
}
