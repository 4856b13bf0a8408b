/**
 * What is owed for messages, as bytes: docs/disk-format.md.
 */
import type { Seq } from '../core/record.ts'
import type { NamedCopy, NotedFate, OwedSnapshot } from '../core/rest/owed-snapshot.ts'
import type { ByteWriter } from '../protocol/byte-writer.ts'
import { CorruptError, numberSizeMax, type RestReader, writeNumber, writeText } from './rest-bytes.ts'

/** Their places are their bytes; never used for anything else. */
const fates = [
  'acknowledged',
  'sentQos0',
  'expired',
  'sessionEnded',
  'droppedTooLarge',
  'droppedOffline',
  'droppedSlow',
  'droppedQueueFull',
  'deadLettered',
  'brokerRestarted',
  'refusedByClient',
  'droppedByOperator',
  'accessRevoked',
] as const satisfies readonly NotedFate[]

export function fateByte(fate: NotedFate): number {
  return fates.indexOf(fate)
}

export function readFate(byte: number): NotedFate {
  const fate = fates[byte]
  if (fate === undefined) throw new CorruptError('a fate of a copy that this version does not know')
  return fate
}

/** Makes room itself. */
export function writeOwed(writer: ByteWriter, owed: OwedSnapshot): void {
  writer.ensure(1 + 3 * numberSizeMax)
  writer.writeByte((owed.owesReceipt ? 1 : 0) | (owed.owesAcknowledgement ? 2 : 0))
  writeNumber(writer, owed.matched)
  writeNumber(writer, owed.deliveredAtMs)
  writeNumber(writer, owed.counts.length)
  for (const { fate, copies } of owed.counts) {
    writer.ensure(1 + numberSizeMax)
    writer.writeByte(fateByte(fate))
    writeNumber(writer, copies)
  }
  writer.ensure(numberSizeMax)
  writeNumber(writer, owed.named.length)
  for (const copy of owed.named) {
    writer.ensure(1 + numberSizeMax)
    writer.writeByte(fateByte(copy.fate))
    writeNumber(writer, copy.atMs)
    writeText(writer, copy.account)
    writeText(writer, copy.clientIdentifier)
  }
}

export function readOwed(reader: RestReader, message: Seq): OwedSnapshot {
  const bits = reader.readByte()
  const matched = reader.readNumber()
  const deliveredAtMs = reader.readNumber()
  const counts: { fate: NotedFate; copies: number }[] = []
  for (let left = reader.readNumber(); left > 0; left--) {
    counts.push({ fate: readFate(reader.readByte()), copies: reader.readNumber() })
  }
  const named: NamedCopy[] = []
  for (let left = reader.readNumber(); left > 0; left--) {
    const fate = readFate(reader.readByte())
    const atMs = reader.readNumber()
    const account = reader.readText()
    named.push({ fate, atMs, account, clientIdentifier: reader.readText() })
  }
  const owesReceipt = (bits & 1) !== 0
  return { message, matched, deliveredAtMs, owesReceipt, owesAcknowledgement: (bits & 2) !== 0, counts, named }
}
