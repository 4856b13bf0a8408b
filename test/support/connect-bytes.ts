/**
 * CONNECT packets in hexadecimal digits: with any Connect Flags, properties and payload, possible or not.
 */

/** A UTF-8 Encoded String. */
export function text(value: string): string {
  const bytes = Buffer.from(value)
  return bytes.length.toString(16).padStart(4, '0') + bytes.toString('hex')
}

/** `properties` are those of 5.0 without their length, which 3.1.1 leaves out. */
export function connectBytes(version: number, flags: number, payload: string, properties = ''): string {
  const section = version === 5 ? sized(properties) : ''
  return `10${sized(`${text('MQTT')}${byte(version)}${byte(flags)}0000${section}${payload}`)}`
}

/** Behind its length, a Variable Byte Integer of one byte. */
function sized(digits: string): string {
  const size = digits.length / 2
  if (size > 127) throw new RangeError(`${size} bytes need a longer length`)
  return byte(size) + digits
}

function byte(value: number): string {
  return value.toString(16).padStart(2, '0')
}
