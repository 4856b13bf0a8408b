/**
 * Publishes numbered messages at QoS 1 and 2 as fast as it is acknowledged. What is not acknowledged when the connection
 * breaks is sent again, in order, on the next one.
 */
import type { ControlPacket, Qos } from '../../src/protocol/index.ts'
import { CrashClient, type Scene } from './crash-client.ts'
import { streamName, streamOf, topicCount, topicName, topicOf } from './ledger.ts'
import { makePayload } from './payload.ts'

interface Flight {
  readonly stream: number
  readonly sequence: number
  readonly qos: 1 | 2
  isReceived: boolean
}

const unsentMax = 256 * 1024

export class Publisher extends CrashClient {
  readonly #number: number
  readonly #window: number
  /** By Packet Identifier, in the order of sending. */
  readonly #inFlight = new Map<number, Flight>()
  #lastPacketId = 0

  constructor(number: number, version: 4 | 5, scene: Scene) {
    super(`publisher-${number}`, version, scene)
    this.#number = number
    this.#window = scene.random.between(20, 256)
  }

  get inFlightMessages(): number {
    return this.#inFlight.size
  }

  protected override connected(): void {
    for (const [packetId, flight] of this.#inFlight) {
      if (flight.isReceived) this.wire?.acknowledge('pubrel', packetId)
      else {
        this.scene.ledger.resent(flight.stream, flight.sequence)
        this.#send(packetId, flight, true)
      }
    }
    this.drained()
  }

  protected override act(): void {
    this.drained()
    if (!this.scene.isEnding && this.scene.random.chance(0.001)) this.leave(this.scene.random.between(0, 300), false)
  }

  /** Fills the window. */
  protected override drained(): void {
    const { scene, wire } = this
    if (!this.isConnected || wire === null || wire.unsentBytes > unsentMax) return
    while (!scene.isPaused && this.#inFlight.size < this.#window) this.#publishNext()
  }

  #publishNext(): void {
    const { ledger, random } = this.scene
    const qos = random.chance(0.4) ? 2 : 1
    const stream = streamOf(this.#number, random.between(0, topicCount - 1), qos)
    const sequence = ledger.next[stream] ?? 0
    ledger.next[stream] = sequence + 1
    ledger.statistics.sent += 1
    do {
      this.#lastPacketId = this.#lastPacketId === 65_535 ? 1 : this.#lastPacketId + 1
    } while (this.#inFlight.has(this.#lastPacketId))
    const flight: Flight = { stream, sequence, qos, isReceived: false }
    this.#inFlight.set(this.#lastPacketId, flight)
    this.#send(this.#lastPacketId, flight, false)
  }

  #send(packetId: number, { stream, sequence, qos }: Flight, dup: boolean): void {
    const payload = makePayload(stream, sequence)
    this.wire?.publish({ topicName: topicName(topicOf(stream)), payload, qos: qos as Qos, dup, packetId })
  }

  protected override received(packet: ControlPacket): void {
    if (packet.type === 'puback' || packet.type === 'pubrec')
      this.#acknowledged(packet.type, packet.packetId, packet.reasonCode)
    else if (packet.type === 'pubcomp') this.#complete(packet.packetId)
    else this.fail(`unexpected ${packet.type}`)
  }

  #acknowledged(type: 'puback' | 'pubrec', packetId: number, reasonCode: number): void {
    const flight = this.#inFlight.get(packetId)
    if (flight === undefined || flight.qos !== (type === 'puback' ? 1 : 2) || flight.isReceived) {
      this.fail(`${type} for Packet Identifier ${packetId}, which does not wait for it`)
      return
    }
    if (reasonCode >= 0x80)
      this.fail(`${streamName(flight.stream)}: ${flight.sequence} was refused: 0x${reasonCode.toString(16)}`)
    this.scene.ledger.acknowledge(flight.stream, flight.sequence)
    if (type === 'puback') this.#inFlight.delete(packetId)
    else {
      flight.isReceived = true
      this.wire?.acknowledge('pubrel', packetId)
    }
  }

  #complete(packetId: number): void {
    const flight = this.#inFlight.get(packetId)
    if (flight?.isReceived !== true) this.fail(`pubcomp for Packet Identifier ${packetId}, which does not wait for it`)
    this.#inFlight.delete(packetId)
  }
}
