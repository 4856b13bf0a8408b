/**
 * What each limit bounds, in words: for the published schema. docs/operating/configuration.md says the same, and a test compares the two.
 */
import type { Limits } from '../../core/limits.ts'

export const limitDescriptions: Readonly<Record<keyof Limits, string>> = Object.freeze({
  connectBytesMax: 'A whole CONNECT packet',
  connectSecondsMax: 'Time a new connection has to deliver its CONNECT',
  handshakeSecondsMax:
    'Time from the arrival of a connection until its PROXY header, its TLS handshake and its WebSocket handshake are done',
  handshakesMax:
    'Connections to one listener for which one of these is still to come; above it the one that has waited longest is closed',
  connectionsMax: 'Connections at one time; further ones are refused with 0x89 Server busy',
  connectionsPerAccountMax:
    'Connections at one time of one account; further ones are refused with 0x97 Quota exceeded, in 3.1.1 with 3; `0`: any number',
  connectionsPerAddressMax:
    'The same of one remote address. All clients behind one router or proxy have the same. Twice as many that have not logged in are closed unread',
  sessionsMax:
    'Sessions in all, of clients that are connected and of clients that are away; a further one is refused with 0x97 Quota exceeded, in 3.1.1 with 3. Clients that have one may always come back to it',
  sessionsPerAccountMax: 'The same of one account; `0`: any number. Where nobody logs in all clients are one account',
  bansMax:
    'Bans at one time: Client Identifiers, User Names, addresses and ranges; a further one is refused to whoever makes it',
  packetBytesMax: 'A whole packet after CONNECT: Maximum Packet Size',
  packetSecondsMax:
    'Time from the first byte of a packet to its last, and one second more for each 1,000 bytes that have come; then the connection ends with 0x8D',
  propertiesMax: 'Properties in one packet, User Properties included',
  propertiesBytesMax: 'All properties of one packet; a longer list of them is refused with 0x95 Packet too large',
  topicBytesMax: 'A Topic Name or Topic Filter',
  topicLevelsMax: 'Levels of a Topic Name or Topic Filter',
  receiveMaximum: 'QoS 1 and 2 messages a publisher may have unacknowledged: Receive Maximum',
  topicAliasMaximum:
    'Topic Aliases a publisher may use on one connection: Topic Alias Maximum; a higher one ends the connection with 0x94 Topic Alias invalid',
  topicAliasBytesMax:
    'Topic Names that the Topic Aliases of one publisher stand for; above it the connection ends with 0x97 Quota exceeded',
  sentTopicAliasMaximum: 'Topic Aliases the broker uses towards one client',
  keepAliveSecondsMax:
    'Keep Alive: a longer one, or none, is replaced by this; `0s` leaves it to the client. An MQTT 3.1.1 client cannot be told: after so much silence the system looks whether it is still there',
  sessionExpirySecondsMax:
    'Session Expiry Interval: a longer one is lowered to this; the highest value lets a Session live for ever',
  publishMessagesPerSecondMax:
    'Messages that one connection may publish in a second, and as many at once; above it the client is slowed down, then its connection is ended: 0x96 Message rate too high. `0`: any number',
  publishBytesPerSecondMax: 'Their packets; `0`: any number',
  accountMessagesPerSecondMax:
    'Messages that all connections of one account may publish in a second; the same, with 0x97 Quota exceeded',
  accountBytesPerSecondMax: 'Their packets; `0`: any number',
  overRateSecondsMax: 'Time a client is only slowed down by these four: it is read no faster than it may send',
  subscriptionsPerSessionMax: 'Subscriptions of one Session',
  subscriptionsMax: 'Subscriptions in all; a further one is refused with 0x97 Quota exceeded',
  sessionQueueMessagesMax: 'Messages waiting in one Session, beyond those in flight',
  sessionQueueBytesMax: 'Topic Names and payloads waiting in one Session',
  sessionSpillMessagesMax: 'Messages waiting in one durable Session whose queue goes on in the store',
  sessionSpillBytesMax: 'Topic Names and payloads waiting in one durable Session whose queue goes on in the store',
  queueMemoryBytesMax: 'Waiting messages kept in memory in all; the rest is in the store only, if it is a durable one',
  unsentBytesMax:
    'Written to one connection and not yet taken by its client: above it QoS 0 copies are dropped and counted, others wait',
  parkedBytesMax:
    'PUBLISH packets that wait on one 3.1.1 connection while the store takes no messages; above it the connection is closed',
  parkedBytesTotalMax: 'The same of all connections together',
  parkedSecondsMax: 'Time they wait at most; then the connection is closed',
  retainedMessagesMax:
    'Retained Messages in all; a further one is refused with 0x97 Quota exceeded, at QoS 0 passed on without being retained',
  retainedBytesMax: 'Topic Names and payloads of Retained Messages in all; a further one is treated in the same way',
  heldMessagesPerTopicMax: 'Messages held, or kept as dead letters, on one Topic Name, unless its rule says otherwise',
  heldBytesPerTopicMax: 'Topic Names and payloads held on one Topic Name, unless its rule says otherwise',
  heldMessagesPerAccountMax: 'Messages held that one account has published',
  heldBytesPerAccountMax: 'Topic Names and payloads held that one account has published',
  heldMessagesMax: 'Messages held in all, dead letters included',
  heldBytesMax: 'Topic Names and payloads held in all',
  heldSecondsMax:
    'Time a message is held, unless its rule says otherwise; `0s`: as long as it lives. Dead letters stay',
  owedMessagesPerSessionMax:
    'Messages of one Session that a receipt or a late acknowledgement is still owed for; above it a further receipt is refused with 0x97',
  owedMessagesMax: 'The same of all Sessions together',
  wakeSecondsMin: 'Time between two events that ask for the same client to be woken',
  requestsPerSecondMax:
    'Requests to the broker itself (`$pabal/who` and the like, see who is listening) that one connection may send in a second; as many may come at once',
  failedLoginsPerSecondMax:
    'Logins that may fail, and connections that may end without a CONNECT, from one address (of IPv6: one /64 network) in a second; as many may at once. Above it clients there are refused with 0x9F, in 3.1.1 with 3, without being asked; logins that succeed do not count',
  topicsSeenMax:
    'Topic Names published to lately that are kept count of for `pabal topics`; the least used make room for new ones; `0` keeps none',
  fateLogMessagesMax: 'Messages whose fate the log remembers (`pabal trace`), the newest; `0` for none',
  fateLogPerSecondMax:
    'Messages that enter the log in a second: those with a listener, and as many others; above it they are sampled',
  messageEventsPerSecondMax: 'Events about messages and copies in a second; further ones are only counted',
  clientHistoryEventsMax:
    'Events of clients that are remembered in all, for their history: connections, Sessions, Subscriptions; 100 of each client at most; `0` for none',
  memoryBytesMax:
    'Memory of the process; above it messages, new clients and Subscriptions are refused with 0x97 until it is less: see memory. `0`: three quarters of what the machine, or the control group, has',
  sysIntervalSeconds: 'Time between two publications of the values below `$SYS`; `0s` for none',
})
