/**
 * `-D command property value`: MQTT 5.0 properties from the command line, checked one by one when read and as a list
 * before the first packet is built.
 */
import { isUtf8 } from 'node:buffer'
import { leadingLong } from './numbers.ts'
import { UsageError } from './usage-error.ts'

export type PropertyCommand = 'connect' | 'publish' | 'subscribe' | 'unsubscribe' | 'disconnect' | 'will'
export type PropertyValue = number | string | Buffer | readonly [string, string]

export interface PropertyFlag {
  readonly command: PropertyCommand
  /** As the user knows it: `content-type`. */
  readonly name: string
  readonly value: PropertyValue
}

type ValueType = 'byte' | 'int16' | 'int32' | 'varint' | 'binary' | 'string' | 'pair'

/** The number each type has in the library's messages. */
const typeNumbers: Record<ValueType, number> = {
  byte: 1,
  int16: 2,
  int32: 3,
  varint: 4,
  binary: 5,
  string: 6,
  pair: 7,
}

interface KnownProperty {
  readonly type: ValueType
  /** The commands that may carry it on the wire, ours to set or not. */
  readonly commands: string
  /** The field it has in a packet's `properties`. */
  readonly key: string
}

const acknowledgements = 'puback pubrec pubrel pubcomp'
const knownProperties: Readonly<Record<string, KnownProperty>> = {
  'payload-format-indicator': { type: 'byte', commands: 'publish will', key: 'payloadFormatIndicator' },
  'message-expiry-interval': { type: 'int32', commands: 'publish will', key: 'messageExpiryInterval' },
  'content-type': { type: 'string', commands: 'publish will', key: 'contentType' },
  'response-topic': { type: 'string', commands: 'publish will', key: 'responseTopic' },
  'correlation-data': { type: 'binary', commands: 'publish will', key: 'correlationData' },
  'subscription-identifier': { type: 'varint', commands: 'publish subscribe', key: 'subscriptionIdentifier' },
  'session-expiry-interval': { type: 'int32', commands: 'connect connack disconnect', key: 'sessionExpiryInterval' },
  'assigned-client-identifier': { type: 'string', commands: 'connack', key: 'assignedClientIdentifier' },
  'server-keep-alive': { type: 'int16', commands: 'connack', key: 'serverKeepAlive' },
  'authentication-method': { type: 'string', commands: 'connect connack auth', key: 'authenticationMethod' },
  'authentication-data': { type: 'binary', commands: 'connect connack auth', key: 'authenticationData' },
  'request-problem-information': { type: 'byte', commands: 'connect', key: 'requestProblemInformation' },
  'will-delay-interval': { type: 'int32', commands: 'will', key: 'willDelayInterval' },
  'request-response-information': { type: 'byte', commands: 'connect', key: 'requestResponseInformation' },
  'response-information': { type: 'string', commands: 'connack', key: 'responseInformation' },
  'server-reference': { type: 'string', commands: 'connack disconnect', key: 'serverReference' },
  'reason-string': {
    type: 'string',
    commands: `connack ${acknowledgements} suback unsuback disconnect auth`,
    key: 'reasonString',
  },
  'receive-maximum': { type: 'int16', commands: 'connect connack', key: 'receiveMaximum' },
  'topic-alias-maximum': { type: 'int16', commands: 'connect connack', key: 'topicAliasMaximum' },
  'topic-alias': { type: 'int16', commands: 'publish', key: 'topicAlias' },
  'maximum-qos': { type: 'byte', commands: 'connack', key: 'maximumQos' },
  'retain-available': { type: 'byte', commands: 'connack', key: 'retainAvailable' },
  'user-property': {
    type: 'pair',
    commands: `connect connack publish will ${acknowledgements} subscribe suback unsubscribe unsuback disconnect auth`,
    key: 'userProperties',
  },
  'maximum-packet-size': { type: 'int32', commands: 'connect connack', key: 'maximumPacketSize' },
  'wildcard-subscription-available': { type: 'byte', commands: 'connack', key: 'wildcardSubscriptionAvailable' },
  'subscription-identifier-available': { type: 'byte', commands: 'connack', key: 'subscriptionIdentifiersAvailable' },
  'shared-subscription-available': { type: 'byte', commands: 'connack', key: 'sharedSubscriptionAvailable' },
}

const settable = new Set(['connect', 'publish', 'subscribe', 'unsubscribe', 'disconnect', 'will'])
/** Known to the library and refused with a text; `connack` alone is refused without one. */
const notSettable = new Set(['auth', ...acknowledgements.split(' ')])
const mostOf: Partial<Record<ValueType, number>> = {
  byte: 0xff,
  int16: 0xffff,
  int32: 0xffff_ffff,
  varint: 0xffff_ffff,
}
const varintMost = 268_435_455

