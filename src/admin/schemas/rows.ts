/**
 * What the lists of the HTTP API hold, one row at a time. The types of `api-types.ts` and the OpenAPI document come from here.
 *
 * The names are those of the requests over MQTT (docs/operating/who-is-listening.md): one thing has one name wherever it is asked
 * for. Times are milliseconds since 1970.
 */
import { z } from 'zod'

const count = z.int().min(0)
const time = z.number().describe('Milliseconds since 1970')
const timeOrNull = time.nullable().describe('Milliseconds since 1970; null: never, or not known')
const qos = z.union([z.literal(0), z.literal(1), z.literal(2)])

export const backlogSchema = z
  .object({
    messages: count,
    bytes: count.describe('Of Topic Names and payloads'),
    oldestAtMs: timeOrNull,
  })
  .meta({ id: 'Backlog', description: 'What waits for a client beyond what is in flight' })

export const clientSchema = z
  .object({
    clientIdentifier: z.string(),
    account: z.string(),
    online: z.boolean(),
    sinceMs: timeOrNull.describe('Since when it has been online or offline'),
    remoteAddress: z.string().nullable(),
    listener: z.string().nullable(),
    protocolVersion: z
      .union([z.literal(4), z.literal(5)])
      .nullable()
      .describe('4: MQTT 3.1.1'),
    keepAliveSeconds: z.number().nullable().describe('In force; 0: none. Null while it is away'),
    receiveMaximum: z.int().nullable().describe('Messages it takes unacknowledged at one time; null while it is away'),
    createdAtMs: time,
    sessionExpirySeconds: z.number().nullable().describe('Null: the Session never expires'),
    endsAtMs: timeOrNull.describe('When the Session ends unless the client comes back'),
    hasWill: z.boolean(),
    subscriptions: count,
    inFlight: count.describe('Messages sent and not acknowledged'),
    backlog: backlogSchema,
    undelivered: count.describe(
      'Copies for it since the start that ended without reaching it: dropped, expired, refused',
    ),
    lastAcknowledgedAtMs: timeOrNull,
  })
  .meta({ id: 'Client', description: 'A Session, and how its client is doing' })

const verdictSchema = z
  .object({
    allowed: z.boolean(),
    rule: z.string().nullable().describe('The rule that decides; null: none does, and what no rule allows is denied'),
  })
  .meta({ id: 'AccessVerdict', description: 'What the access rules say' })

export const subscriberSchema = z
  .object({
    clientIdentifier: z.string(),
    account: z.string(),
    topicFilter: z.string().describe('Without $share/NAME/'),
    sharedGroup: z.string().nullable(),
    qos: qos.describe('As granted'),
    noLocal: z.boolean(),
    observer: z.boolean().describe('It does not count as a listener'),
    acl: verdictSchema
      .nullable()
      .describe(
        'Whether it may receive the Topic Name that was asked about; null: there are no access rules, or none was',
      ),
    subscribedAtMs: time,
    online: z.boolean(),
    sinceMs: timeOrNull,
    remoteAddress: z.string().nullable(),
    inFlight: count,
    backlog: backlogSchema,
    lastAcknowledgedAtMs: timeOrNull,
  })
  .meta({ id: 'Subscriber', description: 'A Subscription and the Session it belongs to' })

export const sharedGroupSchema = z
  .object({
    sharedGroup: z.string(),
    topicFilter: z.string().describe('Without $share/NAME/'),
    members: count,
    online: count.describe('Members whose client is connected'),
    inFlight: count.describe('Of the Sessions of all members'),
    backlog: z.object({ messages: count, bytes: count }).describe('What waits in the Sessions of all members'),
  })
  .meta({ id: 'SharedGroup', description: 'Each message to its Topic Filter goes to one of its members' })

export const ownSubscriptionSchema = subscriberSchema
  .extend({ kind: z.literal('subscription') })
  .meta({ id: 'OwnSubscription', description: 'A Subscription of the Session that was asked for' })

export const sessionRowSchema = z.discriminatedUnion('kind', [
  clientSchema.extend({ kind: z.literal('session') }),
  ownSubscriptionSchema,
])

const totalsShape = {
  subscriptions: count,
  online: count,
  offline: count,
  observers: count,
  denied: count.describe('May not receive it by the access rules, and count as nothing else'),
  sharedGroups: count,
}

export const subscriptionTotalsSchema = z
  .object(totalsShape)
  .meta({ id: 'SubscriptionTotals', description: 'online + offline + observers + denied = subscriptions' })

export const whoTotalsSchema = z
  .object({
    ...totalsShape,
    listeners: count.describe('Sessions and shared groups that a message goes to; observers left out'),
    listenersAreExact: z.boolean(),
  })
  .meta({ id: 'WhoTotals', description: 'How many listen' })

export const seenTopicSchema = z
  .object({
    topic: z.string(),
    messages: count,
    messagesPerSecond: z.number(),
    firstAtMs: time,
    lastAtMs: time,
    totals: subscriptionTotalsSchema,
  })
  .meta({ id: 'SeenTopic', description: 'A Topic Name messages came in on lately, and who subscribes' })

