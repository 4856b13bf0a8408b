/**
 * What outlives a Network Connection: Subscriptions, messages in flight and waiting, Packet Identifiers. MQTT 5.0 section 4.1.
 *
 * A Session belongs to one account and one Client Identifier. It ends when its Session Expiry Interval has passed after the
 * Network Connection closed, or when a client starts afresh; until then nothing in it is lost.
 */
import type { WillMessage } from '../../protocol/control-packet.ts'
import type { Identity } from '../access/access-policy.ts'
import type { SessionRights } from '../access/access-rules.ts'
import type { ReceiveVerdicts } from '../access/receiving.ts'
import type { Connection } from '../connection/connection.ts'
import type { Obligation } from '../owed/obligation.ts'
import type { Subscription } from '../routing/subscription.ts'
import { Outbound } from './outbound.ts'
import { UnderWay } from './under-way.ts'

/** A Session Expiry Interval of this value never ends [MQTT-3.1.2-23]. */
export const neverExpires = 0xffff_ffff

/** One string for account and Client Identifier; neither can hold U+0000 [MQTT-1.5.4-2]. Where nobody logs in there is no account. */
export function sessionKey(account: string, clientIdentifier: string): string {
  if (account === '') return clientIdentifier
  return `${account}\u0000${clientIdentifier}`
}

export class Session {
  // As in Connection: what each message looks at stands first.
  /** Null while the client is away. */
  connection: Connection | null = null
  readonly account: string
  readonly clientIdentifier: string
  /** Something above QoS 0 has been on its way to it, or has waited for it: until then `outbound` has nothing to do. */
  usesOutbound = false
  /** Acknowledgements it waits for until subscribers have given theirs, by Packet Identifier; null until there is one. */
  heldAcknowledgements: Map<number, Obligation> | null = null
  readonly key: string
  readonly createdMs: number
  /** Where what it has under way is counted. */
  readonly underWay: UnderWay
  /** Seq of the record that says it exists; 0 if none does, and then none says that it ended. */
  number = 0
  /** When its client connected or, if it is away, when it went; 0 if that is not known. */
  presenceMs = 0
  /**
   * When its client last acknowledged a message, since the broker started; -Infinity for not yet. Not 0: a field that first holds a
   * small whole number and later a time makes V8 throw away all code that knows Sessions, in the middle of the first load.
   */
  lastAcknowledgedMs = Number.NEGATIVE_INFINITY
  /** Seconds. 0 ends the Session with its Network Connection. */
  expiryInterval = 0
  /** By Topic Filter as the client sent it, `$share/` included. */
  readonly subscriptions = new Map<string, Subscription>()
  readonly outbound = new Outbound(this)
  /** QoS 2 Packet Identifiers of the client that wait for PUBREL; null until there is one. */
  inboundPacketIds: Set<number> | null = null
  /** Messages of its own that something is owed for. */
  owedMessages = 0
  will: WillMessage | null = null
  /** When the Will Message goes out; Infinity while connected or without one. */
  willAtMs = Number.POSITIVE_INFINITY
  /** When the Session ends; Infinity while connected. */
  endsAtMs = Number.POSITIVE_INFINITY
  /** The earliest reminder set for the two above. */
  remindAtMs = Number.POSITIVE_INFINITY
  hasEnded = false
  /** Orders of copies that need no more work, not yet written down. */
  settledOrders: number[] = []
  /** Copies for it that ended in another way than by being sent and, above QoS 0, acknowledged. */
  undelivered = 0
  /** Code in this process: nothing is asked about it. */
  isLocal = false
  /** Groups its client came with when it last logged in; null: not known, because it was stored without. */
  groups: readonly string[] | null = null
  /** What it may do, by the access rules; null until somebody asks. */
  rights: SessionRights | null = null
  /** What the host has said of what it may receive; null until it is asked. */
  receiveVerdicts: ReceiveVerdicts | null = null
  /** A snapshot of it is in the store. */
  isInSnapshot = false
  #identity: Identity | null = null

  constructor(account: string, clientIdentifier: string, nowMs: number, underWay: UnderWay = new UnderWay()) {
    this.underWay = underWay
    this.account = account
    this.clientIdentifier = clientIdentifier
    this.key = sessionKey(account, clientIdentifier)
    this.createdMs = nowMs
  }

  /** Whose it is, without the rest of it, which may end long before: the same object each time, for there may be many who keep it. */
  get identity(): Identity {
    this.#identity ??= { account: this.account, clientIdentifier: this.clientIdentifier }
    return this.#identity
  }

  /** Where `outbound` counts, from the first time that there is something. */
  useOutbound(): UnderWay {
    this.usesOutbound = true
    return this.underWay
  }

  /** It is kept when the Network Connection closes, so what concerns it must be durable, and it has a record. */
  get survives(): boolean {
    return this.expiryInterval > 0
  }

  get isOnline(): boolean {
    return this.connection !== null
  }
}
