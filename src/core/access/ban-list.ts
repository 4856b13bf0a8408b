/**
 * Who is banned: by a Client Identifier, a User Name, an address or a range of addresses.
 *
 * Looking somebody up costs the same however many bans there are: one look for each name and the address, and one for each length of
 * a prefix that some range has. A ban that is over bans nobody, also before it is removed.
 */
import { type AddressNumber, parseAddress, parseRange, startOf } from './ip-address.ts'

/** What a ban names, in the words of EMQX. `peerhost_net`: a range of addresses, `10.0.0.0/8`. */
export type BanKind = 'clientid' | 'username' | 'peerhost' | 'peerhost_net'

export const banKinds: readonly BanKind[] = Object.freeze(['clientid', 'username', 'peerhost', 'peerhost_net'])

/** Somebody who may not connect, since when, until when, by whom and why. */
export interface Ban {
  readonly as: BanKind
  /** As it was written. */
  readonly who: string
  /** For people; empty for none. */
  readonly reason: string
  /** Who has made it. */
  readonly by: string
  readonly atMs: number
  /** Infinity: for ever. */
  readonly untilMs: number
}

/** Beyond it no clock can be set. */
export const latestBanMs = 8_640_000_000_000_000

/** By what a client can be banned. */
export interface Bannable {
  /** Null as long as it is not known. */
  readonly clientIdentifier: string | null
  /** The User Name it sent, and the account it has; null where there is none. */
  readonly userName: string | null
  readonly account: string | null
  readonly address: AddressNumber | null
}

const nameBytesMax = 65_535

/** What `who` must be, if it is not; null if it is right. */
export function whoFault(as: BanKind, who: string): string | null {
  switch (as) {
    case 'peerhost':
      return parseAddress(who) === null ? 'an address of IPv4 or IPv6: 192.0.2.1 or 2001:db8::1' : null
    case 'peerhost_net':
      return parseRange(who) === null ? 'a range of addresses: 192.0.2.0/24 or 2001:db8::/64' : null
    case 'clientid':
    case 'username': {
      const isOne = who !== '' && who.length <= nameBytesMax && who.isWellFormed() && !who.includes('\u0000')
      return isOne ? null : `a ${as === 'clientid' ? 'Client Identifier' : 'User Name'}: 1 to 65,535 bytes of UTF-8`
    }
  }
}

/** Whether a ban is of this client. */
export type IsOf = (client: Bannable) => boolean

/** Looks at what it is of once, for many clients. */
export function isOf({ as, who }: Pick<Ban, 'as' | 'who'>): IsOf {
  switch (as) {
    case 'clientid':
      return ({ clientIdentifier }) => clientIdentifier === who
    case 'username':
      return ({ userName, account }) => userName === who || account === who
    case 'peerhost': {
      const number = parseAddress(who)
      return ({ address }) => address !== null && address === number
    }
    case 'peerhost_net': {
      const range = parseRange(who)
      return ({ address }) => address !== null && range !== null && startOf(address, range.bits) === range.start
    }
  }
}

export class BanList {
  readonly #clientIdentifiers = new Map<string, Ban>()
  readonly #userNames = new Map<string, Ban>()
  readonly #addresses = new Map<AddressNumber, Ban>()
  /** By the bits of the prefix. */
  readonly #ranges = new Map<number, Map<bigint, Ban>>()
  #size = 0

  /** Those that are over and not removed yet among them. */
  get size(): number {
    return this.#size
  }

  /** Whether looking somebody up needs an address. */
  get hasAddresses(): boolean {
    return this.#addresses.size + this.#ranges.size > 0
  }

  /** In place of an earlier one of the same. */
  put(ban: Ban): void {
    this.delete(ban.as, ban.who)
    this.#size += 1
    switch (ban.as) {
      case 'clientid':
        this.#clientIdentifiers.set(ban.who, ban)
        return
      case 'username':
        this.#userNames.set(ban.who, ban)
        return
      case 'peerhost': {
        const address = parseAddress(ban.who)
        if (address === null) throw new Error(`a ban of ${ban.who}, which is no address`)
        this.#addresses.set(address, ban)
        return
      }
      case 'peerhost_net': {
        const range = parseRange(ban.who)
        if (range === null) throw new Error(`a ban of ${ban.who}, which is no range of addresses`)
        const { bits, start } = range
        const ranges = this.#ranges.get(bits)
        if (ranges === undefined) this.#ranges.set(bits, new Map([[start, ban]]))
        else ranges.set(start, ban)
        return
      }
    }
  }

  /** However it is written. */
  get(as: BanKind, who: string): Ban | undefined {
    switch (as) {
      case 'clientid':
        return this.#clientIdentifiers.get(who)
      case 'username':
        return this.#userNames.get(who)
      case 'peerhost': {
        const address = parseAddress(who)
        return address === null ? undefined : this.#addresses.get(address)
      }
      case 'peerhost_net': {
        const range = parseRange(who)
        return range === null ? undefined : this.#ranges.get(range.bits)?.get(range.start)
      }
    }
  }

  /** What it was; undefined if there was none. */
  delete(as: BanKind, who: string): Ban | undefined {
    const ban = this.get(as, who)
    if (ban === undefined) return undefined
    this.#size -= 1
    if (as === 'clientid') this.#clientIdentifiers.delete(who)
    else if (as === 'username') this.#userNames.delete(who)
    else if (as === 'peerhost') this.#addresses.delete(parseAddress(who) ?? 0n)
    else this.#deleteRange(who)
    return ban
  }

  #deleteRange(who: string): void {
    const range = parseRange(who)
    if (range === null) return
    const ranges = this.#ranges.get(range.bits)
    ranges?.delete(range.start)
    if (ranges?.size === 0) this.#ranges.delete(range.bits)
  }

  /** The ban that keeps a client out; null if none does. */
  find({ clientIdentifier, userName, account, address }: Bannable, nowMs: number): Ban | null {
    if (this.#size === 0) return null
    const names = [
      clientIdentifier === null ? undefined : this.#clientIdentifiers.get(clientIdentifier),
      userName === null ? undefined : this.#userNames.get(userName),
      account === null ? undefined : this.#userNames.get(account),
    ]
    for (const ban of names) if (ban !== undefined && ban.untilMs > nowMs) return ban
    return address === null ? null : this.#findAddress(address, nowMs)
  }

  #findAddress(address: AddressNumber, nowMs: number): Ban | null {
    const ban = this.#addresses.get(address)
    if (ban !== undefined && ban.untilMs > nowMs) return ban
    for (const [bits, ranges] of this.#ranges) {
      const found = ranges.get(startOf(address, bits))
      if (found !== undefined && found.untilMs > nowMs) return found
    }
    return null
  }

  /** Those that are over and not removed yet among them. */
  *values(): Generator<Ban, void> {
    yield* this.#clientIdentifiers.values()
    yield* this.#userNames.values()
    yield* this.#addresses.values()
    for (const ranges of this.#ranges.values()) yield* ranges.values()
  }
}
