/**
 * The server's end of our own client's Network Connection, in memory: what the client writes is here at once, what is sent
 * reaches it at once. To see what the client does when a server says exactly this.
 */
import type { ClientSettings, MqttClient } from '../../src/cli/client/mqtt-client.ts'
import { encodeMessage } from '../../src/cli/client/outgoing-publish.ts'
import {
  ByteWriter,
  type ConnackProperties,
  type ControlPacket,
  encodePacket,
  PacketDecoder,
  type PlainPacket,
  type PublishFields,
} from '../../src/protocol/index.ts'
import type { Channel, ChannelHandler } from '../../src/transport/channel.ts'

export class ServerEnd implements Channel {
  readonly transport = 'tcp'
  readonly remoteAddress = 'memory'
  readonly bufferedBytes = 0
  readonly #version: 4 | 5
  readonly #decoder: PacketDecoder
  #handler: ChannelHandler | null = null
  #packets: ControlPacket[] = []

  constructor(version: 4 | 5) {
    const bytesMax = 1 << 20
    this.#version = version
    this.#decoder = new PacketDecoder({
      role: 'server',
      connectBytesMax: bytesMax,
      packetBytesMax: bytesMax,
      propertiesMax: 100,
    })
  }

  set handler(handler: ChannelHandler) {
    this.#handler = handler
  }

  write(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    this.#decoder.push(Buffer.from(bytes.subarray(start, end)))
    for (let packet = this.#decoder.next(); packet !== null; packet = this.#decoder.next()) this.#packets.push(packet)
    return true
  }

  /** What the client has sent since the last call. */
  taken(): ControlPacket[] {
    return this.#packets.splice(0)
  }

  /** The same as packet type and Packet Identifier, such as `puback 7`. */
  takenNames(): string[] {
    return this.taken().map((packet) => ('packetId' in packet ? `${packet.type} ${packet.packetId}` : packet.type))
  }

  send(packet: PlainPacket): void {
    const writer = new ByteWriter()
    encodePacket(writer, packet, this.#version)
    this.#handler?.receiveBytes(Buffer.from(writer.bytes), 0, writer.position)
  }

  acknowledge(type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp', packetId: number, reasonCode = 0): void {
    this.send({ type, packetId, reasonCode, properties: {} })
  }

  publish(fields: PublishFields): void {
    const { topicName, payload = Buffer.alloc(0), qos = 0, retain = false, dup = false, packetId = 0 } = fields
    const message = { topicName, payload, qos, retain, properties: fields.properties ?? {} }
    const { writer } = encodeMessage(message, packetId, dup, this.#version)
    this.#handler?.receiveBytes(Buffer.from(writer.bytes), 0, writer.position)
  }

  probeAfter(): void {}

  pause(): void {}

  resume(): void {}

  end(): void {
    this.destroy()
  }

  destroy(): void {
    this.#handler?.closed(null)
  }
}

export function clientSettings(version: 4 | 5): ClientSettings {
  return {
    protocolVersion: version,
    clientIdentifier: 'c',
    cleanStart: false,
    keepAliveSeconds: 0,
    userName: null,
    password: null,
    will: null,
    properties: version === 5 ? { sessionExpiryInterval: 100 } : {},
    inFlightMax: 65_535,
  }
}

/** A new Network Connection of `client`, accepted. */
export function accept(
  client: MqttClient,
  version: 4 | 5,
  sessionPresent = false,
  properties: ConnackProperties = {},
): ServerEnd {
  const server = new ServerEnd(version)
  void client.connect(server)
  server.taken()
  server.send({ type: 'connack', sessionPresent, reasonCode: 0, properties })
  return server
}
