/**
 * What a client tells its owner while it is connected.
 */
import type { ControlPacket } from '../../protocol/control-packet.ts'
import type { Publish } from '../../protocol/packets/publish.ts'

/** A packet that was sent or has come. `messageId` counts QoS 0 messages along with Packet Identifiers. */
export interface PacketEvent {
  readonly direction: 'sent' | 'received'
  readonly packet: ControlPacket
  readonly messageId: number
}

export interface ClientEvents {
  /** QoS 2: after PUBREL, once. The payload may be kept. */
  readonly onMessage?: (packet: Publish) => void
  /** At once when it is sent, or has come and before anything follows from it. */
  readonly onPacket?: (event: PacketEvent) => void
  /** The server has accepted the connection; whatever else came with its CONNACK is looked at after this. */
  readonly onConnected?: () => void
  /** The Network Connection has ended after CONNACK; null if by `disconnect`. */
  readonly onClosed?: (reason: Error | null) => void
}
