/**
 * What each flag does with its value. The texts of mistakes are those of mosquitto-clients 2.0.11.
 */
import { isUtf8 } from 'node:buffer'
import type { Qos, RetainHandling } from '../../protocol/control-packet.ts'
import type { FlagValue, Switch, ValueFlag } from './flag.ts'
import type { Invocation, Tool } from './invocation.ts'
import { leadingFloat, leadingInteger, timerMs } from './numbers.ts'
import type { MessageMode, Options, TlsOptions } from './options.ts'
import { parseFormat } from './output-format.ts'
import { isTopicFilter, isTopicName } from './topics.ts'
import { parseBrokerUrl, parseProxyUrl } from './url-flag.ts'
import { HelpRequest, UsageError } from './usage-error.ts'

/** The fields of `Fields` that hold a `Value`. */
type KeysOf<Fields, Value> = { [Key in keyof Fields]: Value extends Fields[Key] ? Key : never }[keyof Fields]

export function on(key: KeysOf<Options, boolean>): Switch['turnOn'] {
  return (options) => void Object.assign(options, { [key]: true })
}

export function tlsOn(key: KeysOf<TlsOptions, boolean>): Switch['turnOn'] {
  return ({ tls }) => void Object.assign(tls, { [key]: true })
}

export function text(key: KeysOf<Options, string>): ValueFlag['set'] {
  return (options, value) => void Object.assign(options, { [key]: value.text })
}

export function tlsText(key: KeysOf<TlsOptions, string>): ValueFlag['set'] {
  return ({ tls }, value) => void Object.assign(tls, { [key]: value.text })
}

export function bytes(key: KeysOf<Options, Buffer>): ValueFlag['set'] {
  return (options, value) => void Object.assign(options, { [key]: value.bytes })
}

export function keepSession(options: Options): void {
  options.cleanStart = false
}

export function joinLines(options: Options): void {
  options.endsLines = false
}

export function setProxy(options: Options, { text }: FlagValue): void {
  options.proxy = parseProxyUrl(text)
}

export function askFor(request: 'help' | 'version'): never {
  throw new HelpRequest(request)
}

export function setPort(options: Options, { text }: FlagValue): void {
  const port = leadingInteger(text)
  if (port < 0 || port > 65_535) throw new UsageError(`Error: Invalid port given: ${port}\n`)
  options.port = port
}

export function setUrl(options: Options, { text }: FlagValue, { tool, isDropIn }: Invocation): void {
  const url = parseBrokerUrl(text, !isDropIn)
  options.host = url.host
  options.port = url.port ?? (url.webSocket ? (url.isSecure ? 443 : 80) : url.isSecure ? 8883 : 1883)
  if (url.isSecure) options.tls.useOperatingSystemCertificates = true
  if (url.webSocket) options.webSocket = true
  if (url.userName !== null) options.userName = Buffer.from(url.userName)
  if (url.password !== null) options.password = Buffer.from(url.password)
  addTopic(options, { text: url.topic, bytes: Buffer.from(url.topic) }, tool)
}

export function addTopic(options: Options, value: FlagValue, tool: Tool): void {
  checkUtf8(value, '-t')
  if (tool === 'sub') {
    if (!isTopicFilter(value.text)) throw wrongFilter('subscription', value.text)
    options.topicFilters.push(value.text)
    return
  }
  if (!isTopicName(value.text)) {
    throw new UsageError(`Error: Invalid publish topic '${value.text}', does it contain '+' or '#'?\n`)
  }
  options.topicName = value.text
}

export function addFilterOut(options: Options, value: FlagValue): void {
  checkUtf8(value, '-T')
  if (!isTopicFilter(value.text)) throw wrongFilter('filter', value.text)
  options.filtersOut.push(value.text)
}

export function addUnsubscribe(options: Options, value: FlagValue): void {
  checkUtf8(value, '-U')
  if (!isTopicFilter(value.text)) throw wrongFilter('unsubscribe', value.text)
  options.unsubscribeFilters.push(value.text)
}

export function setResponseTopic(options: Options, value: FlagValue): void {
  checkUtf8(value, '-e')
  if (!isTopicName(value.text)) {
    throw new UsageError(`Error: Invalid response topic '${value.text}', does it contain '+' or '#'?\n`)
  }
  options.responseTopic = value.text
}

export function setWillTopic(options: Options, value: FlagValue): void {
  checkUtf8(value, '--will-topic')
  if (!isTopicName(value.text)) {
    throw new UsageError(`Error: Invalid will topic '${value.text}', does it contain '+' or '#'?\n`)
  }
  options.willTopicName = value.text
}

function checkUtf8({ bytes }: FlagValue, name: string): void {
  if (!isUtf8(bytes)) throw new UsageError(`Error: Malformed UTF-8 in ${name} argument.\n\n`)
}

function wrongFilter(kind: string, filter: string): UsageError {
  return new UsageError(`Error: Invalid ${kind} topic '${filter}', are all '+' and '#' wildcards correct?\n`)
}

export function setId(options: Options, { bytes }: FlagValue): void {
  if (options.clientIdentifierPrefix !== null) throw twoIds()
  options.clientIdentifier = bytes
}

export function setIdPrefix(options: Options, { text }: FlagValue): void {
  if (options.clientIdentifier !== null) throw twoIds()
  options.clientIdentifierPrefix = text
}

function twoIds(): UsageError {
  return new UsageError('Error: -i and -I argument cannot be used together.\n\n')
}

