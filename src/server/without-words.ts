/**
 * A packet without what is said in it for people, for clients that take no larger one.
 */
import type { ProtocolVersion } from '../protocol/control-packet.ts'
import { type PlainPacket, packetSize } from '../protocol/packet-encoder.ts'

/** The packet for a client that takes no larger one; null if it is too large without words, too. */
export function asItFits(packet: PlainPacket, version: ProtocolVersion, bytesMax: number): PlainPacket | null {
  if (packetSize(packet, version) <= bytesMax) return packet
  const short = withoutWords(packet)
  return packetSize(short, version) <= bytesMax ? short : null
}

/** Reason String and User Property are left out rather than break the client's limit [MQTT-3.2.2-19] [MQTT-3.4.2-2]. */
function withoutWords(packet: PlainPacket): PlainPacket {
  if (!('properties' in packet)) return packet
  const { reasonString: _, userProperties: __, ...properties } = packet.properties as Record<string, unknown>
  // Only optional properties were taken away.
  return { ...packet, properties } as PlainPacket
}
