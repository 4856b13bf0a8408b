/**
 * What the HTTP API answers with, besides the rows of its lists.
 */
import { z } from 'zod'
import {
  backlogSchema,
  bannedSchema,
  clientSchema,
  copyLedgerSchema,
  deadSchema,
  fateEntrySchema,
  heldSchema,
  historyEventSchema,
  inFlightMessageSchema,
  listenerSchema,
  messageLedgerSchema,
  ownSubscriptionSchema,
  prospectSchema,
  queuedMessageSchema,
  retainedSchema,
  ruleLedgerSchema,
  seenTopicSchema,
  sessionRowSchema,
  sharedGroupSchema,
  subscriberSchema,
  subscriptionTotalsSchema,
  whoTotalsSchema,
} from './rows.ts'

const count = z.int().min(0)
const amount = z.object({ messages: count, bytes: count })

export const faultSchema = z
  .object({
    place: z.string().describe('Where: body.topic, query.limit, header.host …'),
    found: z.string(),
    expected: z.string(),
    advice: z.string(),
  })
  .meta({ id: 'Fault', description: 'One thing that is wrong, and what to do about it' })

export const problemSchema = z
  .object({
    type: z.string().describe('A word behind about:pabal/, for programs'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    found: z.string(),
    expected: z.string(),
    advice: z.string(),
    faults: z.array(faultSchema).describe('All that is wrong; the first is repeated above'),
  })
  .meta({ id: 'Problem', description: 'RFC 9457: what went wrong, what was expected, what to do' })

const metaSchema = z
  .object({
    cursor: z.string().nullable().describe('For the next page, within a minute; null: this was the last'),
    hasnext: z.boolean(),
    count: count.describe('Rows of this page'),
    atMs: z.number(),
  })
  .meta({ id: 'PageMeta' })

/** A page. `about` stands on the first page only. */
function page<Row extends z.ZodType, About extends z.ZodType>(id: string, row: Row, about: About) {
  return z.object({ data: z.array(row), meta: metaSchema, about: about.optional() }).meta({ id })
}

export const clientPageSchema = page('ClientPage', clientSchema, z.object({ sessions: count, connections: count }))
export const sessionPageSchema = page('SessionPage', sessionRowSchema, z.object({ client: z.string() }))
export const ownSubscriptionPageSchema = page(
  'OwnSubscriptionPage',
  ownSubscriptionSchema,
  z.object({ client: z.string() }),
)
export const historyPageSchema = page(
  'HistoryPage',
  historyEventSchema,
  z.object({
    client: z.string(),
    forgotten: count.describe('Earlier events that have made room for others, as far as that is known'),
  }),
)
const whose = { client: z.string(), account: z.string() }
export const inFlightPageSchema = page(
  'InFlightPage',
  inFlightMessageSchema,
  z.object({ ...whose, inFlight: z.object({ out: count, in: count }) }),
)
export const queuedPageSchema = page('QueuedPage', queuedMessageSchema, z.object({ ...whose, backlog: backlogSchema }))
export const subscriberPageSchema = page('SubscriberPage', subscriberSchema, z.object({ subscriptions: count }))
export const filterPageSchema = page(
  'FilterPage',
  subscriberSchema,
  z.union([
    z.object({ subscriptions: count }),
    z.object({
      filter: z.string(),
      exact: z.boolean(),
      totals: subscriptionTotalsSchema.nullable().describe('Null where all Topic Filters would have to be looked at'),
    }),
  ]),
)
export const sharedGroupPageSchema = page('SharedGroupPage', sharedGroupSchema, z.object({}))
export const topicPageSchema = page(
  'TopicPage',
  seenTopicSchema,
  z.object({ seen: count, forgotten: count, seenMax: count }),
)
export const listenersPageSchema = page(
  'ListenersOfTopicPage',
  subscriberSchema,
  z.object({ topic: z.string(), totals: whoTotalsSchema, nobody: prospectSchema }),
)
export const accessTestSchema = z
  .object({
    account: z.string(),
    clientIdentifier: z.string(),
    groups: z.array(z.string()).describe('Groups it would come with'),
    action: z.enum(['publish', 'subscribe', 'receive', 'observe', 'admin']),
    topic: z.string().describe('Without $share/NAME/'),
    allowed: z.boolean().nullable().describe('Null: the rules leave it to the permissions of accounts'),
    rule: z.string().nullable().describe('The rule that decides; null: none does'),
    except: z
      .array(z.string())
      .describe('Of a Topic Filter that may be subscribed to: rules that keep a part of its messages back'),
    reason: z.string().describe('Why, in words'),
  })
  .meta({ id: 'AccessTest', description: 'What the access rules say' })

export const bannedPageSchema = page('BannedPage', bannedSchema, z.object({ bans: count, bansMax: count }))
export const listenerPageSchema = page('ListenerPage', listenerSchema, z.object({}))
export const retainedPageSchema = page('RetainedPage', retainedSchema, z.object({ retained: amount }))
export const heldPageSchema = page('HeldPage', heldSchema, z.object({ held: amount }))
export const deadPageSchema = page('DeadPage', deadSchema, z.object({ dead: amount }))
export const tracePageSchema = page(
  'TracePage',
  fateEntrySchema,
  z.object({ topic: z.string(), firstId: count, lastId: count, leftOut: count }),
)

export const ledgerSchema = z
  .object({
    atMs: z.number(),
    messages: messageLedgerSchema,
    copies: copyLedgerSchema,
    rules: z.array(ruleLedgerSchema),
  })
  .meta({ id: 'Ledger', description: 'What became of every message and every copy since the broker was started' })

export const doneSchema = z
  .object({
    done: count,
    refused: count,
    refusals: z
      .array(z.object({ id: z.int(), topic: z.string(), reason: z.string() }))
      .describe('The first 20 of those that were refused, and why'),
  })
  .meta({ id: 'Done', description: 'How many messages it was done with' })

export const purgedSchema = z
  .object({ ...whose, messages: count, bytes: count.describe('Topic Names and payloads') })
  .meta({ id: 'Purged', description: 'What waited for a client and was given up' })

const quantiles = z.object({
  count: count.describe('Measured since the broker was started'),
  p50Seconds: z.number().nullable(),
  p99Seconds: z.number().nullable(),
})

export const warningSchema = z
  .object({ code: z.string(), text: z.string(), advice: z.string() })
  .meta({ id: 'Warning', description: 'Something an operator should know' })

const rate = z.number().min(0)
const rates = z.object({
  publishReceived: rate,
  publishSent: rate,
  publishBytesReceived: rate.describe('Of payloads'),
  publishBytesSent: rate.describe('Of payloads'),
  bytesReceived: rate,
  bytesSent: rate,
})

export const ratesSchema = z
  .object({
    second: rates.describe('Of the last second'),
    minute: rates.describe('The mean of the last minute'),
    minuteSeconds: z.number().min(0).describe('How much of that minute there was; less than 60 after the start'),
  })
  .meta({ id: 'Rates', description: 'In a second; worked out once a second, the same for everybody who asks' })

export const overviewSchema = z
  .object({
    atMs: z.number(),
    version: z.string(),
    node: z.string(),
    startedAtMs: z.number(),
    connections: count.describe('Clients that are connected'),
    connectionsMax: count.describe('The most at one time'),
    sessions: z.object({ online: count, offline: count }),
    subscriptions: count,
    sharedSubscriptions: count,
    retained: amount,
    topics: z.object({ seen: count, forgotten: count, seenMax: count }),
    traffic: z
      .object({
        publishReceived: count,
        publishSent: count,
        publishBytesReceived: count,
        publishBytesSent: count,
        packetsReceived: count,
        packetsSent: count,
        bytesReceived: count,
        bytesSent: count,
      })
      .describe('Since the broker was started'),
    rates: ratesSchema,
    undelivered: z
      .object({
        held: amount,
        dead: amount,
        unmatched: count,
        refused: count,
        expired: count,
        deadLettered: count,
        dropped: z
          .object({
            holdFull: count,
            byOperator: count,
            queueFull: count,
            tooLarge: count,
            offline: count,
            slow: count,
            expired: count,
            sessionEnded: count,
            accessRevoked: count,
          })
          .describe(
            'Messages there was no room to hold or that an operator gave up, and copies that clients went without',
          ),
      })
      .describe('held and dead: at this moment; the rest since the broker was started'),
    copies: z.object({
      inFlight: count,
      queued: count,
      delivery: quantiles.describe(
        'From a message that comes in until a subscriber acknowledges its copy at QoS 1 or 2; of a sample of the messages',
      ),
    }),
    owed: count.describe('Messages a receipt or an acknowledgement is owed for'),
    ledgerAddsUp: z.boolean(),
    memory: z.object({
      rssBytes: count,
      heapBytes: count,
      heapBytesMax: count,
      queueBytes: count.describe('Of messages that wait and are in memory'),
      queueBytesMax: count.nullable().describe('Null: all of them are in memory'),
    }),
    eventLoop: z
      .object({ p50Seconds: z.number(), p99Seconds: z.number(), maxSeconds: z.number() })
      .describe('How late the event loop came to what was due, in the last half minute to minute'),
    store: z.object({
      isDurable: z.boolean(),
      takesMessages: z.boolean(),
      freeBytes: count.nullable().describe('Of the file system with the data; null where nothing is stored'),
      append: quantiles.describe('From a batch handed to the store until it is durable'),
      acknowledge: quantiles.describe('From the decision to acknowledge a PUBLISH until the acknowledgement may leave'),
    }),
    warnings: z.array(warningSchema),
  })
  .meta({ id: 'Overview' })

export const statsSchema = z
  .object({
    'connections.count': count.describe('Clients that are connected'),
    'connections.max': count.describe('The most at one time since the start'),
    'live_connections.count': count.describe('The same'),
    'live_connections.max': count.describe('The same'),
    'sessions.count': count.describe('Those of clients that are away among them'),
    'topics.count': count.describe('Topic Filters that somebody subscribes to'),
    'subscriptions.count': count.describe('Those of shared groups among them'),
    'subscriptions.shared.count': count,
    'retained.count': count.describe('Retained Messages'),
  })
  .meta({ id: 'Stats', description: 'The numbers of EMQX that mean the same here, under their names' })
export const nodeStatsSchema = z
  .array(statsSchema.extend({ node: z.string() }))
  .meta({ id: 'NodeStats', description: 'The same of each node: there is one' })

export const publishedSchema = z
  .object({
    reason_code: z.int().describe('0x00, 0x10: no matching subscribers, or why it was refused'),
    message: z.string().describe('The name of the Reason Code, with underscores'),
    matched: count.describe('Listeners it goes to'),
    queued: count.describe('Copies that wait'),
    held: z.boolean().describe('It waits for a listener'),
    fate: z.string().nullable().describe('What becomes of a message that nobody listens for'),
    rule: z.string().describe('Topic Filter of the rule it falls under'),
    receipt_id: z.string().nullable().describe('For GET /receipts/{id}; null if none was asked for'),
  })
  .meta({ id: 'Published' })

export const bulkPublishedSchema = z.array(publishedSchema).meta({ id: 'BulkPublished' })

const receiptClients = z
  .array(z.looseObject({ clientIdentifier: z.string() }))
  .readonly()
  .optional()

export const receiptSchema = z
  .object({
    receipt_id: z.string(),
    isFinal: z.boolean().describe('Nothing of it will change any more'),
    receipt: z
      .looseObject({
        topicName: z.string(),
        state: z.enum(['pending', 'delivered', 'complete', 'sent', 'nobody']),
        matched: count,
        delivered: count,
        sent: count,
        pending: count,
        failed: count,
        deliveredTo: receiptClients.describe('Who has acknowledged; for whoever may observe'),
        failedFor: receiptClients.describe('Who does not get it; for whoever may observe'),
      })
      .describe('As it is given over MQTT (docs/operating/receipts.md)'),
  })
  .meta({ id: 'Receipt' })

export const configEntrySchema = z
  .object({
    key: z.string(),
    value: z.unknown().describe('Secrets are masked'),
    text: z.string().optional().describe('As an operator writes it; where the configuration is known'),
    source: z
      .string()
      .optional()
      .describe('File and line, variable, flag or default; where the configuration is known'),
    isDefault: z.boolean().nullable().describe('Null: there is no default to compare it with'),
  })
  .meta({ id: 'ConfigEntry' })

export const configSchema = z.object({ entries: z.array(configEntrySchema) }).meta({ id: 'Config' })

export const reloadedSchema = z
  .object({
    applied: z.array(z.string()).describe('Keys that have changed and are in force'),
    needsRestart: z.array(z.string()).describe('Keys that have changed and wait for the next start'),
  })
  .meta({ id: 'Reloaded' })

const scope = z.enum(['observe', 'publish', 'admin'])

export const meSchema = z
  .object({
    name: z.string(),
    kind: z.enum(['session', 'key', 'anonymous']),
    scopes: z.array(scope),
    csrfToken: z.string().nullable().describe('To be sent as X-CSRF-Token with everything but GET; null for API keys'),
    expiresAtMs: z.number().nullable(),
  })
  .meta({ id: 'Me', description: 'Who is asking, and what for' })

export const apiKeySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(scope),
    createdAtMs: z.number(),
    expiresAtMs: z.number().nullable(),
    lastUsedAtMs: z.number().nullable(),
  })
  .meta({ id: 'ApiKey' })

export const apiKeyPageSchema = page('ApiKeyPage', apiKeySchema, z.object({}))
export const newApiKeySchema = apiKeySchema
  .extend({ key: z.string().describe('Shown this once: only its hash is kept') })
  .meta({ id: 'NewApiKey' })
export const readinessSchema = z.object({ ready: z.boolean(), reasons: z.array(z.string()) }).meta({ id: 'Readiness' })
