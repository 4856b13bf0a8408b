/**
 * Every bound the broker keeps to, with its default and its unit.
 *
 * CONNACK announces the ones the standard has a property for; a packet that breaks one is refused by name, never buffered.
 */

/** Bounds of a broker: whole numbers, in the unit that stands in the name. Defaults and ranges: docs/operating/configuration.md. */
export interface Limits {
  /** Bytes of a whole CONNECT packet. */
  connectBytesMax: number
  /** Seconds a new Network Connection has to deliver its CONNECT [MQTT-3.1.4-1]. */
  connectSecondsMax: number
  /** Seconds from the arrival of a connection until its PROXY header, its TLS handshake and its WebSocket handshake are done. */
  handshakeSecondsMax: number
  /** Connections to one listener for which one of these is still to come; above it the one that has waited longest is closed. */
  handshakesMax: number
  /** Network Connections at one time; further ones are refused with 0x89 Server busy. */
  connectionsMax: number
  /** Network Connections at one time of one account, 0 for any number; further ones are refused with 0x97 Quota exceeded. */
  connectionsPerAccountMax: number
  /** The same of one remote address, those that have not logged in among them. */
  connectionsPerAddressMax: number
  /** Sessions in all, of clients that are connected and of clients that are away; a further one is refused with 0x97 Quota exceeded. */
  sessionsMax: number
  /** The same of one account, 0 for any number. */
  sessionsPerAccountMax: number
  /** Bans at one time; a further one is refused to whoever makes it. */
  bansMax: number
  /** Bytes of a whole packet after CONNECT: Maximum Packet Size. At most 268,435,460. */
  packetBytesMax: number
  /** Seconds from the first byte of a packet to its last, and one more for each 1,000 bytes that have come. */
  packetSecondsMax: number
  /** Properties in one packet, User Properties included. */
  propertiesMax: number
  /** Bytes of all properties of one packet. */
  propertiesBytesMax: number
  /** UTF-8 bytes of a Topic Name or Topic Filter. At most 65,535. */
  topicBytesMax: number
  /** Levels of a Topic Name or Topic Filter. */
  topicLevelsMax: number
  /** QoS 1 and 2 messages a publisher may have unacknowledged: Receive Maximum. 1 to 65,535. */
  receiveMaximum: number
  /** Topic Aliases a publisher may use on one connection: Topic Alias Maximum. 0 to 65,535. */
  topicAliasMaximum: number
  /** UTF-8 bytes, roughly, of the Topic Names that the aliases of one publisher stand for. */
  topicAliasBytesMax: number
  /** Topic Aliases the broker uses towards one client, if the client allows as many. 0 to 65,535. */
  sentTopicAliasMaximum: number
  /**
   * Seconds; a longer Keep Alive, or none, is replaced by this as Server Keep Alive. A client of 3.1.1 cannot be told: after so long
   * without a packet the system looks whether its machine is still there. 0 leaves it to the client.
   */
  keepAliveSecondsMax: number
  /** Seconds; a longer Session Expiry Interval is lowered to this. 4,294,967,295 lets a Session live for ever. */
  sessionExpirySecondsMax: number
  /** Messages that one connection may publish in a second, and as many at once; 0 for any number. */
  publishMessagesPerSecondMax: number
  /** Bytes of their packets; 0 for any number. */
  publishBytesPerSecondMax: number
  /** The same of all connections of an account together. */
  accountMessagesPerSecondMax: number
  accountBytesPerSecondMax: number
  /** Seconds a client is only slowed down for such a rate; then its connection is ended. */
  overRateSecondsMax: number
  /** Subscriptions of one Session. */
  subscriptionsPerSessionMax: number
  /** Subscriptions in all. */
  subscriptionsMax: number
  /** Messages waiting in one Session, beyond those in flight. */
  sessionQueueMessagesMax: number
  /** Bytes of Topic Names and payloads waiting in one Session. */
  sessionQueueBytesMax: number
  /** Messages waiting in one durable Session whose queue goes on in the store. */
  sessionSpillMessagesMax: number
  /** Bytes of Topic Names and payloads waiting in one durable Session whose queue goes on in the store. */
  sessionSpillBytesMax: number
  /** Bytes of waiting messages kept in memory in all; the rest is in the store only, if it is a durable one. */
  queueMemoryBytesMax: number
  /** Bytes written to one connection that its client has not taken: above it QoS 0 copies are dropped and counted, others wait. */
  unsentBytesMax: number
  /** Bytes of PUBLISH packets that wait on one 3.1.1 connection while the store takes no messages; above it the connection is closed. */
  parkedBytesMax: number
  /** The same of all connections together. */
  parkedBytesTotalMax: number
  /** Seconds they wait at most; then the connection is closed. */
  parkedSecondsMax: number
  /**
   * Retained Messages in all; a further one is refused with 0x97 Quota exceeded, or passed on without being retained if nobody
   * would hear of that: at QoS 0, and as a Will Message.
   */
  retainedMessagesMax: number
  /** Bytes of Topic Names and payloads retained in all; as above. */
  retainedBytesMax: number
  /** Messages held on one Topic Name, unless its rule says otherwise; the queue of dead letters on one Topic Name, too. */
  heldMessagesPerTopicMax: number
  /** Bytes of Topic Names and payloads held on one Topic Name, unless its rule says otherwise. */
  heldBytesPerTopicMax: number
  /** Messages held that one account has published. */
  heldMessagesPerAccountMax: number
  /** Bytes held that one account has published. */
  heldBytesPerAccountMax: number
  /** Messages held in all, dead letters included. */
  heldMessagesMax: number
  /** Bytes held in all. */
  heldBytesMax: number
  /** Seconds a message is held, unless its rule says otherwise; 0 for as long as it lives. Dead letters stay. */
  heldSecondsMax: number
  /** Messages of one Session that a receipt or an acknowledgement is still owed for; a further receipt is refused with 0x97. */
  owedMessagesPerSessionMax: number
  /** The same of all Sessions together. */
  owedMessagesMax: number
  /** Seconds between two events that ask for the same client to be woken. */
  wakeSecondsMin: number
  /** Requests to the broker itself, such as `who`, that one connection may send in a second; as many may come at once. */
  requestsPerSecondMax: number
  /** Logins that may fail from one address in a second; as many may at once. Above it nobody there is asked. */
  failedLoginsPerSecondMax: number
  /** Topic Names published to lately that are kept count of; 0 for none. */
  topicsSeenMax: number
  /** Messages whose fate the log remembers, the newest; 0 for none. */
  fateLogMessagesMax: number
  /** Messages that enter the log in a second: those with a listener, and as many others. Above it they are sampled. */
  fateLogPerSecondMax: number
  /** Events about messages and copies in a second; further ones are only counted. */
  messageEventsPerSecondMax: number
  /** Events that are remembered of clients that come, go and subscribe, in all; 0 for none. */
  clientHistoryEventsMax: number
  /** Bytes of memory the process may take, 0 for three quarters of what there is; above it publishers and new clients are refused. */
  memoryBytesMax: number
  /** Seconds between two publications of the values below `$SYS`; 0 for none. */
  sysIntervalSeconds: number
}

