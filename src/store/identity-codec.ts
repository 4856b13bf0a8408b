/**
 * Whose something is, as bytes: account and Client Identifier (docs/disk-format.md).
 */
import type { Identity } from '../core/access/access-policy.ts'
import type { ByteWriter } from '../protocol/byte-writer.ts'
import { type RestReader, writeText } from './rest-bytes.ts'

/** Makes room itself. */
export function writeIdentity(writer: ByteWriter, { account, clientIdentifier }: Identity): void {
  writeText(writer, account)
  writeText(writer, clientIdentifier)
}

export function readIdentity(reader: RestReader): Identity {
  const account = reader.readText()
  return { account, clientIdentifier: reader.readText() }
}
