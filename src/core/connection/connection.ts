/**
 * One Network Connection as the core knows it: what dies with it. MQTT 5.0 section 4.2.
 *
 * `link` belongs to the shell and is never looked at here.
 */
import { type Connect, packetBytesMost } from '../../protocol/control-packet.ts'
import type { Claim } from '../owed/owing.ts'
import type { RetainedDelivery } from '../routing/retained-delivery.ts'
import type { Route } from '../routing/route.ts'
import type { Subscription } from '../routing/subscription.ts'
import type { Parked } from '../session/parked.ts'
import type { Session } from '../session/session.ts'
import type { OutgoingToConnection } from '../turn.ts'
import { addressOf } from './headcount.ts'
import type { InboundTopicAliases, OutboundTopicAliases } from './topic-aliases.ts'

/** Where a client came from, for events and questions. */
export interface Origin {
  /** For example `127.0.0.1:50312`. */
  readonly remoteAddress: string
  /** URL of the listener. */
  readonly listener: string
  /** The name in its certificate that is its account; empty if it has none. Null where its listener takes none. */
  readonly certificateName?: string | null
  /** Used if the client asks for an assigned Client Identifier: unique and not to be guessed. */
  readonly assignedClientIdentifier: string
  /** False for a listener whose clients get 0x00 instead of 0x10 No matching subscribers. */
  readonly tellsPublisher: boolean
}

export type ConnectionState =
  /** Waits for CONNECT. */
  | 'opened'
  /** CONNECT is here, the verdict is not. */
  | 'authenticating'
  | 'connected'
  | 'closed'

export class Connection {
  // What a PUBLISH looks at stands first and together: of a client that was silent for a second nothing is in the processor's caches any
  // more, and each first look at another place of it takes 60 to 290 ns (docs/decisions/0048-what-a-silent-client-costs.md).
  readonly link: object
  session: Session | null = null
  state: ConnectionState = 'opened'
  /** Not without a value at first: V8 would make a new object for each time that is noted here. */
  lastReceivedMs = Number.NEGATIVE_INFINITY
  protocolVersion: 4 | 5 = 4
  /** Code in this process: neither asked nor limited. */
  readonly isLocal: boolean
  /** A question about this connection is open: no further packet may be handed in. */
  isWaiting = false
  /**
   * Milestones among what waits to be durable: the CONNACK with what is sent again behind it [MQTT-3.2.0-1], what is sent
   * again later, and each SUBACK with its Retained Messages. Before the last is reached no PUBLISH leaves at once, so that
   * order is kept [MQTT-4.6.0-5].
   */
  milestonesAhead = 1
  /** Bytes the client takes in one packet; `packetBytesMost` if it set no limit. */
  maximumPacketSize = packetBytesMost
  /** Bytes decided to be sent that the client has not taken, as far as known. */
  unsentBytes = 0
  /** Bytes of the messages in `heldBack`. */
  heldBackBytes = 0
  outboundAliases: OutboundTopicAliases | null = null
  /** PUBLISH packets that wait for the store to take messages again; null most of the time. */
  parked: Parked | null = null
  /** What its messages claim that ask for no receipt. */
  plainClaim: Claim | null = null
  /** The last Topic Name that passed the limits: saves checking it again. */
  checkedTopicName = ''
  /** That one is for the broker itself. */
  checkedIsReserved = false
  /** Where it leads, if that is to one receiver at most, and holds for the Subscriptions of `routeGeneration`. */
  route: Route | null = null
  routeGeneration = 0
  readonly origin: Origin
  /** Without its port. */
  readonly address: string
  readonly openedMs: number
  /** What it is being asked was asked before something changed: the answer holds for this once. */
  awaitsOldAnswer = false
  /** Nothing is read from it at the moment, by our own decision: its silence says nothing. */
  isPaused = false
  connackHasLeft = false
  /** What could have left at once but for a milestone, in order; null most of the time. */
  heldBack: OutgoingToConnection[] | null = null
  /** Enough of a CONNECT has come to know in which form to refuse it. */
  canBeAnswered = false
  /** The CONNECT while its verdict is open. */
  connect: Connect | null = null
  /** The CONNECT of a client that uses enhanced authentication: it may do so again. */
  authenticationConnect: Connect | null = null
  authenticationMethod: string | null = null
  /** What the client is called: the name in its certificate, or the User Name of its CONNECT. */
  userName: string | null = null
  /** The client chose its Client Identifier itself. */
  hasOwnClientIdentifier = false
  isReAuthenticating = false
  /** When what its client logged in with is over; Infinity for never. */
  loginEndsAtMs = Number.POSITIVE_INFINITY
  /** Milliseconds without a packet after which the client is given up: one and a half Keep Alive [MQTT-3.1.2-22]; 0 for never. */
  silenceMsMax = 0
  /** QoS 1 and 2 messages the client may be sent before an acknowledgement: its Receive Maximum, within ours. */
  sendMaximum = 65_535
  /** Reason String and User Property may go on any packet [MQTT-3.1.2-29]. */
  wantsProblemInformation = true
  /** QoS 1 and 2 messages received whose last acknowledgement has not left. */
  unacknowledgedInbound = 0
  /** Acknowledgements among those that wait for subscribers. */
  heldAcknowledgements = 0
  inboundAliases: InboundTopicAliases | null = null
  /** Topic Names publishing to was asked about: bit per QoS and RETAIN, allowed ones. */
  publishPermissions: Map<string, number> | null = null
  /** Requests to the broker itself that may come at `requestsAtMs`; more with time. */
  requestsLeft = Number.POSITIVE_INFINITY
  requestsAtMs = 0
  /** The same for receipts: whether it may publish where they go, and whether it may observe. */
  receiptVerdicts: Map<string, readonly boolean[]> | null = null
  /** The client said DISCONNECT with a code that cancels the Will Message. */
  saidGoodbye = false
  /** Retained Messages still to be sent, a slice at a time, in the order asked for. */
  retainedDeliveries: Map<Subscription, RetainedDelivery> | null = null

  constructor(link: object, origin: Origin, isLocal: boolean, nowMs: number) {
    this.link = link
    this.origin = origin
    this.address = addressOf(origin.remoteAddress)
    this.isLocal = isLocal
    this.openedMs = nowMs
    this.lastReceivedMs = nowMs
  }

  get isClosed(): boolean {
    return this.state === 'closed'
  }

  /** So much of what was decided to be sent the client has not taken. Whether something waits for that to become less. */
  noteUnsent(bytes: number): boolean {
    this.unsentBytes = bytes + this.heldBackBytes
    return this.session?.usesOutbound === true && this.session.outbound.hasWaiting
  }

  get clientIdentifier(): string | null {
    return this.session?.clientIdentifier ?? this.connect?.clientIdentifier ?? null
  }
}
