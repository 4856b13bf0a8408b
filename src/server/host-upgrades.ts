/**
 * Clients over WebSocket that come by an HTTP server of the host's: MQTT 5.0 section 6.
 *
 * Who can reach that server is not known here. Where clients do not log in and the host has not said that anybody may come in, only
 * those of this machine do.
 */
import type { IncomingMessage } from 'node:http'
import { isIP, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Channel } from '../transport/channel.ts'
import { formatHostPort } from '../transport/listen-url.ts'
import { formatRemoteAddress } from '../transport/socket-support.ts'
import { isForwarded, isFromThisMachine } from '../transport/this-machine.ts'
import { refusal, refuseUpgrade } from '../transport/websocket-handshake.ts'
import type { ListenerFacts } from './client-origin.ts'
import { takesStrangers } from './config/exposure.ts'
import { webSocketMessageBytesMax } from './listeners.ts'
import type { BrokerOptions } from './options.ts'

/** What a host knows of a client that asks for an upgrade. */
export interface UpgradeOptions {
  /**
   * Origins whose pages may connect, for example `['https://app.example']`. Default: where clients log in, all of them; where they do
   * not, those of this machine. Clients that are no browsers send none.
   */
  origins?: readonly string[]
  /**
   * Where it came from, with or without its port, if a proxy that the host trusts has said so: for example `203.0.113.7`. Limits for
   * each address count by it. Default: the socket's.
   */
  remoteAddress?: string
}

export interface HostUpgradesOwner {
  /** Null while it runs; otherwise why it takes nobody. */
  closedBecause(): string | null
  options(): BrokerOptions
  packetBytesMax(): number
  accept(channel: Channel, listener: ListenerFacts): void
}

const facts: ListenerFacts = Object.freeze({ url: 'upgrade', tellsPublisher: true })

const nobodyLogsIn =
  'Clients of other machines may not come in, because nothing says who may. In code: createBroker({ authenticate }), or ' +
  'createBroker({ allowAnonymous: true }) to let everybody in.'

export class HostUpgrades {
  readonly #owner: HostUpgradesOwner

  constructor(owner: HostUpgradesOwner) {
    this.#owner = owner
  }

  /** @throws a TypeError if the socket is none. */
  handle(request: IncomingMessage, socket: Duplex, head: Buffer, options: UpgradeOptions): void {
    if (!(socket instanceof Socket)) {
      throw new TypeError(
        "handleUpgrade takes the request, socket and head that a server of node:http has for 'upgrade'",
      )
    }
    // Until somebody else listens for it: a client that goes away is of no interest.
    socket.on('error', ignore)
    void this.#take(request, socket, head, options)
  }

  async #take(request: IncomingMessage, socket: Socket, head: Buffer, options: UpgradeOptions): Promise<void> {
    // Only for whoever uses it: the package behind it takes a while.
    const { takeUpgrade } = await import('../transport/websocket.ts')
    const owner = this.#owner
    const closed = owner.closedBecause()
    if (closed !== null) return refuseUpgrade(socket, refusal(503, `No MQTT client can connect: ${closed}.`))
    const remoteAddress = remoteAddressOf(socket, options)
    const isFromHere = isFromThisMachine(remoteAddress) && !isForwarded(request.headers)
    const strangers = takesStrangers(owner.options())
    if (strangers && !isFromHere && owner.options().allowAnonymous !== true) {
      return refuseUpgrade(socket, refusal(403, nobodyLogsIn))
    }
    takeUpgrade(request, socket, head, {
      origins: (options.origins ?? []).map((origin) => origin.toLowerCase()),
      mayBeAnyPage: !strangers || !isFromHere,
      messageBytesMax: webSocketMessageBytesMax(owner.packetBytesMax()),
      // Whoever comes by a proxy is not on this machine only because the proxy is.
      remoteAddress: isFromThisMachine(remoteAddress) && !isFromHere ? 'unknown' : remoteAddress,
      accept: (channel) => {
        socket.off('error', ignore)
        // It may have stopped meanwhile.
        if (owner.closedBecause() === null) owner.accept(channel, facts)
        else channel.destroy()
      },
    })
  }
}

function remoteAddressOf(socket: Socket, { remoteAddress }: UpgradeOptions): string {
  if (remoteAddress === undefined) return formatRemoteAddress(socket)
  return isIP(remoteAddress) === 0 ? remoteAddress : formatHostPort(remoteAddress, 0)
}

function ignore(): void {}