export function setKeepAlive(options: Options, { text }: FlagValue): void {
  const seconds = leadingInteger(text)
  if (seconds < 5 || seconds > 65_535) {
    throw new UsageError('Error: Invalid keepalive given, it must be between 5 and 65535 inclusive.\n\n')
  }
  options.keepAliveSeconds = seconds
}

const versions: Readonly<Record<string, 3 | 4 | 5>> = {
  mqttv31: 3,
  '31': 3,
  mqttv311: 4,
  '311': 4,
  mqttv5: 5,
  '5': 5,
}

export function setVersion(options: Options, { text }: FlagValue): void {
  const version = Object.hasOwn(versions, text) ? versions[text] : undefined
  if (version === undefined) throw new UsageError('Error: Invalid protocol version argument given.\n\n')
  options.protocolVersion = version
}

export function setSessionExpiry(options: Options, { text }: FlagValue): void {
  if (text === '∞') {
    options.sessionExpiryInterval = 0xffff_ffff
    return
  }
  if (!/^\s*[+-]?\d+$/.test(text)) throw new UsageError('Error: session-expiry-interval not a number.\n\n')
  const seconds = Number(text)
  if (seconds < -1 || seconds > 0xffff_ffff) throw new UsageError('Error: session-expiry-interval out of range.\n\n')
  options.sessionExpiryInterval = seconds === -1 ? 0xffff_ffff : seconds
}

export function setInFlightMax(options: Options, { text }: FlagValue): void {
  const count = leadingInteger(text)
  if (count < 1) throw new UsageError('Error: Maximum inflight messages must be greater than 0.\n\n')
  options.inFlightMax = count
}

function readQos(text: string): { qos: Qos } | { wrong: number } {
  const qos = leadingInteger(text)
  return qos === 0 || qos === 1 || qos === 2 ? { qos } : { wrong: qos }
}

export function setQos(options: Options, { text }: FlagValue): void {
  const read = readQos(text)
  if ('wrong' in read) throw new UsageError(`Error: Invalid QoS given: ${read.wrong}\n`)
  options.qos = read.qos
}

export function setWillQos(options: Options, { text }: FlagValue): void {
  const read = readQos(text)
  if ('wrong' in read) throw new UsageError(`Error: Invalid will QoS ${read.wrong}.\n\n`)
  options.willQos = read.qos
}

export function setMode(options: Options, mode: MessageMode): void {
  if (options.messageMode !== 'none') {
    throw new UsageError('Error: Only one type of message can be sent at once.\n\n')
  }
  options.messageMode = mode
}

export function setMessage(options: Options, { bytes }: FlagValue): void {
  setMode(options, 'message')
  options.message = bytes
}

export function setMessageFile(options: Options, { text }: FlagValue): void {
  setMode(options, 'file')
  options.messageFile = text
}

export function setRepeat(options: Options, { text }: FlagValue): void {
  const count = leadingInteger(text)
  if (count < 1) throw new UsageError('Error: --repeat argument must be >0.\n\n')
  options.repeatCount = count
}

export function setRepeatDelay(options: Options, { text }: FlagValue): void {
  const seconds = leadingFloat(text)
  if (seconds < 0) throw new UsageError('Error: --repeat-delay argument must be >=0.0.\n\n')
  options.repeatDelayMs = timerMs(seconds)
}

export function setFormat(options: Options, { bytes }: FlagValue, { isDropIn }: Invocation): void {
  parseFormat(bytes, isDropIn)
  options.format = bytes
}

export function setTimeoutSeconds(options: Options, { text }: FlagValue): void {
  const seconds = leadingInteger(text)
  if (seconds < 1) throw new UsageError(`Error: Invalid timeout "${seconds}".\n\n`)
  options.timeoutSeconds = seconds
}

export function askReceipt(wants: 'delivered' | 'all'): Switch['turnOn'] {
  return (options) => {
    options.receipt = wants
  }
}

export function setReceiptTimeout(options: Options, { text }: FlagValue): void {
  const seconds = leadingInteger(text)
  if (seconds < 1 || seconds > 86_400) {
    throw new UsageError(`Error: Invalid receipt timeout "${text}": give 1 to 86400 seconds.\n\n`)
  }
  options.receiptTimeoutSeconds = seconds
}

export function setCount(options: Options, { text }: FlagValue): void {
  const count = leadingInteger(text)
  if (count < 1) throw new UsageError(`Error: Invalid message count "${count}".\n\n`)
  options.messageCount = count
}

export function setRandomFilter(options: Options, { text }: FlagValue): void {
  const chance = Math.trunc(leadingFloat(text) * 10)
  if (chance > 10_000 || chance < 1) {
    throw new UsageError('Error: --random-filter chance must be between 0.1-100.0\n\n')
  }
  options.randomFilter = chance
}

export function setJsonShape(options: Options, { text }: FlagValue): void {
  if (text !== '2.0' && text !== '2.1') throw new UsageError('Error: --json-compat must be 2.0 or 2.1.\n\n')
  options.jsonShape = text
}

const retainHandlings: Readonly<Record<string, RetainHandling>> = {
  always: 0,
  '0': 0,
  new: 1,
  '1': 1,
  never: 2,
  '2': 2,
}

export function setRetainHandling(options: Options, { text }: FlagValue): void {
  const handling = Object.hasOwn(retainHandlings, text) ? retainHandlings[text] : undefined
  if (handling === undefined) {
    throw new UsageError('Error: --retain-handling must be always, new or never (0, 1 or 2).\n\n')
  }
  options.retainHandling = handling
}