const whenNobody = z.enum(['accept', 'report', 'reject', 'hold', 'dead-letter'])

export const prospectSchema = z
  .object({
    whenNobody,
    rule: z.string().describe('Topic Filter of the rule that decides'),
    held: z.object({ messages: count, bytes: count }),
  })
  .meta({ id: 'Prospect', description: 'What becomes of a message that nobody listens for' })

const heldShape = {
  id: z.int().min(1).describe('Names it in other requests; survives a restart'),
  topic: z.string(),
  qos: z.int(),
  bytes: count.describe('Topic Name and payload'),
  heldAtMs: time,
  expiresAtMs: timeOrNull,
  account: z.string(),
  clientIdentifier: z.string(),
}
const deadShape = {
  ...heldShape,
  queue: z.string().describe('The Topic Name of dead letters it waits on'),
  reason: z.string().describe('no-subscribers or queue-full'),
  clients: z.array(z.string()).describe('Clients that went without it, if it was their queue; 20 at most'),
}
const publishPropertiesSchema = z
  .object({
    payloadFormatIndicator: z.int().optional().describe('1: the payload is UTF-8 text'),
    messageExpiryInterval: count.optional().describe('Seconds'),
    topicAlias: z.int().optional(),
    responseTopic: z.string().optional(),
    correlationData: z.string().optional().describe('As text'),
    userProperties: z
      .array(z.tuple([z.string(), z.string()]).readonly())
      .readonly()
      .optional(),
    subscriptionIdentifiers: z.array(z.int()).readonly().optional(),
    contentType: z.string().optional(),
  })
  .meta({ id: 'PublishProperties', description: 'Properties of a PUBLISH' })
const contentShape = {
  payload: z
    .union([z.string(), z.object({ base64: z.string() })])
    .describe('As text if it is UTF-8, else in base64; 64 KiB at most'),
  payloadBytes: count,
  payloadTruncated: z.boolean().describe('Not all of the payload is here'),
  properties: publishPropertiesSchema,
}

const streamed = { atMs: time }

/** What `GET /subscribe` tells, one by one. */
export const subscribeEventSchema = z
  .discriminatedUnion('type', [
    z
      .object({
        type: z.literal('subscribed'),
        ...streamed,
        clientIdentifier: z.string().describe('Its Session, as in /clients'),
        topicFilter: z.string(),
        qos: z.int(),
        observer: z.boolean().describe('It does not count as a listener'),
        perSecondMax: count,
      })
      .describe('First'),
    z
      .object({
        type: z.literal('message'),
        ...streamed,
        topic: z.string(),
        qos: z.int(),
        retain: z.boolean().describe('It was retained before the Subscription was made'),
        ...contentShape,
      })
      .describe('A message that was delivered'),
    z
      .object({ type: z.literal('leftOut'), ...streamed, count: count.min(1) })
      .describe('Messages that were delivered and are not shown: too many in a second, or they were not read in time'),
    z.object({ type: z.literal('ended'), ...streamed }).describe('Last, if an operator has ended the Session'),
  ])
  .meta({ id: 'SubscribeEvent', description: '`data` of one server-sent event; `type` is its name, too' })

export const heldSchema = z.object(heldShape).meta({ id: 'Held', description: 'A message that waits for a listener' })
export const deadSchema = z.object(deadShape).meta({ id: 'Dead', description: 'A dead letter' })
export const heldMessageSchema = z
  .object({ ...heldShape, ...contentShape })
  .meta({ id: 'HeldMessage', description: 'A held message with what it says' })
export const deadMessageSchema = z
  .object({ ...deadShape, ...contentShape })
  .meta({ id: 'DeadMessage', description: 'A dead letter with what it says' })

export const inFlightMessageSchema = z
  .object({
    direction: z.enum(['out', 'in']).describe('out: to the client; in: from it'),
    packetIdentifier: z.int().min(1).max(65_535),
    qos: z.int(),
    waitsFor: z
      .enum(['PUBACK', 'PUBREC', 'PUBCOMP', 'PUBREL', 'subscribers'])
      .describe(
        'The packet of the client that comes next; subscribers: its acknowledgement is held until they have given theirs',
      ),
    sent: z.boolean().describe('False: it was sent on an earlier connection, and is to be sent again'),
    topic: z.string().nullable().describe('Null: not known any more, as of QoS 2 from the client'),
    bytes: count.nullable().describe('Topic Name and payload; null: not known any more'),
    receivedAtMs: timeOrNull.describe('When the broker got it; null: not known any more'),
  })
  .meta({ id: 'InFlightMessage', description: 'A message whose exchange with the client is not over' })

export const queuedMessageSchema = z
  .object({
    topic: z.string(),
    qos: z.int(),
    bytes: count.describe('Topic Name and payload'),
    receivedAtMs: time,
    expiresAtMs: timeOrNull,
    ...z.object(contentShape).partial().shape,
  })
  .meta({ id: 'QueuedMessage', description: 'A message that waits to be sent to a client' })