/**
 * Reads the two, three or four words behind `-D`; `words` is everything behind it. Answers how many it took.
 * @throws UsageError
 */
export function readPropertyFlag(words: readonly Buffer[]): { flag: PropertyFlag; taken: number } {
  const [commandBytes, nameBytes, valueBytes, secondBytes] = words
  if (commandBytes === undefined || nameBytes === undefined || valueBytes === undefined) throw notEnough()
  const command = commandBytes.toString()
  const name = nameBytes.toString().toLowerCase()
  const lowerCommand = command.toLowerCase()
  if (!settable.has(lowerCommand) && !notSettable.has(lowerCommand) && lowerCommand !== 'connack') {
    throw new UsageError('Error: Invalid command given in --property argument.\n\n')
  }
  const known = Object.hasOwn(knownProperties, name) ? knownProperties[name] : undefined
  if (known === undefined) throw new UsageError('Error: Invalid property name given in --property argument.\n\n')
  if (name === 'user-property' && secondBytes === undefined) throw notEnough()
  if (!known.commands.split(' ').includes(lowerCommand)) {
    throw new UsageError(
      `Error: ${nameBytes.toString()} property not allowed for ${command} in --property argument.\n\n`,
    )
  }
  if (lowerCommand === 'connack') throw new UsageError('')
  const isIdentifierOfPublish = lowerCommand === 'publish' && name === 'subscription-identifier'
  if (notSettable.has(lowerCommand) || isIdentifierOfPublish) {
    throw new UsageError(
      `Error: ${nameBytes.toString()} property not supported for ${command} in --property argument.\n\n`,
    )
  }
  const value = readValue(known.type, nameBytes.toString(), valueBytes, secondBytes)
  // `settable` has just said so.
  return { flag: { command: lowerCommand as PropertyCommand, name, value }, taken: known.type === 'pair' ? 4 : 3 }
}

function readValue(type: ValueType, name: string, bytes: Buffer, second: Buffer | undefined): PropertyValue {
  const most = mostOf[type]
  if (most !== undefined) {
    const long = leadingLong(bytes.toString())
    if (long < 0n || long > BigInt(most)) {
      throw new UsageError(`Error: Property value (${long}) out of range for property ${name}.\n\n`)
    }
    const number = Number(long)
    if (type === 'varint' && number > varintMost) throw cannotAdd(name, type)
    return number
  }
  for (const part of [bytes, second ?? bytes]) {
    if (part.length > 0xffff) throw new UsageError(`Error: Property value too long for property ${name}.\n\n`)
    if (type !== 'binary' && !isUtf8(part)) throw cannotAdd(name, type)
  }
  if (type === 'binary') return bytes
  return type === 'pair' ? [bytes.toString(), second?.toString() ?? ''] : bytes.toString()
}

function notEnough(): UsageError {
  return new UsageError('Error: --property argument given but not enough arguments specified.\n\n')
}

function cannotAdd(name: string, type: ValueType): UsageError {
  return new UsageError(`Error adding property ${name} ${typeNumbers[type]}\n`)
}

const protocolError = 'A network protocol error occurred when communicating with the broker.'
const duplicate = 'Duplicate property in property list'
const notZero = new Set(['receive-maximum', 'maximum-packet-size', 'topic-alias'])
const zeroOrOne = new Set(['request-problem-information', 'request-response-information'])

/** What is wrong with the properties of one command taken together, or null. */
export function propertyListFault(flags: readonly PropertyFlag[]): string | null {
  const seen = new Set<string>()
  for (const { name, value } of flags) {
    if (notZero.has(name) && value === 0) return protocolError
    if (zeroOrOne.has(name) && Number(value) > 1) return protocolError
    if (name === 'user-property') continue
    if (seen.has(name)) return duplicate
    seen.add(name)
  }
  return null
}

/**
 * The `properties` of a packet. `Properties` is the packet's own interface: the table above allows only its fields for
 * `command`, with the types that interface has.
 */
export function packetProperties<Properties extends object>(
  flags: readonly PropertyFlag[],
  command: PropertyCommand,
): Properties {
  const properties: Record<string, unknown> = {}
  const pairs: (readonly [string, string])[] = []
  for (const flag of flags) {
    const known = knownProperties[flag.name]
    if (flag.command !== command || known === undefined) continue
    if (Array.isArray(flag.value)) {
      pairs.push([String(flag.value[0]), String(flag.value[1])])
      properties[known.key] = pairs
    } else if (zeroOrOne.has(flag.name)) {
      properties[known.key] = flag.value === 1
    } else {
      properties[known.key] = flag.value
    }
  }
  // The comment above says why the fields are those of `Properties`.
  return properties as Properties
}
