/**
 * A broker with faults of its own choice: it forwards messages to all who subscribed to their very Topic Name, as `deliver` says.
 */
import { createServer, type Socket } from 'node:net'
import {
  ByteWriter,
  type ControlPacket,
  encodePacket,
  encodePublish,
  PacketDecoder,
  type PlainPacket,
  type Publish,
  publish,
} from '../../src/protocol/index.ts'

/** What becomes of the message with this number: the messages that are passed on now, in this order. */
export type Deliver = (message: Publish, number: number) => readonly Publish[]

export interface FaultyBroker extends AsyncDisposable {
  readonly port: number
}

/**
 * Speaks 3.1.1. `deliver` is what is wrong with it; where it throws, the publisher's connection is closed behind what was sent on it: what
 * comes in after that is read and ignored, so that the connection is not reset, which could undo an acknowledgement.
 */
export async function startFaultyBroker(deliver: Deliver): Promise<FaultyBroker> {
  const subscribers = new Map<string, Socket>()
  const sockets = new Set<Socket>()
  let count = 0
  const answer = (socket: Socket, packet: ControlPacket): void => {
    switch (packet.type) {
      case 'connect':
        send(socket, { type: 'connack', sessionPresent: false, reasonCode: 0, properties: {} })
        return
      case 'subscribe':
        for (const { topicFilter } of packet.subscriptions) subscribers.set(topicFilter, socket)
        send(socket, { type: 'suback', packetId: packet.packetId, reasonCodes: [0], properties: {} })
        return
      case 'publish':
        if (packet.qos === 1) send(socket, { type: 'puback', packetId: packet.packetId, reasonCode: 0, properties: {} })
        forward(subscribers.get(packet.topicName), deliver(packet, count++))
        return
      default:
    }
  }
  const server = createServer((socket) => {
    sockets.add(socket)
    const decoder = new PacketDecoder({
      role: 'server',
      connectBytesMax: 1000,
      packetBytesMax: 10_000,
      propertiesMax: 10,
    })
    let isOver = false
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      if (isOver) return
      decoder.push(chunk)
      try {
        for (let packet = decoder.next(); packet !== null; packet = decoder.next()) answer(socket, packet)
      } catch {
        isOver = true
        socket.end()
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address')
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function send(socket: Socket, packet: PlainPacket): void {
  const writer = new ByteWriter()
  encodePacket(writer, packet, 4)
  socket.write(Buffer.from(writer.bytes.subarray(0, writer.position)))
}

function forward(socket: Socket | undefined, messages: readonly Publish[]): void {
  const plain = { qos: 0, dup: false, retain: false, packetId: 0, topicAlias: 0, omitTopicName: false } as const
  for (const { topicName, payload } of messages) {
    const writer = new ByteWriter()
    const delivery = { ...plain, subscriptionIdentifiers: null, messageExpiryInterval: -1 }
    encodePublish(writer, publish({ topicName, payload }), 4, delivery)
    socket?.write(Buffer.from(writer.bytes.subarray(0, writer.position)))
  }
}