export const historyEventSchema = z
  .object({
    atMs: time,
    type: z.enum([
      'connected',
      'disconnected',
      'refused',
      'subscribed',
      'unsubscribed',
      'queuePurged',
      'sessionCreated',
      'sessionTakenOver',
      'sessionEnded',
    ]),
    clientIdentifier: z.string(),
    account: z.string().optional().describe('Not of those who were refused before they had logged in'),
    otherAccount: z.string().optional().describe('refused: whose Session has the Client Identifier, if that is why'),
    remoteAddress: z.string().optional().describe('Where the client was'),
    protocolVersion: z.int().optional().describe('connected; 4: MQTT 3.1.1'),
    sessionPresent: z.boolean().optional().describe('connected'),
    reasonCode: z.int().optional().describe('disconnected, refused'),
    reason: z.string().optional().describe('disconnected, refused, sessionEnded: why'),
    topicFilter: z.string().optional().describe('subscribed, unsubscribed'),
    qos: qos.optional().describe('subscribed: as granted'),
    by: z.enum(['client', 'operator']).optional().describe('subscribed, unsubscribed: who did it'),
    bytes: count.optional().describe('queuePurged: Topic Names and payloads'),
    expiryInterval: z.number().optional().describe('sessionCreated: seconds; 4294967295: for ever'),
    formerRemoteAddress: z
      .string()
      .optional()
      .describe('sessionTakenOver: where the connection came from that was closed'),
    messages: count.optional().describe('sessionEnded, queuePurged: copies that ended'),
  })
  .meta({ id: 'HistoryEvent', description: 'Something that has happened to a client' })

const messageFate = z.enum([
  'routed',
  'retainedOnly',
  'unmatched',
  'held',
  'deadLettered',
  'refused',
  'expired',
  'droppedHoldFull',
  'droppedByOperator',
  'republished',
])
const copyFate = z.enum([
  'acknowledged',
  'refusedByClient',
  'sentQos0',
  'expired',
  'sessionEnded',
  'droppedTooLarge',
  'droppedOffline',
  'droppedSlow',
  'droppedQueueFull',
  'deadLettered',
  'droppedByOperator',
  'accessRevoked',
])

const messageLedgerShape = {
  received: count,
  made: count,
  restored: count,
  fates: z.record(messageFate, count),
  addsUp: z.boolean(),
}

export const messageLedgerSchema = z
  .object(messageLedgerShape)
  .meta({ id: 'MessageLedger', description: 'received + made + restored is the sum of the fates' })

export const copyLedgerSchema = z
  .object({ created: count, inFlight: count, queued: count, fates: z.record(copyFate, count), addsUp: z.boolean() })
  .meta({ id: 'CopyLedger', description: 'created is the sum of the fates, of what is in flight and of what waits' })

export const ruleLedgerSchema = z
  .object({
    ...messageLedgerShape,
    filter: z.string(),
    whenNobody,
    isInForce: z
      .boolean()
      .describe('False: nothing falls under it any more, since it was taken out while the broker ran'),
  })
  .meta({ id: 'RuleLedger', description: 'The messages under one rule' })

export const fateEntrySchema = z
  .object({
    id: z.int().min(1),
    atMs: time,
    topicName: z.string(),
    publisher: z.object({ account: z.string(), clientIdentifier: z.string() }).nullable(),
    qos: z.int(),
    size: count,
    retain: z.boolean(),
    fate: messageFate,
    rule: z.string(),
    matched: count,
    reason: z.string().nullable(),
    leftOut: count.describe('Messages since the entry before that are not in the log'),
    copies: z.array(
      z.object({ account: z.string(), clientIdentifier: z.string(), fate: copyFate, afterMs: z.number() }),
    ),
    furtherCopies: count,
    storedAfterMs: z
      .number()
      .nullable()
      .describe('Until its record was durable or needed no more; null without a record, and until then'),
  })
  .meta({ id: 'FateEntry', description: 'What became of one message' })

export const listenerSchema = z
  .object({
    url: z.string(),
    transport: z.string(),
    connections: count.describe('Clients that are connected through it'),
  })
  .meta({ id: 'Listener', description: 'Where clients connect' })

export const retainedSchema = z
  .object({
    topic: z.string(),
    qos,
    bytes: count.describe('Topic Name and payload'),
    receivedAtMs: time,
    expiresAtMs: timeOrNull,
  })
  .meta({ id: 'Retained', description: 'A Retained Message' })

export const retainedMessageSchema = z
  .object({ ...retainedSchema.shape, ...contentShape })
  .meta({ id: 'RetainedMessage', description: 'A Retained Message with what it says' })

const moment = z.string().describe('A time as in RFC 3339')

export const bannedSchema = z
  .object({
    as: z.enum(['clientid', 'username', 'peerhost', 'peerhost_net']),
    who: z.string(),
    reason: z.string(),
    by: z.string(),
    at: moment,
    until: moment.nullable().describe('Null: for ever'),
  })
  .meta({ id: 'Banned', description: 'Who may not connect, in the words of EMQX' })
