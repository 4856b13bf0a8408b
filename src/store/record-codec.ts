/**
 * Records as bytes: docs/disk-format.md. A block is records one after the other, each behind its length and the distance of
 * its seq from the one before, so that what trimming leaves keeps its place.
 */

import { Message } from '../core/message.ts'
import type { CoreRecord, HeldFact, MessageRecord, OwedFact, Recipient, RetainRule, Seq } from '../core/record.ts'
import type { ByteWriter } from '../protocol/byte-writer.ts'
import { readIdentity, writeIdentity } from './identity-codec.ts'
import { fateByte, readFate } from './owed-codec.ts'
import { qosOf, readPublish, writePublish } from './publish-codec.ts'
import { CorruptError, numberSizeMax, RestReader, writeNumber, writeNumbers, writeText } from './rest-bytes.ts'
import { readSessionRecord, writeSessionFields } from './session-record-codec.ts'

/** The first byte of each record; never used for anything else. */
const types = [
  'session-created',
  'session-resumed',
  'session-disconnected',
  'session-ended',
  'subscribed',
  'unsubscribed',
  'recipients',
  'message',
  'copied',
  'released',
  'assigned',
  'received',
  'settled',
  'drained',
  'unheld',
  'noted',
  'given',
  'session-groups',
] as const satisfies readonly CoreRecord['type'][]
const typeBytes = new Map<CoreRecord['type'], number>(types.map((type, index) => [type, index + 1]))

const retainedChanges = ['unchanged', 'set', 'deleted'] as const satisfies readonly MessageRecord['retained'][]
const retainRules = ['as-published', 'cleared', 'set'] as const satisfies readonly RetainRule[]

const lengthSize = 4

/** Appends a record; `distance` is that of its seq from the record before it in the block, 0 for the block's first. */
export function writeRecordBytes(writer: ByteWriter, record: CoreRecord, distance: number): void {
  writer.ensure(lengthSize + 1 + 8 * numberSizeMax)
  const start = writer.position
  writer.position += lengthSize
  writeNumber(writer, distance)
  writer.writeByte(typeBytes.get(record.type) ?? 0)
  writeFields(writer, record)
  writer.bytes.writeUInt32BE(writer.position - start - lengthSize, start)
}

function writeFields(writer: ByteWriter, record: CoreRecord): void {
  switch (record.type) {
    case 'message':
      writeMessage(writer, record)
      return
    case 'settled':
      writeNumber(writer, record.session)
      writeNumbers(writer, record.orders)
      return
    case 'assigned':
      writeNumber(writer, record.session)
      writeNumber(writer, record.order)
      writeNumber(writer, record.packetId)
      return
    case 'received':
    case 'released':
      writeNumber(writer, record.session)
      writeNumber(writer, record.packetId)
      return
    case 'copied':
    case 'drained':
      writeNumber(writer, record.message)
      writeNumber(writer, record.size)
      writeNumber(writer, record.recipients)
      return
    case 'unheld':
      writeNumbers(writer, record.messages)
      return
    case 'noted':
      writeNumber(writer, record.message)
      writeNumber(writer, record.atMs)
      writeText(writer, record.account)
      writeText(writer, record.clientIdentifier)
      writer.ensure(1 + numberSizeMax)
      writer.writeByte(fateByte(record.fate))
      writeNumber(writer, record.copies)
      return
    case 'given':
      writeNumber(writer, record.message)
      writer.writeByte((record.acknowledgement ? 1 : 0) | (record.receipt ? 2 : 0))
      return
    case 'recipients':
      writeRecipients(writer, record.members)
      return
    default:
      writeSessionFields(writer, record)
  }
}

/** Makes room itself. */
export function writeRecipients(writer: ByteWriter, members: readonly Recipient[]): void {
  writer.ensure(numberSizeMax)
  writeNumber(writer, members.length)
  for (const { session, qos, retain, subscriptionIdentifiers, sharedFilter } of members) {
    writer.ensure(1 + numberSizeMax)
    writer.writeByte(qos | (retainRuleBits(retain) << 2) | (sharedFilter === null ? 0 : 16))
    writeNumber(writer, session)
    writeNumbers(writer, subscriptionIdentifiers ?? [])
    if (sharedFilter !== null) writeText(writer, sharedFilter)
  }
}

