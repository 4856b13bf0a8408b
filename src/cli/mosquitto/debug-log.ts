/**
 * `-d`: a line on standard output for every packet, in the words of mosquitto's library.
 */
import type { ProtocolVersion } from '../../protocol/control-packet.ts'
import type { Publish } from '../../protocol/packets/publish.ts'
import type { PacketEvent } from '../client/client-events.ts'

/** Lines for one packet; `clientIdentifier` is null while neither side has chosen one. */
export function debugLines(event: PacketEvent, clientIdentifier: string | null, version: ProtocolVersion): string[] {
  const client = `Client ${clientIdentifier ?? '(null)'}`
  const lines = event.direction === 'sent' ? sentLines(event, version) : [receivedLine(event)]
  return lines.map((line) => (line.startsWith('Received') ? line : `${client} ${line}`))
}

function sentLines({ packet, messageId }: PacketEvent, version: ProtocolVersion): string[] {
  switch (packet.type) {
    case 'publish':
      return [`sending PUBLISH ${publishWords(packet, messageId)}`]
    case 'puback':
    case 'pubrec':
      return [`sending ${packet.type.toUpperCase()} (m${messageId}, rc${packet.reasonCode})`]
    case 'pubrel':
    case 'pubcomp':
      return [`sending ${packet.type.toUpperCase()} (m${messageId})`]
    case 'subscribe':
      return packet.subscriptions.map(({ topicFilter, qos, retainAsPublished, retainHandling, noLocal }) => {
        const options = version === 5 ? (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0) | (retainHandling << 4) : 0
        const hex = options.toString(16).padStart(2, '0')
        return `sending SUBSCRIBE (Mid: ${messageId}, Topic: ${topicFilter}, QoS: ${qos}, Options: 0x${hex})`
      })
    case 'unsubscribe':
      return packet.topicFilters.map((filter) => `sending UNSUBSCRIBE (Mid: ${messageId}, Topic: ${filter})`)
    default:
      return [`sending ${packet.type.toUpperCase()}`]
  }
}

function receivedLine({ packet, messageId }: PacketEvent): string {
  switch (packet.type) {
    case 'connack':
      return `received CONNACK (${packet.reasonCode})`
    case 'publish':
      return `received PUBLISH ${publishWords(packet, messageId)}`
    case 'puback':
    case 'pubcomp':
      return `received ${packet.type.toUpperCase()} (Mid: ${messageId}, RC:${packet.reasonCode})`
    case 'pubrec':
    case 'pubrel':
      return `received ${packet.type.toUpperCase()} (Mid: ${messageId})`
    case 'disconnect':
      return `Received DISCONNECT (${packet.reasonCode})`
    default:
      return `received ${packet.type.toUpperCase()}`
  }
}

function publishWords(packet: Publish, messageId: number): string {
  const { dup, qos, retain, topicName, payloadSize } = packet
  const flags = `d${dup ? 1 : 0}, q${qos}, r${retain ? 1 : 0}, m${messageId}`
  const name = topicName === '' ? '(null)' : topicName
  return `(${flags}, '${name}', ... (${payloadSize} bytes))`
}
