/**
 * Records about Sessions and their Subscriptions as bytes: docs/disk-format.md.
 */
import type { CoreRecord } from '../core/record.ts'
import type { ByteWriter } from '../protocol/byte-writer.ts'
import type { RetainHandling, SubscriptionOptions } from '../protocol/control-packet.ts'
import { qosOf, readWill, writeWill } from './publish-codec.ts'
import { CorruptError, numberSizeMax, type RestReader, writeNumber, writeNumbers, writeText } from './rest-bytes.ts'

export type SessionRecord = Extract<CoreRecord, { type: `session-${string}` | 'subscribed' | 'unsubscribed' }>

/** Its type stands before them. */
export function writeSessionFields(writer: ByteWriter, record: SessionRecord): void {
  switch (record.type) {
    case 'session-created':
      writeNumber(writer, record.sessionExpiryInterval)
      writeNumber(writer, record.atMs)
      writeText(writer, record.account)
      writeText(writer, record.clientIdentifier)
      writeWill(writer, record.will)
      return
    case 'session-resumed':
      writeNumber(writer, record.session)
      writeNumber(writer, record.sessionExpiryInterval)
      writeWill(writer, record.will)
      return
    case 'session-disconnected':
      writeNumber(writer, record.session)
      writeNumber(writer, record.sessionExpiryInterval)
      writeNumber(writer, record.willPending ? 1 : 0)
      writeNumber(writer, record.sentThrough)
      writeNumber(writer, record.atMs)
      writeNumbers(writer, record.sent)
      return
    case 'session-ended':
      writeNumber(writer, record.session)
      return
    case 'session-groups':
      writeNumber(writer, record.session)
      writeGroups(writer, record.groups)
      return
    case 'subscribed':
      writeNumber(writer, record.session)
      writer.writeByte(optionBits(record.options))
      writeNumber(writer, record.subscriptionIdentifier)
      writeNumber(writer, record.atMs)
      writeText(writer, record.topicFilter)
      return
    case 'unsubscribed':
      writeNumber(writer, record.session)
      writeText(writer, record.topicFilter)
  }
}

export function readSessionRecord(reader: RestReader, type: SessionRecord['type']): CoreRecord {
  switch (type) {
    case 'session-created': {
      const sessionExpiryInterval = reader.readNumber()
      const atMs = reader.readNumber()
      const account = reader.readText()
      const clientIdentifier = reader.readText()
      return { type, account, clientIdentifier, sessionExpiryInterval, will: readWill(reader), atMs }
    }
    case 'session-resumed': {
      const session = reader.readNumber()
      return { type, session, sessionExpiryInterval: reader.readNumber(), will: readWill(reader) }
    }
    case 'session-disconnected': {
      const session = reader.readNumber()
      const sessionExpiryInterval = reader.readNumber()
      const willPending = reader.readNumber() === 1
      const sentThrough = reader.readNumber()
      return {
        type,
        session,
        sessionExpiryInterval,
        willPending,
        sentThrough,
        atMs: reader.readNumber(),
        sent: reader.readNumbers(),
      }
    }
    case 'session-ended':
      return { type, session: reader.readNumber() }
    case 'session-groups':
      return { type, session: reader.readNumber(), groups: readGroups(reader) }
    case 'subscribed': {
      const session = reader.readNumber()
      const options = readOptions(reader.readByte())
      const subscriptionIdentifier = reader.readNumber()
      const atMs = reader.readNumber()
      return { type, session, topicFilter: reader.readText(), options, subscriptionIdentifier, atMs }
    }
    case 'unsubscribed':
      return { type, session: reader.readNumber(), topicFilter: reader.readText() }
  }
}

/** Subscription Options in one byte. */
export function optionBits({ qos, noLocal, retainAsPublished, retainHandling }: SubscriptionOptions): number {
  return qos | (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0) | (retainHandling << 4)
}

export function readOptions(bits: number): SubscriptionOptions {
  const handling = bits >> 4
  if (handling > 2) throw new CorruptError(`a Retain Handling of ${handling}`)
  // Just checked.
  const retainHandling = handling as RetainHandling
  return { qos: qosOf(bits), noLocal: (bits & 4) !== 0, retainAsPublished: (bits & 8) !== 0, retainHandling }
}

/** Makes room itself. */
export function writeGroups(writer: ByteWriter, groups: readonly string[]): void {
  writer.ensure(numberSizeMax)
  writeNumber(writer, groups.length)
  for (const group of groups) writeText(writer, group)
}

export function readGroups(reader: RestReader): string[] {
  const count = reader.readNumber()
  const groups: string[] = []
  while (groups.length < count) groups.push(reader.readText())
  return groups
}
