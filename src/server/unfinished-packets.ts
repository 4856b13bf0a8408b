/**
 * Clients in the middle of a packet: who takes too long to finish it is disconnected, as a client that says nothing would be.
 *
 * A link is in the list at most once, and stays there until it is looked at: so a packet that comes in two chunks costs nothing but a
 * comparison.
 */
import { reachLimit } from '../core/limit-reached.ts'
import { ReasonCode } from '../protocol/reason-code.ts'
import type { ClientLink } from './client-link.ts'
import type { Shell } from './shell.ts'

const everyMs = 1000
/** What has come in gives the rest more time: a slow line is no attack. */
const msPerByte = 1

export class UnfinishedPackets {
  #links: ClientLink[] = []
  #timer: NodeJS.Timeout | null = null

  add(link: ClientLink, shell: Shell): void {
    this.#links.push(link)
    this.#timer ??= setTimeout(() => this.look(shell), everyMs).unref()
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  look(shell: Shell): void {
    if (this.#links.length === 0) return
    this.stop()
    this.#timer = null
    const links = this.#links
    this.#links = []
    const nowMs = shell.nowMs()
    for (const link of links) {
      if (!link.isUnfinished(nowMs)) continue
      if (link.unfinishedSinceMs + dueMs(link, shell) > nowMs) this.add(link, shell)
      else end(link, shell, nowMs)
    }
    shell.run()
  }
}

function dueMs({ unfinishedBytes }: ClientLink, shell: Shell): number {
  return shell.core.state.limits.packetSecondsMax * 1000 + unfinishedBytes * msPerByte
}

function end(link: ClientLink, shell: Shell, nowMs: number): void {
  const seconds = Math.round((nowMs - link.unfinishedSinceMs) / 1000)
  const text = `a packet was begun ${seconds} seconds ago, and ${link.unfinishedBytes} bytes of it have come`
  const { core, turn } = shell
  core.disconnect(
    link.connection,
    ReasonCode.KeepAliveTimeout,
    reachLimit(core.state, 'packetSecondsMax', text),
    nowMs,
    turn,
  )
}
