/**
 * Packet Identifiers for what the broker sends: per Session, counting from 1, never one that is in use [MQTT-2.2.1-3].
 *
 * Only forwards, so that one that has become free is not used again soon. A message to many prefers one for all of them: under
 * the same Packet Identifier all of its copies are the same bytes. Sessions that count behind jump forward to it.
 */
const packetIdMax = 65_535

/** Whether `packetId` comes behind `last` when counting forwards: within half of all there are. */
export function isAhead(packetId: number, last: number): boolean {
  const distance = (packetId - last + packetIdMax) % packetIdMax
  return distance > 0 && distance <= packetIdMax >> 1
}

export function packetIdBehind(packetId: number): number {
  return packetId === packetIdMax ? 1 : packetId + 1
}

export class PacketIds {
  #last = 0

  /**
   * `preferred` if it is ahead and free, else the next free one; 0 to prefer none. Fewer than 65,535 are in use, which Receive
   * Maximum guarantees [MQTT-2.2.1-4].
   */
  next(inUse: { isTaken(packetId: number): boolean }, preferred: number): number {
    if (preferred > 0 && isAhead(preferred, this.#last) && !inUse.isTaken(preferred)) {
      this.#last = preferred
      return preferred
    }
    do {
      this.#last = packetIdBehind(this.#last)
    } while (inUse.isTaken(this.#last))
    return this.#last
  }

  /** One that was in use before a restart: counting goes on behind the highest. */
  restore(packetId: number): void {
    if (packetId > this.#last) this.#last = packetId
  }
}
