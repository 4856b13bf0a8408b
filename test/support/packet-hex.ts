/**
 * Packets written by hand, as hexadecimal digits: for what the encoder would not write.
 */
import { once } from 'node:events'
import { connect } from 'node:net'

/** A string or binary field: its length, then its bytes. */
export function field(value: string | Buffer): string {
  const bytes = Buffer.from(value)
  return bytes.length.toString(16).padStart(4, '0') + bytes.toString('hex')
}

/** Everything of a packet but its Remaining Length, which is at most 127 bytes here. */
export function packet(first: string, ...parts: string[]): string {
  const body = parts.join('').replaceAll(' ', '')
  return first + (body.length / 2).toString(16).padStart(2, '0') + body
}

/** Sends digits to a broker; resolves with all it has said once it closes. */
export async function exchange(url: string, digits: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.write(Buffer.from(digits.replaceAll(' ', ''), 'hex'))
  await once(socket, 'close')
  return Buffer.concat(chunks).toString('hex')
}
