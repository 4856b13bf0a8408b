/**
 * Snapshots as bytes: docs/disk-format.md. Each has a key, by which the next one of the same thing replaces it.
 */

import type { Seq } from '../core/record.ts'
import type { InFlightSnapshot, SessionSnapshot, SubscriptionSnapshot } from '../core/rest/session-snapshot.ts'
import type { Snapshot } from '../core/rest/snapshot-round.ts'
import { ByteWriter } from '../protocol/byte-writer.ts'
import { readOwed, writeOwed } from './owed-codec.ts'
import { readWill, writeWill } from './publish-codec.ts'
import { readRecipients, readRetainRule, retainRuleBits, writeRecipients } from './record-codec.ts'
import { CorruptError, numberSizeMax, RestReader, writeNumber, writeNumbers, writeText } from './rest-bytes.ts'
import { optionBits, readGroups, readOptions, writeGroups } from './session-record-codec.ts'

/** Numbers of records that are written in one step. */
const stepSize = 10_000

/** Sorts Sessions before recipients. `isGone`: the snapshot says that there is nothing to keep. */
export function snapshotKey(snapshot: Snapshot): { key: string; isGone: boolean } {
  switch (snapshot.type) {
    case 'session':
      return { key: `a/session/${snapshot.number}`, isGone: snapshot.session === null }
    case 'recipients':
      return { key: `b/recipients/${snapshot.id}`, isGone: snapshot.members === null }
    case 'owed':
      return { key: `d/owed/${snapshot.message}`, isGone: snapshot.owed === null }
    default:
      return { key: `c/${snapshot.type}`, isGone: false }
  }
}

export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  const steps = encodeSnapshotInSteps(snapshot)
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/** The same in steps of bounded work, however many Retained Messages there are: others may get their turn after each. */
export function* encodeSnapshotInSteps(snapshot: Snapshot): Generator<undefined, Uint8Array> {
  const writer = new ByteWriter(512)
  switch (snapshot.type) {
    case 'session':
      if (snapshot.session !== null) writeSession(writer, snapshot.session)
      break
    case 'recipients':
      writeRecipients(writer, snapshot.members ?? [])
      break
    case 'retained':
      yield* writeAscendingInSteps(writer, snapshot.seqs, snapshot.seqs.length)
      break
    case 'held':
      yield* writeAscendingInSteps(writer, Float64Array.from(snapshot.seqs).sort(), snapshot.seqs.length)
      break
    case 'owed':
      if (snapshot.owed !== null) writeOwed(writer, snapshot.owed)
      break
    case 'covered':
      writeNumber(writer, snapshot.through)
      break
  }
  return writer.bytes.subarray(0, writer.position)
}

/** @throws CorruptError if the bytes are not what `encodeSnapshot` made. */
export function decodeSnapshot(key: string, bytes: Buffer): Snapshot {
  const reader = new RestReader(bytes)
  const snapshot = readSnapshot(key, reader)
  if (!reader.isAtEnd) throw new CorruptError('it has more bytes than it should')
  return snapshot
}

const keyPattern =
  /^(?:a\/session\/(?<session>\d+)|b\/recipients\/(?<recipients>\d+)|c\/(?<single>retained|held|covered)|d\/owed\/(?<owed>\d+))$/

function readSnapshot(key: string, reader: RestReader): Snapshot {
  const { session, recipients, single, owed } = keyPattern.exec(key)?.groups ?? {}
  if (session !== undefined) {
    return { type: 'session', number: Number(session), session: readSession(reader, Number(session)) }
  }
  if (recipients !== undefined) return { type: 'recipients', id: Number(recipients), members: readRecipients(reader) }
  if (owed !== undefined) return { type: 'owed', message: Number(owed), owed: readOwed(reader, Number(owed)) }
  if (single === 'retained' || single === 'held') return { type: single, seqs: readAscending(reader) }
  if (single === 'covered') return { type: single, through: reader.readNumber() }
  throw new CorruptError('a kind of snapshot that this version does not know')
}

/** What follows a Session's copies, if anything does. */
const groupsFollow = 1

function writeSession(writer: ByteWriter, session: SessionSnapshot): void {
  writer.ensure(8 * numberSizeMax)
  writeNumber(writer, session.createdMs)
  writeNumber(writer, session.sessionExpiryInterval)
  // 0 is left for a connected client, 1 for never.
  writeNumber(writer, session.endsAtMs === Number.POSITIVE_INFINITY ? 1 : session.endsAtMs)
  writeNumber(writer, session.willAtMs)
  writeNumber(writer, session.from)
  writeNumber(writer, session.sentThrough)
  writeText(writer, session.account)
  writeText(writer, session.clientIdentifier)
  writeWill(writer, session.will)
  writeNumbers(writer, session.inboundPacketIds)
  writeNumbers(writer, session.taken)
  writer.ensure(2 * numberSizeMax)
  writeNumber(writer, session.subscriptions.length)
  for (const subscription of session.subscriptions) writeSubscription(writer, subscription)
  writer.ensure(numberSizeMax)
  writeNumber(writer, session.inFlight.length)
  for (const copy of session.inFlight) writeInFlight(writer, copy)
  if (session.groups === null) return
  writer.ensure(1)
  writer.writeByte(groupsFollow)
  writeGroups(writer, session.groups)
}