/** What holds where `limits` says nothing. */
export const defaultLimits: Readonly<Limits> = Object.freeze({
  connectBytesMax: 64 * 1024,
  connectSecondsMax: 10,
  handshakeSecondsMax: 10,
  handshakesMax: 1024,
  connectionsMax: 100_000,
  connectionsPerAccountMax: 0,
  connectionsPerAddressMax: 0,
  sessionsMax: 1_000_000,
  sessionsPerAccountMax: 0,
  bansMax: 100_000,
  packetBytesMax: 1024 * 1024,
  packetSecondsMax: 60,
  propertiesMax: 100,
  propertiesBytesMax: 8 * 1024,
  topicBytesMax: 1024,
  topicLevelsMax: 128,
  receiveMaximum: 256,
  topicAliasMaximum: 64,
  topicAliasBytesMax: 64 * 1024,
  sentTopicAliasMaximum: 16,
  keepAliveSecondsMax: 3600,
  sessionExpirySecondsMax: 0xffff_ffff,
  publishMessagesPerSecondMax: 0,
  publishBytesPerSecondMax: 0,
  accountMessagesPerSecondMax: 0,
  accountBytesPerSecondMax: 0,
  overRateSecondsMax: 30,
  subscriptionsPerSessionMax: 10_000,
  subscriptionsMax: 10_000_000,
  sessionQueueMessagesMax: 100_000,
  sessionQueueBytesMax: 64 * 1024 * 1024,
  sessionSpillMessagesMax: 10_000_000,
  sessionSpillBytesMax: 4 * 1024 * 1024 * 1024,
  queueMemoryBytesMax: 64 * 1024 * 1024,
  unsentBytesMax: 16 * 1024 * 1024,
  parkedBytesMax: 1024 * 1024,
  parkedBytesTotalMax: 64 * 1024 * 1024,
  parkedSecondsMax: 10,
  retainedMessagesMax: 1_000_000,
  retainedBytesMax: 1024 * 1024 * 1024,
  heldMessagesPerTopicMax: 10_000,
  heldBytesPerTopicMax: 64 * 1024 * 1024,
  heldMessagesPerAccountMax: 100_000,
  heldBytesPerAccountMax: 256 * 1024 * 1024,
  heldMessagesMax: 1_000_000,
  heldBytesMax: 1024 * 1024 * 1024,
  heldSecondsMax: 7 * 24 * 3600,
  owedMessagesPerSessionMax: 1000,
  owedMessagesMax: 100_000,
  wakeSecondsMin: 10,
  requestsPerSecondMax: 20,
  failedLoginsPerSecondMax: 20,
  topicsSeenMax: 10_000,
  fateLogMessagesMax: 10_000,
  fateLogPerSecondMax: 1000,
  messageEventsPerSecondMax: 1000,
  clientHistoryEventsMax: 50_000,
  memoryBytesMax: 0,
  sysIntervalSeconds: 10,
})

