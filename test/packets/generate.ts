/**
 * Control Packets of every kind with every property, for fast-check.
 */
import fc, { type Arbitrary } from 'fast-check'
import {
  ByteWriter,
  type ControlPacket,
  encodePacket,
  encodePublish,
  type PlainPacket,
  type ProtocolVersion,
  type PublishFields,
  type PublishProperties,
  publish,
  ReasonCode,
} from '../../src/protocol/index.ts'

/** Whose decoder takes the packet. */
export type Role = 'server' | 'client'

export interface Sample {
  readonly role: Role
  readonly version: 4 | 5
  readonly packet: PlainPacket | PublishFields
}

const word = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replaceAll('\0', '').toWellFormed())
const topicName = word.map((text) => text.replace(/[+#]/g, '') || 't')
const bytes = fc.uint8Array({ maxLength: 40 }).map((values) => Buffer.from(values))
const packetId = fc.integer({ min: 1, max: 65_535 })
const qos = fc.constantFrom(0 as const, 1 as const, 2 as const)
const uint16 = fc.integer({ min: 1, max: 65_535 })
const uint32 = fc.integer({ min: 1, max: 0xffff_ffff })
const userProperties = fc.array(fc.tuple(word, word), { minLength: 1, maxLength: 3 })
const reason = { reasonString: word, userProperties }
const requiredKeys: never[] = []

function some<Shape extends Record<string, Arbitrary<unknown>>>(shape: Shape) {
  return fc.record(shape, { requiredKeys })
}

const message = {
  payloadFormatIndicator: fc.constantFrom(0 as const, 1 as const),
  messageExpiryInterval: uint32,
  contentType: word,
  responseTopic: topicName,
  correlationData: bytes,
  userProperties,
}

/** What was put together field by field to be a packet. */
function packets(arbitrary: Arbitrary<unknown>): Arbitrary<Sample['packet']> {
  // fast-check's types lose optional properties on the way.
  return arbitrary as Arbitrary<Sample['packet']>
}

function willOf(version: number) {
  const properties = version === 5 ? some({ ...message, willDelayInterval: uint32 }) : fc.constant({})
  return fc.record({ topicName, payload: bytes, qos, retain: fc.boolean(), properties })
}

const connectProperties = some({
  sessionExpiryInterval: uint32,
  receiveMaximum: uint16,
  maximumPacketSize: uint32,
  topicAliasMaximum: uint16,
  requestResponseInformation: fc.boolean(),
  requestProblemInformation: fc.boolean(),
  userProperties,
})
const connackProperties = some({
  sessionExpiryInterval: uint32,
  receiveMaximum: uint16,
  maximumQos: fc.constantFrom(0 as const, 1 as const),
  retainAvailable: fc.boolean(),
  maximumPacketSize: uint32,
  assignedClientIdentifier: word,
  topicAliasMaximum: uint16,
  wildcardSubscriptionAvailable: fc.boolean(),
  subscriptionIdentifiersAvailable: fc.boolean(),
  sharedSubscriptionAvailable: fc.boolean(),
  serverKeepAlive: uint16,
  responseInformation: word,
  serverReference: word,
  authenticationMethod: word,
  authenticationData: bytes,
  ...reason,
})

function ifFive<Value>(version: number, arbitrary: Arbitrary<Value>): Arbitrary<Value> {
  // An empty object is a value of every properties type: all of their fields are optional.
  return version === 5 ? arbitrary : fc.constant({} as Value)
}

function packetsOf(version: 4 | 5, role: Role): Arbitrary<Sample['packet']>[] {
  const five = version === 5
  const code = (...codes: number[]) => fc.constantFrom(...(five ? codes : [0]))
  const acknowledgement = (type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp') =>
    fc.record({
      type: fc.constant(type),
      packetId,
      reasonCode: type === 'puback' || type === 'pubrec' ? code(0, 0x10, 0x97) : code(0, 0x92),
      properties: ifFive(version, some(reason)),
    })
  const publishProperties: Arbitrary<PublishProperties> = some({ ...message, topicAlias: uint16 })
  const publishes = fc
    .record({
      topicName,
      payload: bytes,
      qos,
      retain: fc.boolean(),
      dup: fc.boolean(),
      packetId,
      properties: ifFive(version, publishProperties),
    })
    .map((fields) => (fields.qos === 0 ? { ...fields, dup: false, packetId: 0 } : fields))
  const both: Arbitrary<unknown>[] = [
    publishes,
    ...(['puback', 'pubrec', 'pubrel', 'pubcomp'] as const).map(acknowledgement),
  ]
  const auth = fc.record({
    type: fc.constant('auth' as const),
    reasonCode: fc.constantFrom(0x18, 0x19),
    properties: some({ authenticationMethod: word, authenticationData: bytes, ...reason }),
  })
  const disconnect = fc.record({
    type: fc.constant('disconnect' as const),
    reasonCode: code(0, 0x80),
    properties: ifFive(
      version,
      some(role === 'server' ? { ...reason, sessionExpiryInterval: uint32 } : { ...reason, serverReference: word }),
    ),
  })
  if (five) both.push(auth)
  const all: Arbitrary<unknown>[] =
    role === 'server'
      ? [...both, disconnect, ...fromClient(version)]
      : [...both, ...(five ? [disconnect] : []), ...fromServer(version)]
  return all.map(packets)
}

function fromClient(version: 4 | 5): Arbitrary<unknown>[] {
  const userProperty = some({ userProperties })
  const options = fc.record({
    topicFilter: topicName,
    qos,
    noLocal: version === 5 ? fc.boolean() : fc.constant(false),
    retainAsPublished: version === 5 ? fc.boolean() : fc.constant(false),
    retainHandling: version === 5 ? qos : fc.constant(0 as const),
  })
  return [
    fc.record({
      type: fc.constant('subscribe' as const),
      packetId,
      subscriptions: fc.array(options, { minLength: 1, maxLength: 4 }),
      properties: ifFive(
        version,
        some({ subscriptionIdentifier: fc.integer({ min: 1, max: 268_435_455 }), userProperties }),
      ),
    }),
    fc.record({
      type: fc.constant('unsubscribe' as const),
      packetId,
      topicFilters: fc.array(topicName, { minLength: 1, maxLength: 4 }),
      properties: ifFive(version, userProperty),
    }),
    fc.constant({ type: 'pingreq' as const }),
  ]
}

export function connects(version: 4 | 5): Arbitrary<PlainPacket> {
  const connect: Arbitrary<unknown> = fc.record({
    type: fc.constant('connect' as const),
    protocolVersion: fc.constant(version),
    cleanStart: fc.boolean(),
    keepAliveSeconds: uint16,
    clientIdentifier: word,
    will: fc.option(willOf(version)),
    userName: word,
    password: fc.option(bytes),
    properties: ifFive(version, connectProperties),
  })
  // As above.
  return connect as Arbitrary<PlainPacket>
}

function fromServer(version: 4 | 5): Arbitrary<unknown>[] {
  const codes = fc.array(fc.constantFrom(0, 1, 2, 0x80), { minLength: 1, maxLength: 4 })
  return [
    fc.record({
      type: fc.constant('connack' as const),
      sessionPresent: fc.boolean(),
      reasonCode: fc.constant(ReasonCode.Success),
      properties: ifFive(version, connackProperties),
    }),
    fc.record({
      type: fc.constant('suback' as const),
      packetId,
      reasonCodes: codes,
      properties: ifFive(version, some(reason)),
    }),
    fc.record({
      type: fc.constant('unsuback' as const),
      packetId,
      reasonCodes: version === 5 ? codes : fc.constant([]),
      properties: ifFive(version, some(reason)),
    }),
    fc.constant({ type: 'pingresp' as const }),
  ]
}

/** Any packet that may follow CONNECT or come from a server. */
export const samples: Arbitrary<Sample> = fc
  .record({
    version: fc.constantFrom(4 as const, 5 as const),
    role: fc.constantFrom('server' as const, 'client' as const),
  })
  .chain(({ version, role }) => fc.oneof(...packetsOf(version, role)).map((packet) => ({ version, role, packet })))

export function encode(packet: Sample['packet'], version: ProtocolVersion): Buffer {
  const writer = new ByteWriter(16)
  if ('type' in packet) encodePacket(writer, packet, version)
  else {
    const { qos: quality, dup, retain, packetId: id, properties } = publish(packet)
    const { topicAlias = 0, messageExpiryInterval = -1, subscriptionIdentifiers = null } = properties
    encodePublish(writer, publish(packet), version, {
      qos: quality,
      dup,
      retain,
      packetId: id,
      topicAlias,
      omitTopicName: false,
      subscriptionIdentifiers,
      messageExpiryInterval,
    })
  }
  return Buffer.from(writer.bytes.subarray(0, writer.position))
}

/** A packet as a plain value, without what says where its bytes lie. */
export function plain(packet: ControlPacket): object {
  if (packet.type !== 'publish') return packet
  const { topicName: name, payload, qos: quality, retain, dup, packetId: id, properties } = packet
  return { topicName: name, payload: Buffer.from(payload), qos: quality, retain, dup, packetId: id, properties }
}