function readSession(reader: RestReader, number: Seq): SessionSnapshot {
  const createdMs = reader.readNumber()
  const sessionExpiryInterval = reader.readNumber()
  const endsAt = reader.readNumber()
  const willAtMs = reader.readNumber()
  const from = reader.readNumber()
  const sentThrough = reader.readNumber()
  const account = reader.readText()
  const clientIdentifier = reader.readText()
  const will = readWill(reader)
  const inboundPacketIds = reader.readNumbers()
  const taken = reader.readNumbers()
  const subscriptions = readList(reader, readSubscription)
  const inFlight = readList(reader, readInFlight)
  const groups = readGroupsIfThere(reader)
  return {
    number,
    account,
    clientIdentifier,
    createdMs,
    sessionExpiryInterval,
    endsAtMs: endsAt === 1 ? Number.POSITIVE_INFINITY : endsAt,
    will,
    willAtMs,
    subscriptions,
    inboundPacketIds,
    from,
    sentThrough,
    taken,
    inFlight,
    groups,
  }
}

/** Older formats end before them. */
function readGroupsIfThere(reader: RestReader): string[] | null {
  if (reader.isAtEnd) return null
  if (reader.readByte() !== groupsFollow) throw new CorruptError('something else than groups behind a Session')
  return readGroups(reader)
}

function readList<Item>(reader: RestReader, readItem: (reader: RestReader) => Item): Item[] {
  const count = reader.readNumber()
  const items: Item[] = []
  while (items.length < count) items.push(readItem(reader))
  return items
}

function writeSubscription(writer: ByteWriter, subscription: SubscriptionSnapshot): void {
  writer.ensure(1 + 2 * numberSizeMax)
  writer.writeByte(optionBits(subscription.options))
  writeNumber(writer, subscription.subscriptionIdentifier)
  writeNumber(writer, subscription.sinceMs)
  writeText(writer, subscription.topicFilter)
}

function readSubscription(reader: RestReader): SubscriptionSnapshot {
  const options = readOptions(reader.readByte())
  const subscriptionIdentifier = reader.readNumber()
  const sinceMs = reader.readNumber()
  return { options, subscriptionIdentifier, sinceMs, topicFilter: reader.readText() }
}

function writeInFlight(writer: ByteWriter, copy: InFlightSnapshot): void {
  writer.ensure(1 + 4 * numberSizeMax)
  const flags = (copy.qos === 2 ? 1 : 0) | (copy.isReceived ? 2 : 0) | (retainRuleBits(copy.retain) << 2)
  writer.writeByte(flags | (copy.sharedFilter === null ? 0 : 16))
  writeNumber(writer, copy.order)
  writeNumber(writer, copy.message)
  writeNumber(writer, copy.size)
  writeNumber(writer, copy.packetId)
  writeNumbers(writer, copy.subscriptionIdentifiers ?? [])
  if (copy.sharedFilter !== null) writeText(writer, copy.sharedFilter)
}

function readInFlight(reader: RestReader): InFlightSnapshot {
  const flags = reader.readByte()
  const order = reader.readNumber()
  const message = reader.readNumber()
  const size = reader.readNumber()
  const packetId = reader.readNumber()
  const identifiers = reader.readNumbers()
  return {
    order,
    message,
    size,
    packetId,
    qos: (flags & 1) === 1 ? 2 : 1,
    isReceived: (flags & 2) !== 0,
    retain: readRetainRule(flags >> 2),
    subscriptionIdentifiers: identifiers.length === 0 ? null : identifiers,
    sharedFilter: (flags & 16) === 0 ? null : reader.readText(),
  }
}

/** As distances, which are small. */
function* writeAscendingInSteps(writer: ByteWriter, seqs: Iterable<Seq>, count: number): Generator<undefined, void> {
  writer.ensure(numberSizeMax)
  writeNumber(writer, count)
  let before = 0
  let written = 0
  for (const seq of seqs) {
    if (written > 0 && written % stepSize === 0) yield
    writer.ensure(numberSizeMax)
    writeNumber(writer, seq - before)
    before = seq
    written += 1
  }
}

function readAscending(reader: RestReader): Seq[] {
  let seq = 0
  return readList(reader, () => {
    seq += reader.readNumber()
    return seq
  })
}