/** Those that hold as they were when the broker was made: announced to clients, or the size of something. The others may change. */
export const fixedLimits: readonly (keyof Limits)[] = Object.freeze([
  'receiveMaximum',
  'topicAliasMaximum',
  'topicsSeenMax',
  'fateLogMessagesMax',
])

/** The values each limit may take: lowest and highest, both allowed. */
export const limitRanges: Readonly<Record<keyof Limits, readonly [lowest: number, highest: number]>> = Object.freeze({
  connectBytesMax: [64, 268_435_460],
  connectSecondsMax: [1, 3600],
  handshakeSecondsMax: [1, 3600],
  handshakesMax: [1, 1_000_000],
  connectionsMax: [1, 10_000_000],
  connectionsPerAccountMax: [0, 10_000_000],
  connectionsPerAddressMax: [0, 10_000_000],
  sessionsMax: [1, 100_000_000],
  sessionsPerAccountMax: [0, 100_000_000],
  bansMax: [0, 1_000_000],
  packetBytesMax: [64, 268_435_460],
  packetSecondsMax: [1, 3600],
  propertiesMax: [1, 100_000],
  propertiesBytesMax: [64, 268_435_460],
  topicBytesMax: [1, 65_535],
  topicLevelsMax: [1, 65_535],
  receiveMaximum: [1, 65_535],
  topicAliasMaximum: [0, 65_535],
  topicAliasBytesMax: [1024, 1_099_511_627_776],
  sentTopicAliasMaximum: [0, 65_535],
  keepAliveSecondsMax: [0, 65_535],
  sessionExpirySecondsMax: [0, 0xffff_ffff],
  publishMessagesPerSecondMax: [0, 1_000_000_000],
  publishBytesPerSecondMax: [0, 1_099_511_627_776],
  accountMessagesPerSecondMax: [0, 1_000_000_000],
  accountBytesPerSecondMax: [0, 1_099_511_627_776],
  overRateSecondsMax: [0, 86_400],
  subscriptionsPerSessionMax: [1, 10_000_000],
  subscriptionsMax: [1, 1_000_000_000],
  sessionQueueMessagesMax: [1, 100_000_000],
  sessionQueueBytesMax: [1024, 1_099_511_627_776],
  sessionSpillMessagesMax: [1, 1_000_000_000],
  sessionSpillBytesMax: [1024, 1_099_511_627_776],
  queueMemoryBytesMax: [1_048_576, 1_099_511_627_776],
  unsentBytesMax: [65_536, 1_099_511_627_776],
  parkedBytesMax: [0, 1_099_511_627_776],
  parkedBytesTotalMax: [0, 1_099_511_627_776],
  parkedSecondsMax: [1, 3600],
  retainedMessagesMax: [0, 1_000_000_000],
  retainedBytesMax: [0, 1_099_511_627_776],
  heldMessagesPerTopicMax: [1, 10_000_000],
  heldBytesPerTopicMax: [1024, 1_099_511_627_776],
  heldMessagesPerAccountMax: [1, 10_000_000],
  heldBytesPerAccountMax: [1024, 1_099_511_627_776],
  heldMessagesMax: [1, 10_000_000],
  heldBytesMax: [1024, 1_099_511_627_776],
  heldSecondsMax: [0, 0xffff_ffff],
  owedMessagesPerSessionMax: [0, 10_000_000],
  owedMessagesMax: [0, 10_000_000],
  wakeSecondsMin: [0, 86_400],
  requestsPerSecondMax: [1, 1_000_000],
  failedLoginsPerSecondMax: [1, 1_000_000],
  topicsSeenMax: [0, 10_000_000],
  fateLogMessagesMax: [0, 1_000_000],
  fateLogPerSecondMax: [1, 1_000_000],
  messageEventsPerSecondMax: [0, 1_000_000],
  clientHistoryEventsMax: [0, 10_000_000],
  memoryBytesMax: [0, 1_099_511_627_776],
  sysIntervalSeconds: [0, 3600],
})
