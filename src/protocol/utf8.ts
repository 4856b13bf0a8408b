/**
 * UTF-8 Encoded Strings, section 1.5.4 of MQTT 5.0: well-formed, no surrogates, no U+0000; a byte order mark stays.
 */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const stringBytesMax = 65_535

/** Whether a UTF-8 Encoded String can carry the text: 65,535 bytes at most, no half of a surrogate pair, no U+0000. */
export function isEncodable(text: string): boolean {
  return Buffer.byteLength(text) <= stringBytesMax && text.isWellFormed() && !text.includes('\u0000')
}

/** The text, or null if the bytes are not what MQTT allows [MQTT-1.5.4-1] [MQTT-1.5.4-2]. */
export function decodeUtf8(bytes: Buffer, start: number, end: number): string | null {
  const text = bytes.toString('utf8', start, end)
  if (text.includes('\u0000')) return null
  // It stands for what is ill-formed, if it was not there.
  if (!text.includes('\ufffd')) return text
  try {
    return decoder.decode(bytes.subarray(start, end))
  } catch {
    // The decoder's only complaint is ill-formed bytes, and that is the answer.
    return null
  }
}
