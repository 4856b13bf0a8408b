/**
 * Packets written by hand, as hexadecimal digits, for what no encoder would write; and what the broker makes of them.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { TestBroker } from './test-broker.ts'

/** A UTF-8 Encoded String or Binary Data: its length, then its bytes. */
export function field(value: string | Buffer): string {
  const bytes = Buffer.from(value)
  return bytes.length.toString(16).padStart(4, '0') + bytes.toString('hex')
}

/** Everything of a packet but its Remaining Length; `parts` may have blanks. */
export function packet(first: string, ...parts: string[]): string {
  return first + sized(parts.join(''))
}

/**
 * CONNECT with Keep Alive 0; `payload` begins with the Client Identifier. `properties` are those of 5.0 without their
 * length, which other versions leave out.
 */
export function connectPacket(version: number, flags: number, payload: string, properties = '', name = 'MQTT'): string {
  return packet('10', field(name), byte(version), byte(flags), '0000', version === 5 ? sized(properties) : '', payload)
}

/** Behind its length, a Variable Byte Integer of one byte. */
export function sized(digits: string): string {
  const packed = digits.replaceAll(' ', '')
  const size = packed.length / 2
  if (size > 127) throw new RangeError(`${size} bytes need a longer length`)
  return byte(size) + packed
}

function byte(value: number): string {
  return value.toString(16).padStart(2, '0')
}

/** What comes of a first packet: the CONNACK's code, or `closed` without one. A refusal must be followed by the close. */
export async function outcome(broker: TestBroker, version: 4 | 5, digits: string): Promise<number | 'closed'> {
  using client = await broker.open(version)
  client.sendBytes(digits)
  const connack = await client.nextOrClosed('connack')
  if (connack === null) return 'closed'
  if (connack.reasonCode !== 0) await client.closed()
  return connack.reasonCode
}

/** A malformed CONNECT: 5.0 is told so, 3.1.1 has no return code for it. */
export async function assertMalformed(broker: TestBroker, version: 4 | 5, digits: string): Promise<void> {
  assert.equal(await outcome(broker, version, digits), version === 5 ? 0x81 : 'closed', digits)
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
