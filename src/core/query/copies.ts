/**
 * One Session's copies, in flight and waiting, in the order in which they go out.
 *
 * Where its message is in the store only, a copy says where: whoever asks reads it. What goes meanwhile is left out, what comes
 * may be; what stays is never missed.
 */
import type { Qos } from '../../protocol/control-packet.ts'
import type { Message } from '../message.ts'
import type { Seq } from '../record.ts'
import type { Member } from '../rest/recipient-set.ts'
import type { Copy } from '../session/copy.ts'
import type { Session } from '../session/session.ts'
import type { Query } from './row.ts'

/** A copy, and where its message is. */
export interface CopyPlace {
  /** Null: it is in the store, under `messageSeq`. */
  readonly message: Message | null
  readonly messageSeq: Seq
  /** Its QoS is the lower one of this and its message's. */
  readonly qos: Qos
  /** Topic Name and payload. */
  readonly bytes: number
}

/** The packet of the client that an exchange waits for. */
export type AwaitedPacket = 'PUBACK' | 'PUBREC' | 'PUBCOMP'

export interface InFlightPlace extends CopyPlace {
  readonly packetId: number
  readonly waitsFor: AwaitedPacket
  /** False: it was sent on an earlier Network Connection, and is to be sent again. */
  readonly isOnWire: boolean
}

/** What was sent and has not been acknowledged. */
export function* copiesInFlight({ outbound }: Session): Query<InFlightPlace> {
  // No more than there are Packet Identifiers.
  const packetIds = Array.from(outbound.inFlight ?? [], ({ packetId }) => packetId)
  yield null
  for (const packetId of packetIds) {
    const copy = outbound.inFlight?.get(packetId)
    yield copy === undefined ? null : { ...placeOf(copy), packetId, waitsFor: waitsFor(copy), isOnWire: copy.isOnWire }
  }
}

function waitsFor({ qos, isReceived }: Copy): AwaitedPacket {
  if (qos === 1) return 'PUBACK'
  return isReceived ? 'PUBCOMP' : 'PUBREC'
}

function placeOf({ message, messageSeq, qos, size }: Copy): CopyPlace {
  return { message, messageSeq, qos, bytes: size }
}

/** A message of the client itself whose exchange is not over. */
export interface InboundPlace {
  readonly packetId: number
  readonly qos: 1 | 2
  /** `subscribers`: its acknowledgement is held until they have given theirs. */
  readonly waitsFor: 'PUBREL' | 'subscribers'
  /** Null where it is known no more. */
  readonly topicName: string | null
  /** 0 where it is not known. */
  readonly receivedMs: number
}

/** Packet Identifiers that the client may not use again yet. */
export function* inboundInFlight(session: Session): Query<InboundPlace> {
  const held = [...(session.heldAcknowledgements?.values() ?? [])]
  const packetIds = [...(session.inboundPacketIds ?? [])]
  yield null
  for (const { acknowledgement, topicName, receivedMs } of held) {
    if (acknowledgement === null) yield null
    else {
      const { packetId, qos } = acknowledgement
      yield { packetId, qos, waitsFor: 'subscribers', topicName, receivedMs }
    }
  }
  for (const packetId of packetIds) {
    const isOver = session.inboundPacketIds?.has(packetId) !== true
    const isTold = session.heldAcknowledgements?.has(packetId) === true
    yield isOver || isTold ? null : { packetId, qos: 2, waitsFor: 'PUBREL', topicName: null, receivedMs: 0 }
  }
}

/** What waits to be sent: what the log knows of first, then what is in memory only. */
export function* copiesWaiting(session: Session): Query<CopyPlace> {
  yield* inBacklog(session)
  for (let next = 0; ; next++) {
    const { queue } = session.outbound
    if (queue === null) return
    next = Math.max(next, queue.firstPosition)
    const copy = queue.at(next)
    if (copy === undefined) return
    yield placeOf(copy)
  }
}

/** Where one is in a set, in which others go on meanwhile. */
interface Place {
  readonly member: Member
  position: number
  order: number
}

/** Places in all sets, merged by order. */
function* inBacklog({ outbound }: Session): Query<CopyPlace> {
  const { backlog } = outbound
  // The next one is the last: taking it moves no other.
  const places = backlog.members.map((member) => ({ member, position: member.position, order: member.order }))
  places.sort((one, other) => other.order - one.order)
  yield null
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    const { member, position, order } = place
    const { entries } = member.set
    const isThere = member.position >= 0 && position >= member.position && !backlog.isTaken(order)
    yield isThere
      ? { message: null, messageSeq: entries.messageAt(position), qos: member.qos, bytes: entries.sizeAt(position) }
      : null
    if (goOn(place)) putBack(places, place)
  }
}

/** False if the member waits for nothing more in its set. */
function goOn(place: Place): boolean {
  const { member } = place
  if (member.position < 0) return false
  place.position = Math.max(place.position + 1, member.position)
  place.order = member.set.entries.orderAt(place.position)
  return place.order < Number.POSITIVE_INFINITY
}

/** Behind those with a higher order. */
function putBack(places: Place[], place: Place): void {
  let low = 0
  let high = places.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((places[middle]?.order ?? 0) > place.order) low = middle + 1
    else high = middle
  }
  places.splice(low, 0, place)
}
