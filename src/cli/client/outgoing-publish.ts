/**
 * Whether this server takes a message or another packet, and the bytes of a PUBLISH. MQTT 5.0 sections 3.2.2.3 and 3.3.
 */
import { ByteWriter } from '../../protocol/byte-writer.ts'
import type { ConnackProperties, ProtocolVersion } from '../../protocol/control-packet.ts'
import { type Publish, publish } from '../../protocol/packets/publish.ts'
import { encodePublish, type PublishDelivery, publishSize } from '../../protocol/publish-encoder.ts'
import { UnsendableMessage } from './client-errors.ts'
import type { OutgoingMessage } from './message-window.ts'

/** @throws UnsendableMessage if CONNACK said that it would be refused, or it has no Topic Name. */
export function checkSendable(message: OutgoingMessage, version: ProtocolVersion, limits: ConnackProperties): void {
  if (message.topicName === '' && message.properties.topicAlias === undefined) {
    throw new UnsendableMessage('topic', 'a message needs a Topic Name')
  }
  const { maximumQos, retainAvailable } = limits
  if (maximumQos !== undefined && message.qos > maximumQos) {
    throw new UnsendableMessage('qos', `the server takes messages at QoS ${maximumQos} and below`)
  }
  if (retainAvailable === false && message.retain) {
    throw new UnsendableMessage('retain', 'the server keeps no Retained Messages')
  }
  checkPacketSize(publishSize(publish(message), version, deliveryOf(message, 1, false)), limits)
}

/** @throws UnsendableMessage if the server said that it takes no packet of `size` bytes [MQTT-3.2.2-15]. */
export function checkPacketSize(size: number, { maximumPacketSize }: ConnackProperties): void {
  if (maximumPacketSize === undefined || size <= maximumPacketSize) return
  const text = `this makes a packet of ${size} bytes; the server takes ${maximumPacketSize} at most`
  throw new UnsendableMessage('size', text)
}

/** `packetId` is left out at QoS 0. */
export function encodeMessage(
  message: OutgoingMessage,
  packetId: number,
  dup: boolean,
  version: ProtocolVersion,
): { packet: Publish; writer: ByteWriter } {
  const id = message.qos === 0 ? 0 : packetId
  const packet = publish({ ...message, dup, packetId: id })
  const delivery = deliveryOf(message, id, dup)
  const writer = new ByteWriter(publishSize(packet, version, delivery) + 8)
  encodePublish(writer, packet, version, delivery)
  return { packet, writer }
}

function deliveryOf(message: OutgoingMessage, packetId: number, dup: boolean): PublishDelivery {
  const { qos, retain, topicName, properties } = message
  return {
    qos,
    dup,
    retain,
    packetId,
    topicAlias: properties.topicAlias ?? 0,
    omitTopicName: topicName === '',
    subscriptionIdentifiers: null,
    messageExpiryInterval: properties.messageExpiryInterval ?? -1,
  }
}
