/**
 * Packet Identifiers for what the broker sends: per Session, counting from 1, never one that is in use [MQTT-2.2.1-3].
 */
export class PacketIds {
  #last = 0

  /** The next free one. Fewer than 65,535 are in use, which Receive Maximum guarantees [MQTT-2.2.1-4]. */
  next(inUse: { isTaken(packetId: number): boolean }): number {
    do {
      this.#last = this.#last === 65_535 ? 1 : this.#last + 1
    } while (inUse.isTaken(this.#last))
    return this.#last
  }

  /** One that was in use before a restart: counting goes on behind the highest. */
  restore(packetId: number): void {
    if (packetId > this.#last) this.#last = packetId
  }
}
