/**
 * The 27 properties of MQTT 5.0, section 2.2.2, as one table that drives decoding and encoding.
 */
import { ByteReader } from './byte-reader.ts'
import { type ByteWriter, stringSize, variableByteIntegerSize } from './byte-writer.ts'
import type { UserProperties } from './control-packet.ts'
import { ProtocolViolation } from './protocol-violation.ts'
import { ReasonCode } from './reason-code.ts'

/** Who may carry a property. `will` is the Will Properties inside CONNECT. */
export type PropertyHolder =
  | 'connect'
  | 'will'
  | 'connack'
  | 'publish'
  | 'puback'
  | 'pubrec'
  | 'pubrel'
  | 'pubcomp'
  | 'subscribe'
  | 'suback'
  | 'unsubscribe'
  | 'unsuback'
  | 'disconnect'
  | 'auth'

type PropertyType = 'byte' | 'boolean' | 'uint16' | 'uint32' | 'varint' | 'varints' | 'string' | 'binary' | 'pairs'

export interface Property {
  readonly id: number
  /** The field it has in a packet's `properties`. */
  readonly key: string
  /** Its name in the standard. */
  readonly name: string
  readonly type: PropertyType
  readonly holders: readonly PropertyHolder[]
  /** Highest value of a `byte`. */
  readonly most?: number
  readonly notZero?: boolean
}

const acknowledgements = ['puback', 'pubrec', 'pubrel', 'pubcomp', 'suback', 'unsuback'] as const
const everywhere = ['connect', 'will', 'connack', 'publish', 'subscribe', 'unsubscribe', 'disconnect', 'auth'] as const

const table: readonly Property[] = [
  {
    id: 1,
    key: 'payloadFormatIndicator',
    name: 'Payload Format Indicator',
    type: 'byte',
    most: 1,
    holders: ['publish', 'will'],
  },
  {
    id: 2,
    key: 'messageExpiryInterval',
    name: 'Message Expiry Interval',
    type: 'uint32',
    holders: ['publish', 'will'],
  },
  { id: 3, key: 'contentType', name: 'Content Type', type: 'string', holders: ['publish', 'will'] },
  { id: 8, key: 'responseTopic', name: 'Response Topic', type: 'string', holders: ['publish', 'will'] },
  { id: 9, key: 'correlationData', name: 'Correlation Data', type: 'binary', holders: ['publish', 'will'] },
  {
    id: 11,
    key: 'subscriptionIdentifiers',
    name: 'Subscription Identifier',
    type: 'varints',
    notZero: true,
    holders: ['publish'],
  },
  {
    id: 11,
    key: 'subscriptionIdentifier',
    name: 'Subscription Identifier',
    type: 'varint',
    notZero: true,
    holders: ['subscribe'],
  },
  {
    id: 17,
    key: 'sessionExpiryInterval',
    name: 'Session Expiry Interval',
    type: 'uint32',
    holders: ['connect', 'connack', 'disconnect'],
  },
  { id: 18, key: 'assignedClientIdentifier', name: 'Assigned Client Identifier', type: 'string', holders: ['connack'] },
  { id: 19, key: 'serverKeepAlive', name: 'Server Keep Alive', type: 'uint16', holders: ['connack'] },
  {
    id: 21,
    key: 'authenticationMethod',
    name: 'Authentication Method',
    type: 'string',
    holders: ['connect', 'connack', 'auth'],
  },
  {
    id: 22,
    key: 'authenticationData',
    name: 'Authentication Data',
    type: 'binary',
    holders: ['connect', 'connack', 'auth'],
  },
  {
    id: 23,
    key: 'requestProblemInformation',
    name: 'Request Problem Information',
    type: 'boolean',
    holders: ['connect'],
  },
  { id: 24, key: 'willDelayInterval', name: 'Will Delay Interval', type: 'uint32', holders: ['will'] },
  {
    id: 25,
    key: 'requestResponseInformation',
    name: 'Request Response Information',
    type: 'boolean',
    holders: ['connect'],
  },
  { id: 26, key: 'responseInformation', name: 'Response Information', type: 'string', holders: ['connack'] },
  { id: 28, key: 'serverReference', name: 'Server Reference', type: 'string', holders: ['connack', 'disconnect'] },
  {
    id: 31,
    key: 'reasonString',
    name: 'Reason String',
    type: 'string',
    holders: ['connack', ...acknowledgements, 'disconnect', 'auth'],
  },
  {
    id: 33,
    key: 'receiveMaximum',
    name: 'Receive Maximum',
    type: 'uint16',
    notZero: true,
    holders: ['connect', 'connack'],
  },
  { id: 34, key: 'topicAliasMaximum', name: 'Topic Alias Maximum', type: 'uint16', holders: ['connect', 'connack'] },
  { id: 35, key: 'topicAlias', name: 'Topic Alias', type: 'uint16', notZero: true, holders: ['publish'] },
  { id: 36, key: 'maximumQos', name: 'Maximum QoS', type: 'byte', most: 1, holders: ['connack'] },
  { id: 37, key: 'retainAvailable', name: 'Retain Available', type: 'boolean', holders: ['connack'] },
  {
    id: 38,
    key: 'userProperties',
    name: 'User Property',
    type: 'pairs',
    holders: [...everywhere, ...acknowledgements],
  },
  {
    id: 39,
    key: 'maximumPacketSize',
    name: 'Maximum Packet Size',
    type: 'uint32',
    notZero: true,
    holders: ['connect', 'connack'],
  },
  {
    id: 40,
    key: 'wildcardSubscriptionAvailable',
    name: 'Wildcard Subscription Available',
    type: 'boolean',
    holders: ['connack'],
  },
  {
    id: 41,
    key: 'subscriptionIdentifiersAvailable',
    name: 'Subscription Identifier Available',
    type: 'boolean',
    holders: ['connack'],
  },
  {
    id: 42,
    key: 'sharedSubscriptionAvailable',
    name: 'Shared Subscription Available',
    type: 'boolean',
    holders: ['connack'],
  },
]

