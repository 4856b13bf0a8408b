/**
 * `$pabal/inflight` and `$pabal/mqueue`: the messages of one Session that are on their way, and those that wait. The names are
 * those of EMQX.
 */

import type { Message } from '../../core/message.ts'
import { type CopyPlace, copiesInFlight, copiesWaiting, inboundInFlight } from '../../core/query/copies.ts'
import { oldestWaitingMs } from '../../core/query/oldest-waiting.ts'
import { known } from '../../core/query/row.ts'
import type { Session } from '../../core/session/session.ts'
import { contentOf, type MessageContent } from './content.ts'
import { oneSession } from './one-session.ts'
import { readBodies } from './read-bodies.ts'
import type { Asked, RequestHandler } from './request-handler.ts'

/** A message whose exchange with the client is not over. */
export interface InFlightMessage {
  /** `out`: to the client; `in`: from it. */
  readonly direction: 'out' | 'in'
  readonly packetIdentifier: number
  readonly qos: number
  /** The packet that comes next, from the client; `subscribers`: its acknowledgement is held until they have given theirs. */
  readonly waitsFor: 'PUBACK' | 'PUBREC' | 'PUBCOMP' | 'PUBREL' | 'subscribers'
  /** False: it was sent on an earlier Network Connection, and is to be sent again. */
  readonly sent: boolean
  /** Null where it is known no more: of QoS 2 from the client only the Packet Identifier is kept. */
  readonly topic: string | null
  /** Topic Name and payload. */
  readonly bytes: number | null
  /** When the broker got it. */
  readonly receivedAtMs: number | null
}

/** A message that waits to be sent. */
export interface QueuedMessage extends Partial<MessageContent> {
  readonly topic: string
  readonly qos: number
  /** Topic Name and payload. */
  readonly bytes: number
  readonly receivedAtMs: number
  /** Null: never. */
  readonly expiresAtMs: number | null
}

const advice = 'send the Client Identifier as the payload, or {"client": "..."}'
/** Messages that are read at once, and about how many bytes of them. */
const batchSize = 64
const batchBytesMax = 1024 * 1024

/** The Session that is asked about. @throws RequestFault */
function sessionOf({ state, fields }: Asked): Session {
  return oneSession(state, fields.neededText('client', advice), fields.text('account'))
}

export const inFlightMessages: RequestHandler = {
  permission: 'observe',
  fields: { client: 'text', account: 'text' },
  bareField: 'client',
  answer: async (asked) => {
    const session = sessionOf(asked)
    const { clientIdentifier: client, account, outbound, inboundPacketIds, heldAcknowledgements } = session
    const inbound = (inboundPacketIds?.size ?? 0) + (heldAcknowledgements?.size ?? 0)
    const facts = { client, account, inFlight: { out: outbound.inFlightMessages, in: inbound } }
    return { facts, list: { name: 'messages', rows: rowsInFlight(asked, session) } }
  },
}

async function* rowsInFlight(asked: Asked, session: Session): AsyncGenerator<InFlightMessage | null> {
  for await (const found of withMessages(asked, copiesInFlight(session))) {
    if (found === null) yield null
    else {
      const { place, message } = found
      const { packetId: packetIdentifier, waitsFor, isOnWire: sent, bytes } = place
      const { topicName: topic, receivedMs: receivedAtMs } = message
      const qos = qosOf(place, message)
      yield { direction: 'out', packetIdentifier, qos, waitsFor, sent, topic, bytes, receivedAtMs }
    }
  }
  for (const place of inboundInFlight(session)) {
    if (place === null) yield null
    else {
      const { packetId: packetIdentifier, qos, waitsFor, topicName: topic, receivedMs } = place
      const receivedAtMs = known(receivedMs)
      yield { direction: 'in', packetIdentifier, qos, waitsFor, sent: true, topic, bytes: null, receivedAtMs }
    }
  }
}

export const queuedMessages: RequestHandler = {
  permission: 'observe',
  fields: { client: 'text', account: 'text', payload: 'boolean' },
  bareField: 'client',
  answer: async (asked) => {
    const session = sessionOf(asked)
    const { clientIdentifier: client, account, outbound } = session
    const { queuedMessages: messages, queuedBytes: bytes } = outbound
    const backlog = { messages, bytes, oldestAtMs: known(oldestWaitingMs(asked.state, outbound)) }
    return { facts: { client, account, backlog }, list: { name: 'messages', rows: rowsWaiting(asked, session) } }
  },
}

async function* rowsWaiting(asked: Asked, session: Session): AsyncGenerator<QueuedMessage | null> {
  const withPayload = asked.fields.flag('payload')
  for await (const found of withMessages(asked, copiesWaiting(session))) {
    if (found === null) yield null
    else {
      const { place, message } = found
      const { topicName: topic, receivedMs: receivedAtMs, expiresMs, publish } = message
      const expiresAtMs = known(expiresMs)
      const row = { topic, qos: qosOf(place, message), bytes: place.bytes, receivedAtMs, expiresAtMs }
      yield withPayload ? { ...row, ...contentOf(publish) } : row
    }
  }
}

function qosOf({ qos }: CopyPlace, { publish }: Message): number {
  return Math.min(qos, publish.qos)
}

/** Copies with their messages, in order, a few at a time; what has ended meanwhile may be left out. */
async function* withMessages<Place extends CopyPlace>(
  { state, store }: Asked,
  places: Iterable<Place | null>,
): AsyncGenerator<{ readonly place: Place; readonly message: Message } | null> {
  let batch: Place[] = []
  let bytes = 0
  async function* read(): AsyncGenerator<{ readonly place: Place; readonly message: Message }> {
    const seqs = batch.filter(({ message }) => message === null).map(({ messageSeq }) => messageSeq)
    const bodies = await readBodies(state, store, seqs)
    for (const place of batch) {
      const message = place.message ?? bodies.get(place.messageSeq)
      if (message !== undefined) yield { place, message }
    }
    batch = []
    bytes = 0
  }
  for (const place of places) {
    if (place === null) {
      yield null
      continue
    }
    batch.push(place)
    bytes += place.bytes
    if (batch.length >= batchSize || bytes >= batchBytesMax) yield* read()
  }
  yield* read()
}