function writeMessage(writer: ByteWriter, record: MessageRecord): void {
  const { message, recipients, retained, inbound, willOf } = record
  const { publish, receivedMs } = message
  const more =
    (record.held === null ? 0 : 1) |
    (record.replaces === 0 ? 0 : 2) |
    (record.owed === null ? 0 : 4) |
    (message.publisher === null ? 0 : 8)
  const flags = publish.qos | (publish.retain ? 4 : 0) | (retainedChanges.indexOf(retained) << 3)
  writer.writeByte(flags | (inbound === null ? 0 : 32) | (willOf === null ? 0 : 64) | (more === 0 ? 0 : 128))
  if (more !== 0) writeMore(writer, record, more)
  writeNumber(writer, receivedMs)
  if (inbound !== null) {
    writeNumber(writer, inbound.session)
    writeNumber(writer, inbound.packetId)
  }
  if (willOf !== null) writeNumber(writer, willOf)
  writeNumbers(writer, recipients)
  writePublish(writer, publish)
}

/** What few messages have: flags, and what they announce. */
function writeMore(writer: ByteWriter, { message, held, replaces, owed }: MessageRecord, flags: number): void {
  writer.writeByte(flags)
  if (held !== null) {
    writer.writeByte(held.reason === 'held' ? 0 : 1)
    writeIdentity(writer, held)
  }
  writer.ensure(5 * numberSizeMax)
  if (replaces !== 0) writeNumber(writer, replaces)
  if (owed !== null) {
    const { packetWants, receiptTopicName, receiptWants } = owed
    const bits = (packetWants === 'all' ? 1 : 0) | (receiptWants === 'all' ? 2 : 0)
    writer.writeByte(bits | (receiptTopicName === null ? 0 : 4) | (owed.receiptNames ? 8 : 0))
    writeNumber(writer, owed.matched)
    writeNumber(writer, owed.session)
    writeNumber(writer, owed.packetId)
    if (receiptTopicName !== null) writeText(writer, receiptTopicName)
    writeNumbers(writer, owed.observers)
  }
  if (message.publisher !== null) writeIdentity(writer, message.publisher)
  writer.ensure(6 * numberSizeMax)
}

/**
 * Hands over every record of a block, whose first has the seq `first`. Messages point into `bytes`.
 *
 * @throws CorruptError if the bytes are not what `writeRecordBytes` wrote.
 */
export function readBlock(bytes: Buffer, first: Seq, onRecord: (seq: Seq, record: CoreRecord) => void): void {
  let seq = first
  for (let start = 0; start < bytes.length; ) {
    const end = endOfRecord(bytes, start)
    const reader = new RestReader(bytes, start + lengthSize, end)
    seq += reader.readNumber()
    const record = readRecord(reader, seq)
    if (!reader.isAtEnd) throw new CorruptError(`record ${seq} has more bytes than it should`)
    onRecord(seq, record)
    start = end
  }
}

function endOfRecord(bytes: Buffer, start: number): number {
  if (start + lengthSize > bytes.length) throw new CorruptError('it ends inside a length')
  const end = start + lengthSize + bytes.readUInt32BE(start)
  if (end > bytes.length) throw new CorruptError('it ends inside a record')
  return end
}

/** Where each record of a block begins and ends, without reading what it says. */
export function* placesIn(bytes: Buffer, first: Seq): Generator<{ seq: Seq; start: number; end: number }> {
  let seq = first
  for (let start = 0; start < bytes.length; ) {
    const end = endOfRecord(bytes, start)
    seq += new RestReader(bytes, start + lengthSize, end).readNumber()
    yield { seq, start, end }
    start = end
  }
}

/** Copies a record out of a block with another distance in front of it. */
export function moveRecordBytes(writer: ByteWriter, bytes: Buffer, start: number, end: number, distance: number): void {
  const reader = new RestReader(bytes, start + lengthSize, end)
  reader.readNumber()
  const rest = end - reader.position
  writer.ensure(lengthSize + numberSizeMax + rest)
  const target = writer.position
  writer.position += lengthSize
  writeNumber(writer, distance)
  writer.copyFrom(bytes, reader.position, end)
  writer.bytes.writeUInt32BE(writer.position - target - lengthSize, target)
}

