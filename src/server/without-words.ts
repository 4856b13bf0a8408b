/**
 * A packet without what is said in it for people, for clients that take no larger one.
 */
import type { PlainPacket } from '../protocol/packet-encoder.ts'

/** Reason String and User Property are left out rather than break the client's limit [MQTT-3.2.2-19] [MQTT-3.4.2-2]. */
export function withoutWords(packet: PlainPacket): PlainPacket {
  if (!('properties' in packet)) return packet
  const { reasonString: _, userProperties: __, ...properties } = packet.properties as Record<string, unknown>
  // Only optional properties were taken away.
  return { ...packet, properties } as PlainPacket
}
