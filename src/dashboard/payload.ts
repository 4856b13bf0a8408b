/**
 * A payload in the ways people read one: as text, as JSON with line breaks, as bytes. Nothing in it is altered but where lines end.
 */
import type { HeldMessage } from '../admin/api-types.ts'

export type Payload = HeldMessage['payload']

export type View = 'text' | 'json' | 'hex'

const bytesPerLine = 16
const indent = '  '

/** The ways this payload can be read in; the first is the one that says most. */
export function viewsOf(payload: Payload): readonly View[] {
  if (typeof payload !== 'string') return ['hex']
  return /^\s*[[{]/.test(payload) && isJson(payload) ? ['json', 'text', 'hex'] : ['text', 'hex']
}

export function show(payload: Payload, view: View): string {
  if (view === 'hex') return hexDump(bytesOf(payload))
  // What is no text has no other view.
  if (typeof payload !== 'string') return ''
  return view === 'json' ? indentJson(payload) : payload
}

/** In one line, for a list. */
export function preview(payload: Payload, charactersMax: number): string {
  if (typeof payload === 'string') return payload.slice(0, charactersMax).replace(/\s+/g, ' ')
  const bytes = bytesOf(payload).subarray(0, charactersMax / 3)
  return [...bytes].map(hex).join(' ')
}

/** As `hexdump -C` writes it. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += bytesPerLine) {
    const part = [...bytes.subarray(at, at + bytesPerLine)]
    const characters = part.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
    const digits = part
      .map(hex)
      .join(' ')
      .padEnd(bytesPerLine * 3 - 1)
    lines.push(`${at.toString(16).padStart(6, '0')}  ${digits}  ${characters}`)
  }
  return lines.join('\n')
}

/**
 * Breaks lines and nothing else: JSON.parse and JSON.stringify would round long numbers, reorder names that are numbers, and keep only
 * one of two that are equal.
 */
export function indentJson(text: string): string {
  let depth = 0
  const newLine = (): string => `\n${indent.repeat(depth)}`
  const tokens = text.match(/"(?:\\.|[^"\\])*"|[[\]{},:]|[^\s[\]{},:"]+/g) ?? []
  let made = ''
  tokens.forEach((token, index) => {
    const before = tokens[index - 1] ?? ''
    const isOpening = token === '{' || token === '['
    const isClosing = token === '}' || token === ']'
    const wasOpening = before === '{' || before === '['
    if (isClosing) depth -= 1
    if (isClosing ? !wasOpening : wasOpening || before === ',') made += newLine()
    made += token === ':' ? ': ' : token
    if (isOpening) depth += 1
  })
  return made
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function bytesOf(payload: Payload): Uint8Array {
  if (typeof payload === 'string') return new TextEncoder().encode(payload)
  return Uint8Array.from(atob(payload.base64), (character) => character.charCodeAt(0))
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}
