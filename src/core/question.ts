/**
 * What the core asks its host: may this client connect, may it publish or subscribe? Pure data; the answer comes back as
 * the input `Broker.answered`. Until then the connection that asked receives nothing more.
 */
import type { Auth, Connect, Subscribe } from '../protocol/control-packet.ts'
import type { Publish } from '../protocol/packets/publish.ts'
import type { Connection } from './connection/connection.ts'
import type { ReceiptRequest } from './owed/receipt-request.ts'
import type { Work } from './session/going-on.ts'

export interface AuthenticateQuestion {
  readonly type: 'authenticate'
  readonly connection: Connection
  readonly connect: Connect
}

/** One step of enhanced authentication, MQTT 5.0 section 4.12. `packet` is the CONNECT that began it or an AUTH. */
export interface AuthenticationStepQuestion {
  readonly type: 'authentication-step'
  readonly connection: Connection
  readonly connect: Connect
  readonly packet: Connect | Auth
  /** A new exchange begins: with CONNECT, or with AUTH 0x19 Re-authenticate. */
  readonly begins: boolean
}

/** May the Will Message be published when the time comes? */
export interface AuthorizeWillQuestion {
  readonly type: 'authorize-will'
  readonly connection: Connection
  readonly connect: Connect
  readonly login: Login
}

export interface AuthorizePublishQuestion {
  readonly type: 'authorize-publish'
  readonly connection: Connection
  readonly packet: Publish
}

/** Topic Filters below `$pabal/events` need the permission to observe. */
export interface AuthorizeSubscribeQuestion {
  readonly type: 'authorize-subscribe'
  readonly connection: Connection
  readonly packet: Subscribe
}

/**
 * May the client publish where it wants its receipt, and may it observe who listens on the Topic Name of `packet`? Answered
 * with two verdicts; then the message itself is taken in.
 */
export interface AuthorizeReceiptQuestion {
  readonly type: 'authorize-receipt'
  readonly connection: Connection
  readonly packet: Publish
  /** Topic Name and QoS of the receipt. */
  readonly receipt: Publish
  readonly request: ReceiptRequest
}

/** May the answer to a request, `packet`, be published on the Response Topic it names, as `reply`? */
export interface AuthorizeReplyQuestion {
  readonly type: 'authorize-reply'
  readonly connection: Connection
  readonly packet: Publish
  readonly reply: Publish
}

/** A packet asks for so much that others are to have their turn first. Answered with `had-their-turn`. */
export interface GoOnQuestion {
  readonly type: 'go-on'
  readonly connection: Connection
  readonly work: Work
}

export type Question =
  | AuthenticateQuestion
  | AuthenticationStepQuestion
  | AuthorizeWillQuestion
  | AuthorizePublishQuestion
  | AuthorizeReceiptQuestion
  | AuthorizeSubscribeQuestion
  | AuthorizeReplyQuestion
  | GoOnQuestion

/** Who a client is, and until when, as the host says. */
export interface Login {
  readonly type: 'accepted'
  readonly account: string
  /** Authentication Data for the client. */
  readonly data: Uint8Array | null
  /** Names of groups it is in, for access rules. */
  readonly groups: readonly string[]
  /** When its connection ends, unless it authenticates anew; Infinity for never. */
  readonly endsAtMs: number
}

const noGroups: readonly string[] = Object.freeze([])

/** One with nothing beside its account. */
export function plainLogin(account: string, data: Uint8Array | null = null): Login {
  return { type: 'accepted', account, data, groups: noGroups, endsAtMs: Number.POSITIVE_INFINITY }
}

export type Answer =
  | Login
  | { readonly type: 'continue'; readonly data: Uint8Array }
  | {
      readonly type: 'refused'
      readonly reasonCode: number
      readonly reasonString: string | null
      readonly serverReference: string | null
    }
  | { readonly type: 'had-their-turn' }
  /** One verdict per Topic Filter, or one alone for a publish or a Will Message. */
  | { readonly type: 'authorized'; readonly allowed: readonly boolean[] }
