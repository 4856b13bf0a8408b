/**
 * What sub and rr print for a message: the payload, `topic payload`, or the user's format.
 *
 * Lines are built as Latin-1, one character a byte, so that payloads that are no text pass through unharmed.
 */
import { printFloatPayload } from './float-payload.ts'
import { latin1, messageJson, messageJsonWithJsonPayload } from './message-json.ts'
import type { Options } from './options.ts'
import { type Field, type FormatPart, parseFormat } from './output-format.ts'
import { type Moment, presentMoment, type ReceivedMessage } from './received-message.ts'
import { strftime } from './strftime.ts'

export interface PrintedMessage {
  /** For standard output. */
  readonly bytes: Buffer
  /** For standard error; empty most of the time. */
  readonly complaint: string
}

type PrinterOptions = Pick<Options, 'format' | 'isVerbose' | 'isPretty' | 'endsLines' | 'jsonShape'>

export class MessagePrinter {
  readonly #options: PrinterOptions
  readonly #parts: readonly FormatPart[] | null
  /** Debian's tool cuts a payload to the field's width, and in hexadecimal to half its bytes; ours does not. */
  readonly #cutsPayloads: boolean
  #complaint = ''

  /** @throws UsageError if the format is not valid. */
  constructor(options: PrinterOptions, isDropIn: boolean) {
    this.#options = options
    this.#parts = options.format === null ? null : parseFormat(options.format, isDropIn)
    this.#cutsPayloads = isDropIn
  }

  print(message: ReceivedMessage, moment: Moment = presentMoment()): PrintedMessage {
    const { isVerbose, endsLines } = this.#options
    const end = endsLines ? '\n' : ''
    if (this.#parts === null) return { bytes: this.#printPlainly(message, isVerbose, end), complaint: '' }
    this.#complaint = ''
    const text = this.#parts.map((part) => this.#printPart(part, message, moment)).join('')
    return { bytes: Buffer.from(text + end, 'latin1'), complaint: this.#complaint }
  }

  #printPlainly(message: ReceivedMessage, isVerbose: boolean, end: string): Buffer {
    const { topicName, payload } = message
    if (!isVerbose) return Buffer.concat([payload, Buffer.from(end)])
    if (payload.length === 0) return Buffer.from(end === '' ? '' : `${topicName} (null)${end}`)
    return Buffer.concat([Buffer.from(`${topicName} `), payload, Buffer.from(end)])
  }

  #printPart(part: FormatPart, message: ReceivedMessage, moment: Moment): string {
    switch (part.type) {
      case 'text':
        return part.text
      case 'time':
        return part.conversion === 'N' ? nineDigits(moment) : strftime(part.conversion, moment.date)
      case 'field':
        return this.#printField(part, message, moment)
    }
  }

  #printField(field: Field, message: ReceivedMessage, moment: Moment): string {
    const { properties, payload } = message
    switch (field.letter) {
      case '%':
        return '%'
      case 'A':
        return number(properties.topicAlias, field)
      case 'C':
        return text(properties.contentType ?? '', field)
      case 'd':
        return this.#printFloat(message, 8, field)
      case 'D':
        return Buffer.from(properties.correlationData ?? []).toString('latin1')
      case 'E':
        return number(this.#expiry(properties.messageExpiryInterval), field)
      case 'f':
        return this.#printFloat(message, 4, field)
      case 'F':
        return number(properties.payloadFormatIndicator, field)
      case 'I':
        return text(`${strftime('F', moment.date)}T${strftime('T', moment.date)}${strftime('z', moment.date)}`, field)
      case 'j':
        return messageJson(message, moment, this.#jsonOptions())
      case 'J':
        return this.#printJsonPayload(message, moment)
      case 'l':
        return number(payload.length, field)
      case 'm':
        return number(message.packetId, field)
      case 'p':
        return this.#printBytes(payload.toString('latin1'), field)
      case 'P':
        return (properties.userProperties ?? []).map(([name, value]) => latin1(`${name}:${value}`)).join(' ')
      case 'q':
        return String(message.qos)
      case 'r':
        return message.retain ? '1' : '0'
      case 'R':
        return properties.responseTopic === undefined ? '' : text(properties.responseTopic, field)
      case 'S':
        return number(properties.subscriptionIdentifiers?.[0], field)
      case 't':
        return text(message.topicName, field)
      case 'U':
        return `${strftime('s', moment.date)}.${nineDigits(moment)}`
      case 'x':
        return this.#printHex(payload.toString('hex'), field)
      case 'X':
        return this.#printHex(payload.toString('hex').toUpperCase(), field)
      default:
        return ''
    }
  }

  #jsonOptions(): { shape: '2.0' | '2.1'; isPretty: boolean } {
    return { shape: this.#options.jsonShape, isPretty: this.#options.isPretty }
  }

  #printJsonPayload(message: ReceivedMessage, moment: Moment): string {
    const json = messageJsonWithJsonPayload(message, moment, this.#jsonOptions())
    if (json !== null) return json
    this.#complaint += `Error: Message payload is not valid JSON on topic ${message.topicName}.\n`
    return ''
  }

  #printFloat({ topicName, payload }: ReceivedMessage, size: 4 | 8, field: Field): string {
    if (payload.length === size) return numeral(printFloatPayload(payload, size, field.precision), field)
    const sizes = `${payload.length} bytes, not the ${size} of %${field.letter}`
    this.#complaint += `Error: Message payload has ${sizes} on topic ${topicName}.\n`
    return ''
  }

  #printBytes(bytes: string, field: Field): string {
    return aligned(this.#cutsPayloads && field.width > 0 ? bytes.slice(0, field.width) : bytes, field)
  }

  #printHex(digits: string, field: Field): string {
    if (!this.#cutsPayloads || field.width === 0) return aligned(digits, field)
    const bytes = Math.min(Math.floor(field.width / 2), Math.floor(digits.length / 4))
    return aligned(digits.slice(0, bytes * 2), field)
  }

  /** Debian's tool prints it as a number with sign. */
  #expiry(interval: number | undefined): number | undefined {
    return this.#cutsPayloads && interval !== undefined ? interval | 0 : interval
  }
}

function number(value: number | undefined, field: Field): string {
  return numeral(value === undefined ? '' : String(value), field)
}

/** Zeros stand behind the sign, and not at all before `inf` and `nan`. */
function numeral(value: string, field: Field): string {
  if (/[a-z]/.test(value)) return aligned(value, { ...field, pad: ' ' })
  const isPaddedBehindSign = value.startsWith('-') && field.pad === '0' && !field.isLeftAligned
  return isPaddedBehindSign ? `-${value.slice(1).padStart(field.width - 1, '0')}` : aligned(value, field)
}

/** Never padded with zeros; cut to the precision, in bytes. */
function text(value: string, field: Field): string {
  const whole = latin1(value)
  const cut = field.precision < 0 ? whole : whole.slice(0, field.precision)
  return aligned(cut, { ...field, pad: ' ' })
}

function aligned(value: string, field: Field): string {
  return field.isLeftAligned ? value.padEnd(field.width, ' ') : value.padStart(field.width, field.pad)
}

function nineDigits(moment: Moment): string {
  return String(moment.nanoseconds).padStart(9, '0')
}