function readRecord(reader: RestReader, seq: Seq): CoreRecord {
  const type = types[reader.readByte() - 1]
  if (type === undefined) throw new CorruptError(`a type of record that this version does not know`)
  switch (type) {
    case 'message':
      return readMessage(reader, seq)
    case 'settled':
      return { type, session: reader.readNumber(), orders: reader.readNumbers() }
    case 'assigned':
      return { type, session: reader.readNumber(), order: reader.readNumber(), packetId: reader.readNumber() }
    case 'received':
    case 'released':
      return { type, session: reader.readNumber(), packetId: reader.readNumber() }
    case 'copied':
    case 'drained':
      return { type, message: reader.readNumber(), size: reader.readNumber(), recipients: reader.readNumber() }
    case 'unheld':
      return { type, messages: reader.readNumbers() }
    case 'noted': {
      const message = reader.readNumber()
      const atMs = reader.readNumber()
      const account = reader.readText()
      const clientIdentifier = reader.readText()
      const fate = readFate(reader.readByte())
      return { type, message, account, clientIdentifier, fate, copies: reader.readNumber(), atMs }
    }
    case 'given': {
      const message = reader.readNumber()
      const bits = reader.readByte()
      return { type, message, acknowledgement: (bits & 1) !== 0, receipt: (bits & 2) !== 0 }
    }
    case 'recipients':
      return { type, members: readRecipients(reader) }
    default:
      return readSessionRecord(reader, type)
  }
}

/** In two bits. */
export function retainRuleBits(rule: RetainRule): number {
  return retainRules.indexOf(rule)
}

export function readRetainRule(bits: number): RetainRule {
  const rule = retainRules[bits & 3]
  if (rule === undefined) throw new CorruptError('a rule for RETAIN that this version does not know')
  return rule
}

export function readRecipients(reader: RestReader): Recipient[] {
  const count = reader.readNumber()
  const members: Recipient[] = []
  while (members.length < count) {
    const flags = reader.readByte()
    const retain = readRetainRule(flags >> 2)
    const session = reader.readNumber()
    const numbers = reader.readNumbers()
    const subscriptionIdentifiers = numbers.length === 0 ? null : numbers
    const sharedFilter = (flags & 16) === 0 ? null : reader.readText()
    members.push({ session, qos: qosOf(flags), retain, subscriptionIdentifiers, sharedFilter })
  }
  return members
}

function readMessage(reader: RestReader, seq: Seq): MessageRecord {
  const flags = reader.readByte()
  const retained = retainedChanges[(flags >> 3) & 3]
  if (retained === undefined) throw new CorruptError('a change of a Retained Message that this version does not know')
  const more = (flags & 128) === 0 ? 0 : reader.readByte()
  const held = (more & 1) === 0 ? null : readHeld(reader)
  const replaces = (more & 2) === 0 ? 0 : reader.readNumber()
  const owed = (more & 4) === 0 ? null : readOwed(reader)
  const publisher = (more & 8) === 0 ? null : readIdentity(reader)
  const receivedMs = reader.readNumber()
  const inbound = (flags & 32) === 0 ? null : { session: reader.readNumber(), packetId: reader.readNumber() }
  const willOf = (flags & 64) === 0 ? null : reader.readNumber()
  const recipients = reader.readNumbers()
  const message = new Message(seq, readPublish(reader, qosOf(flags), (flags & 4) !== 0), receivedMs)
  message.publisher = publisher
  return { type: 'message', message, recipients, retained, inbound, willOf, held, replaces, owed }
}

function readHeld(reader: RestReader): HeldFact {
  return { reason: reader.readByte() === 0 ? 'held' : 'dead', ...readIdentity(reader) }
}

function readOwed(reader: RestReader): OwedFact {
  const bits = reader.readByte()
  const matched = reader.readNumber()
  const session = reader.readNumber()
  const packetId = reader.readNumber()
  const receiptTopicName = (bits & 4) === 0 ? null : reader.readText()
  const packetWants = (bits & 1) === 0 ? 'first' : 'all'
  const receiptWants = (bits & 2) === 0 ? 'delivered' : 'all'
  const receiptNames = (bits & 8) !== 0
  const observers = reader.readNumbers()
  return { matched, session, packetId, packetWants, receiptTopicName, receiptWants, receiptNames, observers }
}
