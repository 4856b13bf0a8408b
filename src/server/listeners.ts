/**
 * The listeners of a broker, which may be others after a reload: all of them as they are to be, or all as they were.
 *
 * What is opened for a reload lets nobody in until the rest of it is in force, too.
 */
import { ReasonCode } from '../protocol/reason-code.ts'
import type { Channel, Listener } from '../transport/channel.ts'
import { canBecome, type ListenAddress } from '../transport/listen-url.ts'
import { createListener } from '../transport/listener.ts'
import type { ListenerOptions } from '../transport/listener-options.ts'
import type { ClientLink } from './client-link.ts'
import type { ListenerFacts } from './client-origin.ts'
import type { Shell } from './shell.ts'
import type { Threshold } from './threshold.ts'

/** What a message over WebSocket may hold beside the longest packet: small ones. */
const smallPacketsBytes = 65_536

export function webSocketMessageBytesMax(packetBytesMax: number): number {
  return packetBytesMax + smallPacketsBytes
}

export interface ListenersOwner extends Threshold {
  accept(channel: Channel, facts: ListenerFacts): void
  /** Whether clients that do not log in are let in. */
  takesStrangers(): boolean
}

interface OpenListener {
  readonly listener: Listener
  address: ListenAddress
  letsIn: boolean
}

/** A change that nothing stands in the way of any more. */
export interface ListenersChange {
  /** URLs of listeners whose certificate is another one. */
  readonly renewed: readonly string[]
  /** Puts it in force, in one step. What it returns are the URLs of listeners that are gone: their clients are still there. */
  apply(): ReadonlySet<string>
  /** Makes everything as it was. */
  undo(): Promise<void>
}

export class Listeners {
  readonly #owner: ListenersOwner
  readonly #options: Partial<ListenerOptions>
  #open: OpenListener[] = []
  #isClosed = false

  constructor(owner: ListenersOwner) {
    this.#owner = owner
    this.#options = {
      handshakeTimeoutMs: () => owner.limits().handshakeSecondsMax * 1000,
      handshakesMax: () => owner.limits().handshakesMax,
      webSocketMessageBytesMax: () => webSocketMessageBytesMax(owner.limits().packetBytesMax),
      takesStrangers: () => owner.takesStrangers(),
      handshakesChanged: (by) => owner.handshakesChanged(by),
      turnedAway: (remoteAddress, turned) => owner.turnedAway(remoteAddress, turned),
    }
  }

  /** With the ports they really have. */
  get urls(): readonly string[] {
    return this.#open.map(({ listener }) => listener.url)
  }

  /** @throws ListenError; those that are open by then stay so until `close`. */
  async open(addresses: readonly ListenAddress[]): Promise<void> {
    this.#isClosed = false
    for (const address of addresses) this.#open.push(await this.#listen(address, true))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#open.splice(0).map(({ listener }) => listener.close()))
  }

  /**
   * Opens what is new among `addresses`, and reads the certificates of what stays. A port that goes from one listener to another is
   * closed in between, for the moment that takes.
   *
   * @throws ListenError; everything is as it was then.
   */
  async prepare(addresses: readonly ListenAddress[]): Promise<ListenersChange> {
    const { left, places } = match(this.#open, addresses)
    const renewals = await Promise.all(
      places.map(({ address, stays }) => stays?.listener.readCertificates(address) ?? null),
    )
    const moved = new Set(places.filter(({ address, stays }) => stays === null && left.some(takesPortOf(address))))
    const fresh = places.filter((place) => place.stays === null && !moved.has(place))
    const opened = new Map<Place, OpenListener>()
    const closed: OpenListener[] = []
    const undo = async (): Promise<void> => {
      await Promise.all([...opened.values()].map(({ listener }) => listener.close()))
      await this.#reopen(closed)
    }
    try {
      for (const place of fresh) opened.set(place, await this.#listen(place.address, false))
      for (const { address } of moved) closed.push(...left.filter(takesPortOf(address)))
      await Promise.all(closed.map(({ listener }) => listener.close()))
      for (const place of moved) opened.set(place, await this.#listen(place.address, false))
    } catch (error) {
      await undo()
      throw error
    }
    const apply = (): ReadonlySet<string> => {
      for (const renew of renewals) renew?.()
      this.#open = places.flatMap((place) => {
        const open = place.stays ?? opened.get(place)
        return open === undefined ? [] : [Object.assign(open, { address: place.address, letsIn: true })]
      })
      // Its socket is closed when this returns; there is nothing to wait for.
      for (const { listener } of left) void listener.close()
      return new Set(left.map(({ listener }) => listener.url))
    }
    const renewed = places.flatMap(({ stays }, index) => {
      return stays === null || renewals[index] === null ? [] : [stays.listener.url]
    })
    return { renewed, apply, undo }
  }

  async #listen(address: ListenAddress, letsIn: boolean): Promise<OpenListener> {
    const accept = (channel: Channel): void => {
      if (!open.letsIn) {
        channel.destroy()
        return
      }
      const { tellsPublisher } = open.address
      this.#owner.accept(channel, { url: open.listener.url, tellsPublisher })
    }
    const open = { address, letsIn, listener: createListener(address, accept, this.#options) }
    await open.listener.listen()
    return open
  }

  /** On the ports they had. @throws ListenError if something else has taken one meanwhile. */
  async #reopen(closed: readonly OpenListener[]): Promise<void> {
    if (this.#isClosed) return
    for (const before of closed) {
      const index = this.#open.indexOf(before)
      const port = portOf(before)
      const { address } = before
      this.#open.splice(index, 1)
      const again = await this.#listen(address.transport === 'unix' ? address : { ...address, port }, true)
      this.#open.splice(index, 0, Object.assign(again, { address }))
    }
  }
}

/** Ends the connections of clients that came in by these: whoever is to be let in still can come in by another. */
export function disconnectClientsOf(
  listenerUrls: ReadonlySet<string>,
  links: Iterable<ClientLink>,
  shell: Pick<Shell, 'core' | 'turn' | 'nowMs' | 'run'>,
): void {
  const { core, turn } = shell
  const text = 'the listener this client came in by was closed'
  for (const { connection } of links) {
    if (!listenerUrls.has(connection.origin.listener)) continue
    core.disconnect(connection, ReasonCode.AdministrativeAction, text, shell.nowMs(), turn)
  }
  if (listenerUrls.size > 0) shell.run()
}

/** Where a listener is to be, and the one that goes on there; null if one must be opened. */
interface Place {
  readonly address: ListenAddress
  readonly stays: OpenListener | null
}

function match(open: readonly OpenListener[], addresses: readonly ListenAddress[]) {
  const left = [...open]
  const take = (isIt: (each: OpenListener) => boolean): OpenListener | null => {
    const index = left.findIndex(isIt)
    return index < 0 ? null : (left.splice(index, 1)[0] ?? null)
  }
  // Those that are written as before come first: another may not take their place.
  const same = addresses.map((address) => take((each) => each.address.url === address.url))
  const places = addresses.map((address, index): Place => {
    const stays = same[index] ?? take((each) => canBecome(each.address, address))
    return { address, stays }
  })
  return { left, places }
}

/** Whatever its address: 0.0.0.0 and 127.0.0.1 cannot both have it. */
function takesPortOf(address: ListenAddress): (open: OpenListener) => boolean {
  return (open) => address.transport !== 'unix' && address.port !== 0 && address.port === portOf(open)
}

/** The port it really has; 0 for none. */
function portOf({ listener }: OpenListener): number {
  return Number(/^[a-z]+:\/\/[^/]*:(\d+)/.exec(listener.url)?.[1] ?? 0)
}
