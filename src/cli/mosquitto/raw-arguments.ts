/**
 * The arguments byte for byte: Node hands them over as text, in which what is not UTF-8 is lost.
 */
import { readFileSync } from 'node:fs'

/** `texts` are the last of the process's arguments. Where the system does not tell their bytes, they are taken as UTF-8. */
export function argumentBytes(texts: readonly string[]): Buffer[] {
  const fromTexts = texts.map((text) => Buffer.from(text))
  if (!texts.some((text) => text.includes('\ufffd'))) return fromTexts
  let commandLine: Buffer
  try {
    commandLine = readFileSync('/proc/self/cmdline')
  } catch {
    // Only Linux has this file.
    return fromTexts
  }
  const words = splitAtZero(commandLine).slice(-texts.length)
  return words.length === texts.length ? words : fromTexts
}

function splitAtZero(bytes: Buffer): Buffer[] {
  const words: Buffer[] = []
  let start = 0
  for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, start)) {
    words.push(bytes.subarray(start, end))
    start = end + 1
  }
  return words
}