const byHolder = new Map<PropertyHolder, Map<number, Property>>()
const byKey = new Map<string, Property>()
for (const property of table) {
  byKey.set(property.key, property)
  for (const holder of property.holders) {
    const ofHolder = byHolder.get(holder) ?? new Map<number, Property>()
    ofHolder.set(property.id, property)
    byHolder.set(holder, ofHolder)
  }
}

type PropertyValue = number | boolean | string | Uint8Array | number[] | [string, string][]

/** How much of a packet may be properties. */
export interface PropertyBounds {
  /** How many, User Properties included. */
  readonly propertiesMax: number
  /** Their bytes in all; not given: as many as the packet has. */
  readonly propertiesBytesMax?: number
}

/**
 * Reads a property length and the properties, within `bounds`.
 *
 * @throws ProtocolViolation 0x81 if it is malformed, 0x82 if a property does not belong here, comes twice or has a value
 * that is not allowed, 0x95 if there are too many of them or of their bytes.
 */
export function decodeProperties<Properties extends object>(
  reader: ByteReader,
  holder: PropertyHolder,
  bounds: PropertyBounds,
): Properties {
  const size = reader.readVariableByteInteger('the Property Length')
  const found: Record<string, PropertyValue> = {}
  if (size > reader.remaining) throw reader.malformed('MQTT-4.13.1-1', 'the packet ends inside its properties')
  const { propertiesMax, propertiesBytesMax } = bounds
  if (propertiesBytesMax !== undefined && size > propertiesBytesMax) {
    const text = `${size} bytes of properties in ${holder.toUpperCase()}; at most ${propertiesBytesMax} are taken`
    throw new ProtocolViolation(ReasonCode.PacketTooLarge, 'MQTT-3.2.2-15', text, 'propertiesBytesMax')
  }
  const section = new ByteReader(reader.bytes, reader.position, reader.position + size, reader.version)
  const known = byHolder.get(holder)
  for (let count = 1; section.remaining > 0; count++) {
    if (count > propertiesMax) {
      const text = `more than ${propertiesMax} properties in ${holder.toUpperCase()}`
      throw new ProtocolViolation(ReasonCode.PacketTooLarge, 'MQTT-3.2.2-15', text, 'propertiesMax')
    }
    const id = section.readVariableByteInteger('a Property Identifier')
    const property = known?.get(id)
    if (property === undefined) {
      const text = `the property with identifier ${id} does not belong in ${holder.toUpperCase()}`
      throw new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-4.13.1-1', text)
    }
    readInto(found, property, section)
  }
  reader.position = section.end
  // The table gives each key the type that the packet's interface declares for it.
  return found as Properties
}

