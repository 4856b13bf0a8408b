/**
 * JSON as `%J` reads it and `%j` and `%J` write it: objects keep their order and their repeated names, numbers print with
 * 15 digits where that is exact enough and 17 where not, and bytes that are not UTF-8 pass through.
 *
 * Text is Latin-1 here: one character is one byte of the message.
 */
export type JsonValue =
  | { readonly type: 'literal'; readonly text: 'null' | 'true' | 'false' }
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'string'; readonly bytes: string }
  | { readonly type: 'array'; readonly items: readonly JsonValue[] }
  | { readonly type: 'object'; readonly members: readonly JsonMember[] }

export type JsonMember = readonly [name: string, value: JsonValue]

export const jsonNull: JsonValue = { type: 'literal', text: 'null' }

export function jsonString(bytes: string): JsonValue {
  return { type: 'string', bytes }
}

export function jsonNumber(value: number): JsonValue {
  return { type: 'number', value }
}

const depthMax = 1000

/** The value in `payload`, or null if it is not JSON. */
export function parseJson(payload: Buffer): JsonValue | null {
  if (payload.includes(0)) return null
  const reader = new JsonReader(payload.toString('latin1').replace(/^\xef\xbb\xbf/, ''))
  const value = reader.readValue(0)
  reader.skipSpace()
  return value !== null && reader.isAtEnd ? value : null
}

const simpleEscapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/** Every method answers null for text that is not JSON. */
class JsonReader {
  readonly #text: string
  #position = 0

  constructor(text: string) {
    this.#text = text
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#text.length
  }

  /** Every character up to the blank counts as space. */
  skipSpace(): void {
    while (!this.isAtEnd && this.#text.charCodeAt(this.#position) <= 32) this.#position += 1
  }

  readValue(depth: number): JsonValue | null {
    this.skipSpace()
    const first = this.#text[this.#position]
    if (first === '"') {
      const bytes = this.#readString()
      return bytes === null ? null : jsonString(bytes)
    }
    if (first === '[') return this.#readArray(depth + 1)
    if (first === '{') return this.#readObject(depth + 1)
    for (const text of ['null', 'true', 'false'] as const) {
      if (this.#take(text)) return { type: 'literal', text }
    }
    const number = /^-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?/.exec(this.#text.slice(this.#position, this.#position + 64))
    if (number === null) return null
    this.#position += number[0].length
    return jsonNumber(Number(number[0]))
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#position)) return false
    this.#position += text.length
    return true
  }

  #readArray(depth: number): JsonValue | null {
    if (depth > depthMax) return null
    this.#position += 1
    const items: JsonValue[] = []
    this.skipSpace()
    if (this.#take(']')) return { type: 'array', items }
    do {
      const item = this.readValue(depth)
      if (item === null) return null
      items.push(item)
      this.skipSpace()
    } while (this.#take(','))
    return this.#take(']') ? { type: 'array', items } : null
  }

  #readObject(depth: number): JsonValue | null {
    if (depth > depthMax) return null
    this.#position += 1
    const members: JsonMember[] = []
    this.skipSpace()
    if (this.#take('}')) return { type: 'object', members }
    do {
      this.skipSpace()
      const name = this.#text[this.#position] === '"' ? this.#readString() : null
      this.skipSpace()
      if (name === null || !this.#take(':')) return null
      const value = this.readValue(depth)
      if (value === null) return null
      members.push([name, value])
      this.skipSpace()
    } while (this.#take(','))
    return this.#take('}') ? { type: 'object', members } : null
  }

  /** Ends at U+0000, where a C string ends. */
  #readString(): string | null {
    this.#position += 1
    let bytes = ''
    while (!this.isAtEnd) {
      const character = this.#text[this.#position] ?? ''
      this.#position += 1
      if (character === '"') return bytes.split('\0', 1)[0] ?? ''
      if (character !== '\\') {
        bytes += character
        continue
      }
      const escaped = this.#readEscape()
      if (escaped === null) return null
      bytes += escaped
    }
    return null
  }

  #readEscape(): string | null {
    const letter = this.#text[this.#position] ?? ''
    this.#position += 1
    if (letter !== 'u') return simpleEscapes[letter] ?? null
    const first = this.#readCodeUnit()
    if (first === null || (first >= 0xdc00 && first <= 0xdfff)) return null
    if (first < 0xd800 || first > 0xdbff) return Buffer.from(String.fromCharCode(first)).toString('latin1')
    if (!this.#take('\\u')) return null
    const second = this.#readCodeUnit()
    if (second === null || second < 0xdc00 || second > 0xdfff) return null
    return Buffer.from(String.fromCharCode(first, second)).toString('latin1')
  }

  #readCodeUnit(): number | null {
    const digits = this.#text.slice(this.#position, this.#position + 4)
    this.#position += 4
    return /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : null
  }
}

/** Latin-1 text of `value`: on one line, or with tabs and line ends. */
export function printJson(value: JsonValue, isPretty: boolean, depth = 0): string {
  switch (value.type) {
    case 'literal':
      return value.text
    case 'number':
      return printNumber(value.value)
    case 'string':
      return printString(value.bytes)
    case 'array': {
      const items = value.items.map((item) => printJson(item, isPretty, depth + 1))
      return `[${items.join(isPretty ? ', ' : ',')}]`
    }
    case 'object':
      return isPretty ? printPrettyObject(value.members, depth) : printPlainObject(value.members)
  }
}

function printPlainObject(members: readonly JsonMember[]): string {
  return `{${members.map(([name, value]) => `${printString(name)}:${printJson(value, false)}`).join(',')}}`
}

function printPrettyObject(members: readonly JsonMember[], depth: number): string {
  const indent = '\t'.repeat(depth + 1)
  const lines = members.map(([name, value]) => `${indent}${printString(name)}:\t${printJson(value, true, depth + 1)}`)
  return `{\n${lines.join(',\n')}${lines.length > 0 ? '\n' : ''}${'\t'.repeat(depth)}}`
}

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

function printString(bytes: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what has to be escaped.
  const escaped = bytes.replace(/["\\\u0000-\u001f]/g, (character) => {
    return shortEscapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
  return `"${escaped}"`
}

function printNumber(value: number): string {
  if (!Number.isFinite(value)) return 'null'
  const short = printGeneral(value, 15)
  const difference = Math.abs(Number(short) - value)
  return difference <= Math.abs(value) * Number.EPSILON ? short : printGeneral(value, 17)
}

/** C's `%g` with `digits` significant digits. */
function printGeneral(value: number, digits: number): string {
  const [mantissa = '', exponentText = '0'] = value.toExponential(digits - 1).split('e')
  const exponent = Number(exponentText)
  const sign = Object.is(value, -0) ? '-' : ''
  if (exponent < -4 || exponent >= digits) {
    const two = String(Math.abs(exponent)).padStart(2, '0')
    return `${sign}${withoutZeros(mantissa)}e${exponent < 0 ? '-' : '+'}${two}`
  }
  return sign + withoutZeros(value.toFixed(Math.max(0, digits - 1 - exponent)))
}

function withoutZeros(text: string): string {
  return text.includes('.') ? text.replace(/(?:\.|(?<!0))0+$/, '') : text
}
