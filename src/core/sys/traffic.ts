/**
 * What has gone in and out since the broker was made: bytes, packets, connections. Counted by whoever drives the core.
 */
import type { Publish } from '../../protocol/packets/publish.ts'

export class Traffic {
  bytesReceived = 0
  bytesSent = 0
  /** Packets of every type. */
  packetsReceived = 0
  packetsSent = 0
  /** PUBLISH packets. */
  publishReceived = 0
  /** The same at QoS 0, 1 and 2. */
  readonly publishReceivedByQos: [atMostOnce: number, atLeastOnce: number, exactlyOnce: number] = [0, 0, 0]
  publishSent = 0
  /** Bytes of their payloads. */
  publishBytesReceived = 0
  publishBytesSent = 0
  /** Network Connections that were opened. */
  socketsOpened = 0
  /** Connections that are no Network Connections yet: their handshakes below MQTT are still to come. */
  handshakes = 0
  /** Of those, the ones that came to nothing. */
  handshakesFailed = 0
  /** Clients that were let in: CONNACK with success. */
  clientsAccepted = 0
  /** Connections that ended without their client having been let in, by the name of the Reason Code or why in words. */
  readonly clientsRefused: Record<string, number> = {}
  /** Clients that are in at this moment, code in this process not among them. */
  clientsConnected = 0
  /** The most that were in at one time. */
  clientsConnectedMax = 0
  /** Code in this process that is in like a client. */
  localConnected = 0
  /** Sessions that ended because their client stayed away too long. */
  sessionsExpired = 0

  /** Those that have come from clients and gone to them. */
  get bytesMoved(): number {
    return this.bytesReceived + this.bytesSent
  }

  /** Changes with everything that is counted as load. */
  get activity(): number {
    return this.bytesMoved + this.socketsOpened
  }

  publishCame({ qos, payloadSize }: Publish): void {
    this.publishReceived += 1
    this.publishReceivedByQos[qos] += 1
    this.publishBytesReceived += payloadSize
  }

  publishLeft({ payloadSize }: Publish): void {
    this.publishSent += 1
    this.publishBytesSent += payloadSize
  }

  clientCame(isLocal: boolean): void {
    if (isLocal) {
      this.localConnected += 1
      return
    }
    this.clientsAccepted += 1
    this.clientsConnected += 1
    this.clientsConnectedMax = Math.max(this.clientsConnectedMax, this.clientsConnected)
  }

  clientRefused(why: string): void {
    this.clientsRefused[why] = (this.clientsRefused[why] ?? 0) + 1
  }

  clientLeft(isLocal: boolean): void {
    if (isLocal) this.localConnected -= 1
    else this.clientsConnected -= 1
  }
}
