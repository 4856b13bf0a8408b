/**
 * What a host may tell `createBroker`: every field optional, every default safe on a machine of one's own.
 */
import type { AccessPolicy } from '../core/access/access-policy.ts'
import type { Limits } from '../core/limits.ts'
import type { TopicRuleOptions } from '../core/routing/topic-rule.ts'
import type { ClientIdentifierScope, WhenQueueFull } from '../core/state.ts'
import type { Store } from '../store/store.ts'
import type { AdminPart } from './admin-part.ts'
import type {
  Authenticate,
  Authorize,
  AuthorizeReceive,
  EnhancedAuthenticationMethod,
  Permissions,
} from './authentication/authentication.ts'

/** `fsync`: before every acknowledgement; `interval`: at most a second may be lost in a power cut; `memory`: nothing survives the process. */
export type Durability = 'fsync' | 'interval' | 'memory'

/**
 * What holds for the messages whose Topic Name a Topic Filter matches; only `filter` must be given. For example
 * `{ filter: 'alarms/#', whenNobody: 'hold', heldSecondsMax: 3600 }`: an alarm that nobody listens for is kept for an hour.
 */
export type TopicOptions = Pick<TopicRuleOptions, 'filter'> & Partial<TopicRuleOptions>

/** Whose Subscriptions get everything they match and still do not make "nobody listens" untrue. */
export interface ObserverOptions {
  /** Accounts: usually User Names. Default: none. */
  accounts?: readonly string[]
  /**
   * Topic Filters, compared as they are written, without `$share/name/`: `#` is not `a/#`. Default: `#` and `+/#`. What is given
   * takes the place of both.
   */
  filters?: readonly string[]
}

/** What `createBroker` takes. `reload` takes the same, and says what of it must wait for a restart. */
export interface BrokerOptions {
  /** Listen URLs: `tcp://`, `tls://`, `ws://`, `wss://`, `unix://`. Default: `tcp://127.0.0.1:1883` and `ws://127.0.0.1:8083/mqtt`; an empty array listens nowhere. */
  listen?: readonly string[]
  /** Lets anybody in on listeners that other machines can reach. Default false: such a listener needs `authenticate` or `authenticationMethods`. */
  allowAnonymous?: boolean
  /** Bounds that differ from `defaultLimits`. */
  limits?: Partial<Limits>
  /** Asked at every CONNECT without an Authentication Method. Default: everybody, whatever the User Name, under the empty account. */
  authenticate?: Authenticate
  /**
   * Rules that say who may publish, subscribe, receive, observe and administrate what: `accessRules({ rules })`. What no rule allows is
   * denied. What a rule denies `authorize` is not asked about. Default: no rules.
   */
  access?: AccessPolicy | null
  /**
   * Asked at every new Topic Name a connection publishes to and every Subscription. Default: everything. What it has answered about
   * publishing is kept for the connection: `broker.askAgain()` makes that void.
   */
  authorize?: Authorize
  /**
   * Asked whether a client may receive messages on a Topic Name, of those that its Subscriptions and the access rules grant it. It
   * answers at once, not with a promise, and must not use the broker. Asked when a message is published, before a Retained Message,
   * before what waited is sent, and when somebody asks who listens; what it says of a Session and a Topic Name is kept, for 100 of
   * them, until the client logs in again, the options change, or `broker.askAgain()`. Whoever may not receive is no listener. Default:
   * who may subscribe may receive.
   */
  authorizeReceive?: AuthorizeReceive
  /**
   * Accounts that may ask the broker who listens and what happens. `authorize`, if there is one, decides instead. Default with
   * authentication: nobody; without: whoever connects from this machine.
   */
  permissions?: Permissions
  /** Enhanced authentication (MQTT 5.0 section 4.12). Default: none; an unknown method is refused with 0x8C. */
  authenticationMethods?: readonly EnhancedAuthenticationMethod[]
  /**
   * Prefix of the Response Information that a client gets if it asks for it; its Client Identifier follows. Default: none is
   * sent. Whether others may publish or subscribe there is for `authorize` to say.
   */
  responseTopicPrefix?: string
  /**
   * Where a Client Identifier is one client's own. `broker`: while an account has a Session with it, CONNECT of another account is
   * refused with 0x85; `account`: each account has Client Identifiers of its own, for a host whose accounts are tenants that know
   * nothing of each other. Default `broker`.
   */
  clientIdentifierScope?: ClientIdentifierScope
  /**
   * Client Identifiers that clients may choose: each a text in which `%u` is the account and `*` at the end whatever follows, for example
   * `%u` and `%u-*`. Whoever chooses another one is refused with 0x85. An account that holds the character behind `%u` in a pattern with
   * `*` gets nothing by `%u`, so that no two accounts are given the same. Default: any.
   */
  clientIdentifiers?: readonly string[]
  /**
   * Where what must survive is kept: `sqlite('directory')`, or `memory()`, which is the default. The broker opens it when
   * it starts and closes it when it stops.
   */
  store?: Store
  /** What happens when the queue of a Session is full. Default `spill`: it goes on in the store, if that is a durable one. */
  whenQueueFull?: WhenQueueFull
  /** Topic Name on which `whenQueueFull: 'dead-letter'` publishes. Default `dead-letters`. */
  deadLetterTopicName?: string
  /**
   * Rules for Topic Filters, in order: the first whose filter matches a Topic Name decides alone. Behind the last one, and if
   * there is none, everything is reported (`whenNobody: 'report'`). Topic Names that begin with `$` have no rule.
   */
  topics?: readonly TopicOptions[]
  /** Who only observes. Default: whoever subscribes to `#` or `+/#`. */
  observers?: ObserverOptions
  /** The HTTP API: `httpAdmin({ listen: 'http://127.0.0.1:18083' })`. Default: none, and no port is opened for it. */
  admin?: AdminPart | null
  /**
   * Spans of OpenTelemetry for messages that come with a sampled `traceparent`. Takes the npm package `@opentelemetry/api` and an SDK
   * that is set up in this process; `start` throws an Error if the former is missing. Default false.
   */
  tracing?: boolean
  /** Bytes by which the log grows between two snapshots. Default 64 MiB. */
  snapshotEveryBytes?: number
  /**
   * Starts even if a lowered `sessionExpirySecondsMax` ends stored Sessions at once that have messages waiting. Default
   * false: `start` throws an Error that says what would be lost.
   */
  acceptLoss?: boolean
}

export const snapshotEveryBytesDefault = 64 * 1024 * 1024

/** Where a broker listens that is not told where. */
export const defaultListen: readonly string[] = Object.freeze(['tcp://127.0.0.1:1883', 'ws://127.0.0.1:8083/mqtt'])
