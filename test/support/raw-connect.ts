/**
 * CONNECT packets as bytes, for those that no encoder would write, and what the broker makes of them.
 */
import type { TestBroker } from './test-broker.ts'

/** A UTF-8 Encoded String, or Binary Data, in hexadecimal digits. */
export function text(value: string): string {
  const bytes = Buffer.from(value)
  return bytes.length.toString(16).padStart(4, '0') + bytes.toString('hex')
}

/** A CONNECT packet with any Connect Flags and payload; `properties` counts in 5.0 only. */
export function rawConnect(version: number, flags: number, payload: string, properties = '00', name = 'MQTT'): string {
  const hex = (value: number) => value.toString(16).padStart(2, '0')
  const body = `${text(name)}${hex(version)}${hex(flags)}0000${version === 5 ? properties : ''}${payload}`
  return `10${hex(body.length / 2)}${body}`
}

/** What comes of a first packet: the CONNACK's code, or `closed` without one. A refusal must be followed by the close. */
export async function outcome(broker: TestBroker, version: 4 | 5, bytes: string): Promise<number | 'closed'> {
  using client = await broker.open(version)
  client.sendBytes(bytes)
  const connack = await client.nextOrClosed('connack')
  if (connack === null) return 'closed'
  if (connack.reasonCode !== 0) await client.closed()
  return connack.reasonCode
}
