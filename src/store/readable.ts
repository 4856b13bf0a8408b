/**
 * What is at rest as plain values for JSON: bytes as text where they are text, else in base64. Everything that is stored
 * about a record or a snapshot is in it.
 */
import { isUtf8 } from 'node:buffer'
import type { CoreRecord, Seq } from '../core/record.ts'
import type { Snapshot } from '../core/rest/snapshot-round.ts'

export type Readable = null | boolean | number | string | readonly Readable[] | { readonly [name: string]: Readable }

export function readableRecord(seq: Seq, record: CoreRecord): { readonly [name: string]: Readable } {
  if (record.type !== 'message') return { seq, ...readableFields(record) }
  const { message, type, ...rest } = record
  const { publish, receivedMs } = message
  const { topicName, qos, retain, properties, payload } = publish
  return { seq, type, receivedMs, ...readableFields({ topicName, qos, retain, properties, payload, ...rest }) }
}

export function readableSnapshot(at: Seq, snapshot: Snapshot): { readonly [name: string]: Readable } {
  return { at, ...readableFields(snapshot) }
}

function readableFields(fields: object): { [name: string]: Readable } {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, readable(value)]))
}

function readable(value: unknown): Readable {
  if (value instanceof Uint8Array) return readableBytes(value)
  if (Array.isArray(value)) return value.map(readable)
  if (typeof value === 'object' && value !== null) return readableFields(value)
  // JSON has no Infinity: it stands for "never".
  if (value === Number.POSITIVE_INFINITY) return 'never'
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value
  return null
}

function readableBytes(bytes: Uint8Array): Readable {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return isUtf8(buffer) ? buffer.toString('utf8') : { base64: buffer.toString('base64') }
}
