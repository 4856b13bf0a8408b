/**
 * From a tool's options to a connected client, and from what went wrong to words and an exit code.
 */
import { isUtf8 } from 'node:buffer'
import { randomInt } from 'node:crypto'
import { resolveSrv } from 'node:dns/promises'
import type { ConnectProperties, WillProperties } from '../../protocol/control-packet.ts'
import type { TlsTarget } from '../../transport/client-tls.ts'
import type { ClientEvents } from '../client/client-events.ts'
import { type ClientSettings, MqttClient } from '../client/mqtt-client.ts'
import { ChannelError, type ChannelTarget, openChannel } from '../client/open-channel.ts'
import { debugLines } from './debug-log.ts'
import type { Invocation } from './invocation.ts'
import type { Options } from './options.ts'
import { packetProperties } from './property-flag.ts'
import { SetupError } from './setup-error.ts'
import { authorityFault, tlsSettings } from './tls-settings.ts'
import type { ToolOutput } from './tool-output.ts'

/** Exit code when `-W` ran out. */
export const timedOutCode = 27

export class ToolConnection {
  readonly client: MqttClient
  readonly target: ChannelTarget
  /** For debug lines; null until somebody has chosen one. */
  clientIdentifier: string | null
  /** Debug lines are printed. */
  readonly logs: boolean
  readonly #options: Options
  readonly #output: ToolOutput

  /** @throws SetupError */
  constructor(options: Options, invocation: Invocation, output: ToolOutput, events: ClientEvents) {
    this.#options = options
    this.#output = output
    this.logs = options.isDebug
    const settings = clientSettings(options, invocation)
    this.clientIdentifier = settings.clientIdentifier === '' ? null : settings.clientIdentifier
    this.target = channelTarget(options, tlsSettings(options))
    this.client = new MqttClient(settings, {
      ...events,
      onPacket: (event) => {
        const { packet, direction } = event
        if (direction === 'received' && packet.type === 'connack') {
          this.clientIdentifier = packet.properties.assignedClientIdentifier ?? this.clientIdentifier
        }
        if (this.logs) this.#log(debugLines(event, this.clientIdentifier, options.protocolVersion))
        events.onPacket?.(event)
      },
    })
  }

  /** Opens the channel, after which `connect` of the client may be called with it. @throws ChannelError */
  async open() {
    const { tls } = this.#options
    const fault = this.target.tls === null ? null : authorityFault(tls)
    if (fault !== null) {
      if (this.logs) this.#log([`Error: ${fault}`])
      throw new ChannelError('tlsSettings', fault)
    }
    try {
      return await openChannel(await this.#place())
    } catch (error) {
      if (error instanceof ChannelError && this.logs) this.#logTlsFailure(error)
      throw error
    }
  }

  /** The library names what it could not use; and it speaks of CONNECT before the handshake is done. */
  #logTlsFailure({ kind, code }: ChannelError): void {
    const { ciphers, keyFile } = this.#options.tls
    if (kind === 'tls') this.#log([`Client ${this.clientIdentifier ?? '(null)'} sending CONNECT`])
    if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') this.#log(['Error: host name verification failed.'])
    if (kind !== 'tlsSettings') return
    if (code === 'ERR_SSL_NO_CIPHER_MATCH') {
      this.#log([`Error: Unable to set TLS ciphers. Check cipher list "${ciphers}".`])
    } else if (keyFile !== null) this.#log([`Error: Unable to load client key file "${keyFile}".`])
  }

  #log(lines: readonly string[]): void {
    this.#output.print(lines.map((line) => `${line}\n`).join(''))
  }

  /** `-S`: the host and port that the domain's DNS names for MQTT. */
  async #place(): Promise<ChannelTarget> {
    if (!this.#options.lookUpService) return this.target
    const service = this.target.tls === null ? '_mqtt' : '_secure-mqtt'
    try {
      const records = await resolveSrv(`${service}._tcp.${this.target.host}`)
      const [best] = records.sort((left, right) => left.priority - right.priority || right.weight - left.weight)
      return best === undefined ? this.target : { ...this.target, host: best.name, port: best.port }
    } catch (error) {
      throw new ChannelError('lookup', error)
    }
  }
}

/** Where the tool connects to, for people. */
export function placeName({ host, port }: ChannelTarget): string {
  return port === 0 ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function channelTarget(options: Options, tls: TlsTarget | null): ChannelTarget {
  const { unixPath, host, port, proxy, bindAddress, noDelay, webSocket } = options
  const usualPort = tls === null ? (webSocket ? 8083 : 1883) : 8883
  return {
    host: unixPath ?? host ?? 'localhost',
    port: unixPath === null ? (port ?? usualPort) : 0,
    bindAddress,
    noDelay,
    proxy,
    tls,
    webSocket,
  }
}

function clientSettings(options: Options, invocation: Invocation): ClientSettings {
  const { protocolVersion, userName, password, willTopicName, properties } = options
  const clientIdentifier = chooseIdentifier(options, invocation)
  const isNameless = password !== null && userName === null && protocolVersion !== 5
  if (isNameless || (userName !== null && !isUtf8(userName))) {
    throw new SetupError('Error: Problem setting username and/or password.\n')
  }
  const isFive = protocolVersion === 5
  return {
    protocolVersion,
    clientIdentifier,
    cleanStart: options.cleanStart,
    keepAliveSeconds: options.keepAliveSeconds,
    userName: userName?.toString() ?? null,
    password,
    will:
      willTopicName === null
        ? null
        : {
            topicName: willTopicName,
            payload: options.willPayload ?? Buffer.alloc(0),
            qos: options.willQos,
            retain: options.willRetain,
            properties: isFive ? packetProperties<WillProperties>(properties, 'will') : {},
          },
    properties: isFive
      ? { ...receiveMaximum(options, invocation), ...packetProperties<ConnectProperties>(properties, 'connect') }
      : {},
    inFlightMax: options.inFlightMax,
  }
}

/** Debian's library takes so many unacknowledged messages at a time. */
const usualReceiveMaximum = 20

/** A tool that ends after a number of messages takes no more than it prints: the rest stays in the Session. */
function receiveMaximum({ messageCount }: Options, { tool, isDropIn }: Invocation): ConnectProperties {
  if (tool === 'rr') return { receiveMaximum: 1 }
  if (messageCount > 0 && messageCount < usualReceiveMaximum) return { receiveMaximum: messageCount }
  return isDropIn ? { receiveMaximum: usualReceiveMaximum } : {}
}

/** Empty where the server is to choose. @throws SetupError */
function chooseIdentifier(options: Options, { tool, isDropIn }: Invocation): string {
  const { clientIdentifier: id, clientIdentifierPrefix: prefix, cleanStart, protocolVersion } = options
  if (id !== null && !isUtf8(id)) throw new SetupError('')
  const isMissing = id === null ? !cleanStart : id.length === 0
  if (isMissing && (isDropIn || protocolVersion !== 5)) {
    throw new SetupError(tool === 'pub' ? 'Error: Invalid id.\n' : 'Error: Invalid id and/or clean_session.\n')
  }
  if (id !== null) return id.toString()
  if (prefix !== null) return `${prefix}${process.pid}`
  return protocolVersion === 3 ? `mosq-${randomLetters(18)}` : ''
}

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

function randomLetters(count: number): string {
  return Array.from({ length: count }, () => letters[randomInt(letters.length)]).join('')
}