function readInto(found: Record<string, PropertyValue>, property: Property, reader: ByteReader): void {
  const { key, name, type } = property
  const before = found[key]
  if (type === 'pairs' || type === 'varints') {
    const list = Array.isArray(before) ? before : []
    found[key] = list as PropertyValue
    if (type === 'pairs') {
      // `list` was made here for this type of property.
      const pairs = list as [string, string][]
      pairs.push([reader.readString(`the name of a ${name}`), reader.readString(`the value of a ${name}`)])
    } else {
      // As above.
      const numbers = list as number[]
      numbers.push(checked(property, reader.readVariableByteInteger(name)))
    }
    return
  }
  if (before !== undefined) {
    throw new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-4.13.1-1', `${name} comes more than once`)
  }
  found[key] = readValue(property, reader)
}

function readValue(property: Property, reader: ByteReader): PropertyValue {
  const { name, type } = property
  switch (type) {
    case 'byte':
      return checked(property, reader.readByte(name))
    case 'boolean':
      return checked({ ...property, most: 1 }, reader.readByte(name)) === 1
    case 'uint16':
      return checked(property, reader.readUint16(name))
    case 'uint32':
      return checked(property, reader.readUint32(name))
    case 'varint':
      return checked(property, reader.readVariableByteInteger(name))
    case 'string':
      return reader.readString(name)
    default:
      return reader.readBinary(name)
  }
}

function checked(property: Property, value: number): number {
  const { name, most, notZero } = property
  if ((notZero === true && value === 0) || (most !== undefined && value > most)) {
    const code = property.key === 'topicAlias' ? ReasonCode.TopicAliasInvalid : ReasonCode.ProtocolError
    throw new ProtocolViolation(code, 'MQTT-4.13.1-1', `${name} must not be ${value}`)
  }
  return value
}

/** The property with this field; undefined if there is none. */
export function propertyOf(key: string): Property | undefined {
  return byKey.get(key)
}

/** Bytes of the properties with the Property Length. */
export function sectionSize(properties: object): number {
  const size = propertiesSize(properties)
  return variableByteIntegerSize(size) + size
}

/** Bytes of the properties without the Property Length. */
export function propertiesSize(properties: object): number {
  let size = 0
  for (const [key, value] of Object.entries(properties)) size += propertySize(key, value)
  return size
}

function propertySize(key: string, value: unknown): number {
  const type = byKey.get(key)?.type
  // The table gives each key the type that the packet's interface declares for it; so below.
  switch (type) {
    case 'byte':
    case 'boolean':
      return 2
    case 'uint16':
      return 3
    case 'uint32':
      return 5
    case 'varint':
      return 1 + variableByteIntegerSize(value as number)
    case 'varints':
      return (value as readonly number[]).reduce((sum, each) => sum + 1 + variableByteIntegerSize(each), 0)
    case 'string':
      return 1 + stringSize(value as string)
    case 'binary':
      return 3 + (value as Uint8Array).length
    case 'pairs':
      return (value as UserProperties).reduce((sum, [name, text]) => sum + 1 + stringSize(name) + stringSize(text), 0)
    default:
      throw new Error(`there is no property ${key}`)
  }
}

/** Writes the Property Length, which is what `propertiesSize` said, and the properties; null leaves the length out. */
export function encodeProperties(writer: ByteWriter, properties: object, size: number | null): void {
  if (size !== null) writer.writeVariableByteInteger(size)
  if (size === 0) return
  for (const [key, value] of Object.entries(properties)) encodeProperty(writer, key, value)
}

function encodeProperty(writer: ByteWriter, key: string, value: unknown): void {
  const property = byKey.get(key)
  if (property === undefined) throw new Error(`there is no property ${key}`)
  const { id, type } = property
  if (type === 'varints') {
    for (const each of value as readonly number[]) {
      writer.writeByte(id)
      writer.writeVariableByteInteger(each)
    }
    return
  }
  if (type === 'pairs') {
    for (const [name, text] of value as UserProperties) {
      writer.writeByte(id)
      writer.writeString(name)
      writer.writeString(text)
    }
    return
  }
  writer.writeByte(id)
  if (type === 'byte' || type === 'boolean') writer.writeByte(Number(value))
  else if (type === 'uint16') writer.writeUint16(value as number)
  else if (type === 'uint32') writer.writeUint32(value as number)
  else if (type === 'varint') writer.writeVariableByteInteger(value as number)
  else if (type === 'string') writer.writeString(value as string)
  else writer.writeBinary(value as Uint8Array)
}
