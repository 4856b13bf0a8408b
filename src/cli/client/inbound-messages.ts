/**
 * Messages from the server: Topic Aliases resolved, QoS 2 handed on exactly once. MQTT 5.0 sections 3.3.2.3.4 and 4.3.3.
 */
import type { Publish } from '../../protocol/packets/publish.ts'
import { ProtocolViolation } from '../../protocol/protocol-violation.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'

export class InboundMessages {
  readonly #topicNames = new Map<number, string>()
  /** QoS 2 messages by Packet Identifier, until PUBREL. */
  readonly #unreleased = new Map<number, Publish>()
  readonly #topicAliasMaximum: number

  constructor(topicAliasMaximum: number) {
    this.#topicAliasMaximum = topicAliasMaximum
  }

  /** A new Network Connection: aliases are forgotten [MQTT-3.3.2-7], and without a Session so is the rest. */
  begin(sessionPresent: boolean): void {
    this.#topicNames.clear()
    if (!sessionPresent) this.#unreleased.clear()
  }

  /** Fills in the Topic Name that an alias stands for. @throws ProtocolViolation for one the client never allowed. */
  resolveTopicName(packet: Publish): void {
    const alias = packet.properties.topicAlias
    if (alias === undefined) return
    if (alias > this.#topicAliasMaximum) {
      throw new ProtocolViolation(ReasonCode.TopicAliasInvalid, 'MQTT-3.1.2-26', `the server used Topic Alias ${alias}`)
    }
    if (packet.topicName !== '') {
      this.#topicNames.set(alias, packet.topicName)
      return
    }
    const known = this.#topicNames.get(alias)
    if (known === undefined) {
      throw new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-3.3.2-12', `Topic Alias ${alias} stands for nothing`)
    }
    packet.topicName = known
  }

  /** Keeps a QoS 2 message until its PUBREL; a repeated one changes nothing [MQTT-4.3.3-10]. */
  keep(packet: Publish): void {
    if (this.#unreleased.has(packet.packetId)) return
    packet.own()
    this.#unreleased.set(packet.packetId, packet)
  }

  /** The message whose PUBREL has come, once; null for one that is not waiting. */
  release(packetId: number): Publish | null {
    const packet = this.#unreleased.get(packetId) ?? null
    this.#unreleased.delete(packetId)
    return packet
  }
}
