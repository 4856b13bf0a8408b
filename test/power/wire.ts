/**
 * One connection of a client that survives the broker's death: what it sends is collected and written once per chunk.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import {
  ByteWriter,
  type ControlPacket,
  encodeAcknowledgement,
  encodePacket,
  encodePublish,
  PacketDecoder,
  type PlainPacket,
  type PublishFields,
  publish,
} from '../../src/protocol/index.ts'

const version = 5

export class Wire {
  /** Resolves when the connection is gone. */
  readonly ended: Promise<void>
  #isMuted = false
  readonly #socket: Socket
  readonly #writer = new ByteWriter(65_536)
  readonly #decoder = new PacketDecoder({
    role: 'client',
    connectBytesMax: 1 << 20,
    packetBytesMax: 1 << 28,
    propertiesMax: 100,
    protocolVersion: version,
  })

  constructor(socket: Socket, receive: (packet: ControlPacket) => void) {
    this.#socket = socket
    this.ended = new Promise((resolve) => socket.once('close', () => resolve()))
    // The broker is killed on purpose; the close that follows says so.
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      if (this.#isMuted) return
      this.#decoder.push(chunk)
      for (let packet = this.#decoder.next(); packet !== null; packet = this.#decoder.next()) receive(packet)
      this.flush()
    })
  }

  send(packet: PlainPacket): void {
    encodePacket(this.#writer, packet, version)
  }

  acknowledge(type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp', packetId: number): void {
    encodeAcknowledgement(this.#writer, type, packetId, 0, version)
  }

  publish(fields: PublishFields): void {
    const packet = publish(fields)
    const { qos, dup, retain, packetId } = packet
    const delivery = { qos, dup, retain, packetId, topicAlias: 0, omitTopicName: false }
    const rest = { subscriptionIdentifiers: null, messageExpiryInterval: -1 }
    encodePublish(this.#writer, packet, version, { ...delivery, ...rest })
  }

  flush(): void {
    if (this.#writer.position === 0) return
    this.#socket.write(Uint8Array.from(this.#writer.bytes.subarray(0, this.#writer.position)))
    this.#writer.position = 0
  }

  /** Hears nothing any more. */
  mute(): void {
    this.#isMuted = true
  }

  async close(): Promise<void> {
    this.#socket.destroy()
    await this.ended
  }
}

/** Connects a Session that outlives everything; resolves behind CONNACK to whether the broker still had it. */
export async function openWire(
  port: number,
  clientIdentifier: string,
  receive: (packet: ControlPacket) => void,
): Promise<{ wire: Wire; sessionPresent: boolean }> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await once(socket, 'connect')
  const { promise, resolve, reject } = Promise.withResolvers<boolean>()
  const wire = new Wire(socket, (packet) => {
    if (packet.type === 'connack') resolve(packet.sessionPresent)
    else receive(packet)
  })
  void wire.ended.then(() => reject(new Error('the broker closed before CONNACK')))
  wire.send({
    type: 'connect',
    protocolVersion: version,
    cleanStart: false,
    keepAliveSeconds: 0,
    clientIdentifier,
    will: null,
    userName: null,
    password: null,
    properties: { sessionExpiryInterval: 0xffff_ffff },
  })
  wire.flush()
  return { sessionPresent: await promise, wire }
}
