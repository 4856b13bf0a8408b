/**
 * The links of all clients that are connected, or about to be.
 */
import { mayOpen } from '../core/connection/handshake.ts'
import { ReasonCode } from '../protocol/reason-code.ts'
import type { Channel } from '../transport/channel.ts'
import { ClientLink, type LinkOwner } from './client-link.ts'
import type { ListenerFacts } from './client-origin.ts'
import type { Shell } from './shell.ts'

/** Less that a client has not taken is worth nothing. */
const stuckBytesMin = 65_536

export class ClientLinks implements LinkOwner, Iterable<ClientLink> {
  readonly #links = new Set<ClientLink>()
  /** What clients had not taken at the last look, of those of whom it was much. */
  #unsent = new Map<ClientLink, number>()
  #whenGone: (() => void)[] = []
  readonly #cameInVain: (remoteAddress: string) => void

  /** `cameInVain` hears of connections that ended without a CONNECT: they count like logins that fail. */
  constructor(cameInVain: (remoteAddress: string) => void) {
    this.#cameInVain = cameInVain
  }

  get size(): number {
    return this.#links.size
  }

  [Symbol.iterator](): Iterator<ClientLink> {
    return this.#links.values()
  }

  accept(channel: Channel, listener: ListenerFacts, shell: Shell): void {
    if (!mayOpen(shell.core.state, channel.remoteAddress)) {
      channel.destroy()
      return
    }
    this.#links.add(new ClientLink(channel, listener, shell, this))
    shell.run()
  }

  linkClosed(link: ClientLink): void {
    const { session, connect, origin } = link.connection
    if (session === null && connect === null) this.#cameInVain(origin.remoteAddress)
    this.#links.delete(link)
    this.#unsent.delete(link)
    if (this.#links.size === 0) for (const resolve of this.#whenGone.splice(0)) resolve()
  }

  /** Channels end by themselves once the client answers; those that do not are cut after a second. */
  async gone(): Promise<void> {
    if (this.#links.size === 0) return
    const timer = setTimeout(() => {
      for (const link of this.#links) link.destroy()
    }, 1000)
    await new Promise<void>((resolve) => this.#whenGone.push(resolve))
    clearTimeout(timer)
  }

  /** The next look is the first of several. */
  forgetUnsent(): void {
    this.#unsent.clear()
  }

  /** Ends the connections of clients that have taken nothing since the last look: what is kept for them is memory that others need. */
  endStuck(shell: Shell): void {
    const before = this.#unsent
    this.#unsent = new Map()
    const stuck: ClientLink[] = []
    for (const link of this.#links) {
      const { unsentBytes } = link
      if (unsentBytes < stuckBytesMin) continue
      if (unsentBytes >= (before.get(link) ?? Number.POSITIVE_INFINITY)) stuck.push(link)
      else this.#unsent.set(link, unsentBytes)
    }
    const text = 'the client does not take what it is sent, and the broker is short of memory (limits.memoryBytesMax)'
    for (const link of stuck) {
      shell.core.disconnect(link.connection, ReasonCode.QuotaExceeded, text, shell.nowMs(), shell.turn)
      link.destroy()
    }
    shell.run()
  }
}
