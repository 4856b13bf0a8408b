/**
 * Records and snapshots of every kind with every field, for fast-check.
 */
import fc, { type Arbitrary } from 'fast-check'
import { Message } from '../../src/core/message.ts'
import type { CoreRecord, Recipient } from '../../src/core/record.ts'
import type { InFlightSnapshot, SessionSnapshot } from '../../src/core/rest/session-snapshot.ts'
import type { Snapshot } from '../../src/core/rest/snapshot-round.ts'
import type { PublishProperties, WillMessage } from '../../src/protocol/control-packet.ts'
import { publish } from '../../src/protocol/packets/publish.ts'

/** Small ones, and those at the edges of one byte more. */
export const wholeNumber = fc.oneof(
  fc.nat({ max: 300 }),
  fc.maxSafeNat(),
  fc.constantFrom(
    127,
    128,
    16_383,
    16_384,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32,
    2 ** 49 - 1,
    2 ** 49,
    Number.MAX_SAFE_INTEGER,
  ),
)
const word = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replaceAll('\0', '').toWellFormed())
const topicName = word.map((text) => text.replace(/[+#]/g, '') || 't')
const bytes = fc.uint8Array({ maxLength: 40 }).map((values) => Buffer.from(values))
const packetId = fc.integer({ min: 1, max: 65_535 })
const qos = fc.constantFrom(0 as const, 1 as const, 2 as const)
const uint32 = fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.constantFrom(0, 0xffff_ffff))
const retain = fc.constantFrom('as-published' as const, 'cleared' as const, 'set' as const)
const identifiers = fc.option(fc.array(fc.integer({ min: 1, max: 268_435_455 }), { minLength: 1, maxLength: 3 }))
const sharedFilter = fc.option(word.map((text) => `$share/g/${text}`))
const numbers = fc.array(wholeNumber, { maxLength: 5 })

const messageProperties = {
  payloadFormatIndicator: fc.constantFrom(0 as const, 1 as const),
  messageExpiryInterval: uint32,
  contentType: word,
  responseTopic: topicName,
  correlationData: bytes,
  userProperties: fc.array(fc.tuple(word, word), { minLength: 1, maxLength: 3 }),
}

function some<Shape extends Record<string, Arbitrary<unknown>>>(shape: Shape): Arbitrary<PublishProperties> {
  // fast-check's types lose optional properties on the way.
  return fc.record(shape, { requiredKeys: [], noNullPrototype: true }) as Arbitrary<PublishProperties>
}

export const will: Arbitrary<WillMessage> = fc.record(
  {
    topicName,
    payload: bytes,
    qos,
    retain: fc.boolean(),
    properties: some({ ...messageProperties, willDelayInterval: uint32 }),
  },
  { noNullPrototype: true },
)

const subscriptionOptions = fc.record({
  qos,
  noLocal: fc.boolean(),
  retainAsPublished: fc.boolean(),
  retainHandling: qos,
})

const recipient: Arbitrary<Recipient> = fc.record({
  session: wholeNumber,
  qos,
  retain,
  subscriptionIdentifiers: identifiers,
  sharedFilter,
})

const notedFate = fc.constantFrom(
  'acknowledged' as const,
  'sentQos0' as const,
  'expired' as const,
  'brokerRestarted' as const,
)

const message = fc
  .record({ topicName, payload: bytes, qos, retain: fc.boolean(), properties: some(messageProperties) })
  .chain((fields) =>
    fc
      .tuple(wholeNumber, fc.option(fc.record({ account: word, clientIdentifier: word })))
      .map(([receivedMs, publisher]) => {
        const made = new Message(0, publish(fields), receivedMs)
        made.publisher = publisher
        return made
      }),
  )

export const record: Arbitrary<CoreRecord> = fc.oneof(
  fc.record({
    type: fc.constant('session-created' as const),
    account: word,
    clientIdentifier: word,
    sessionExpiryInterval: uint32,
    will: fc.option(will),
    atMs: wholeNumber,
  }),
  fc.record({
    type: fc.constant('session-resumed' as const),
    session: wholeNumber,
    sessionExpiryInterval: uint32,
    will: fc.option(will),
  }),
  fc.record({
    type: fc.constant('session-disconnected' as const),
    session: wholeNumber,
    sessionExpiryInterval: uint32,
    willPending: fc.boolean(),
    sentThrough: wholeNumber,
    atMs: wholeNumber,
    sent: numbers,
  }),
  fc.record({ type: fc.constant('session-ended' as const), session: wholeNumber }),
  fc.record({
    type: fc.constant('session-groups' as const),
    session: wholeNumber,
    groups: fc.array(word, { maxLength: 3 }),
  }),
  fc.record({
    type: fc.constant('subscribed' as const),
    session: wholeNumber,
    topicFilter: word,
    options: subscriptionOptions,
    subscriptionIdentifier: wholeNumber,
    atMs: wholeNumber,
  }),
  fc.record({ type: fc.constant('unsubscribed' as const), session: wholeNumber, topicFilter: word }),
  fc.record({ type: fc.constant('recipients' as const), members: fc.array(recipient, { maxLength: 4 }) }),
  fc.record({
    type: fc.constant('message' as const),
    message,
    recipients: numbers,
    retained: fc.constantFrom('unchanged' as const, 'set' as const, 'deleted' as const),
    inbound: fc.option(fc.record({ session: wholeNumber, packetId })),
    willOf: fc.option(wholeNumber),
    held: fc.option(
      fc.record({
        reason: fc.constantFrom('held' as const, 'dead' as const),
        account: word,
        clientIdentifier: word,
      }),
    ),
    replaces: wholeNumber,
    owed: fc.option(
      fc.record({
        matched: wholeNumber,
        session: wholeNumber,
        packetId,
        packetWants: fc.constantFrom('first' as const, 'all' as const),
        receiptTopicName: fc.option(word),
        receiptWants: fc.constantFrom('delivered' as const, 'all' as const),
        receiptNames: fc.boolean(),
        observers: numbers,
      }),
    ),
  }),
  fc.record({
    type: fc.constantFrom('copied' as const, 'drained' as const),
    message: wholeNumber,
    size: wholeNumber,
    recipients: wholeNumber,
  }),
  fc.record({ type: fc.constant('unheld' as const), messages: numbers }),
  fc.record({
    type: fc.constant('noted' as const),
    message: wholeNumber,
    account: word,
    clientIdentifier: word,
    fate: notedFate,
    copies: wholeNumber,
    atMs: wholeNumber,
  }),
  fc.record({
    type: fc.constant('given' as const),
    message: wholeNumber,
    acknowledgement: fc.boolean(),
    receipt: fc.boolean(),
  }),
  fc.record({ type: fc.constantFrom('released' as const, 'received' as const), session: wholeNumber, packetId }),
  fc.record({ type: fc.constant('assigned' as const), session: wholeNumber, order: wholeNumber, packetId }),
  fc.record({ type: fc.constant('settled' as const), session: wholeNumber, orders: numbers }),
)

const inFlight: Arbitrary<InFlightSnapshot> = fc.record({
  order: wholeNumber,
  message: wholeNumber,
  size: wholeNumber,
  packetId,
  qos: fc.constantFrom(1 as const, 2 as const),
  isReceived: fc.boolean(),
  retain,
  subscriptionIdentifiers: identifiers,
  sharedFilter,
})

const session: Arbitrary<Omit<SessionSnapshot, 'number'>> = fc.record({
  account: word,
  clientIdentifier: word,
  createdMs: wholeNumber,
  sessionExpiryInterval: uint32,
  // A time, none, or never; the first millisecond of 1970 is not one.
  endsAtMs: fc.oneof(
    wholeNumber.filter((atMs) => atMs !== 1),
    fc.constant(Number.POSITIVE_INFINITY),
  ),
  will: fc.option(will),
  willAtMs: wholeNumber,
  subscriptions: fc.array(
    fc.record({
      topicFilter: word,
      options: subscriptionOptions,
      subscriptionIdentifier: wholeNumber,
      sinceMs: wholeNumber,
    }),
    { maxLength: 3 },
  ),
  inboundPacketIds: fc.array(packetId, { maxLength: 3 }),
  from: wholeNumber,
  sentThrough: wholeNumber,
  taken: numbers,
  inFlight: fc.array(inFlight, { maxLength: 3 }),
  groups: fc.option(fc.array(word, { maxLength: 3 })),
})

/** Of things that are there. */
export const snapshot: Arbitrary<Snapshot> = fc.oneof(
  fc.tuple(wholeNumber, session).map(([number, rest]) => {
    return { type: 'session' as const, number, session: { number, ...rest } }
  }),
  fc.record({
    type: fc.constant('recipients' as const),
    id: wholeNumber,
    members: fc.array(recipient, { maxLength: 4 }),
  }),
  fc.record({
    type: fc.constantFrom('retained' as const, 'held' as const),
    seqs: fc.uniqueArray(wholeNumber, { maxLength: 6 }).map((seqs) => seqs.sort((one, other) => one - other)),
  }),
  fc.record({ type: fc.constant('covered' as const), through: wholeNumber }),
  wholeNumber.chain((message) =>
    fc.record({
      type: fc.constant('owed' as const),
      message: fc.constant(message),
      owed: fc.record({
        message: fc.constant(message),
        matched: wholeNumber,
        deliveredAtMs: wholeNumber,
        owesReceipt: fc.boolean(),
        owesAcknowledgement: fc.boolean(),
        counts: fc.array(fc.record({ fate: notedFate, copies: wholeNumber }), { maxLength: 4 }),
        named: fc.array(fc.record({ account: word, clientIdentifier: word, fate: notedFate, atMs: wholeNumber }), {
          maxLength: 4,
        }),
      }),
    }),
  ),
)
