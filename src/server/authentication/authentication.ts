/**
 * Who may connect: the callbacks a host gives the broker, and what they are told. MQTT 5.0 sections 3.1.3, 4.12 and 5.4.
 *
 * Fail closed: a callback that throws, rejects or answers anything but the shapes below refuses.
 */
import type { UserProperties } from '../../protocol/control-packet.ts'

/** What is known of a client that asks to connect. */
export interface AuthenticationRequest {
  clientIdentifier: string
  userName: string | null
  /** The bytes as sent; null if the client sent none. The callback must not keep them. */
  password: Uint8Array | null
  protocolVersion: 4 | 5
  /** For example `127.0.0.1:50312`. */
  remoteAddress: string
  /** URL of the listener the client came in by. */
  listener: string
  userProperties: UserProperties
}

/** What a client logs in with beside its account. */
export interface LoginTerms {
  /** Groups it is in, for access rules that name groups without accounts of their own. Default: none. */
  groups?: readonly string[]
  /**
   * Milliseconds since 1970: when its connection ends, with 0xA0 Maximum connect time, unless it has authenticated anew by then.
   * One that is over refuses. Default: never.
   */
  expiresAtMs?: number
}

/**
 * The verdict on a CONNECT. `account` is what the Session belongs to and what `who` shows; default: the User Name, or
 * the empty string for an anonymous client.
 */
export type AuthenticationVerdict =
  | ({ type: 'accepted'; account?: string } & LoginTerms)
  /**
   * `reasonCode` at or above 0x80, default 0x86 Bad User Name or Password for 5.0 (4 for 3.1.1); one that CONNACK does not
   * have becomes 0x80. The first 1,024 characters of `reasonString` are sent.
   */
  | { type: 'refused'; reasonCode?: number; reasonString?: string; serverReference?: string }

/** `true` is `{type: 'accepted'}`, `false` is `{type: 'refused'}`. */
export type Authenticate = (
  request: AuthenticationRequest,
) => AuthenticationVerdict | boolean | Promise<AuthenticationVerdict | boolean>

/**
 * A client wants to publish to a Topic Name, or to subscribe with a Topic Filter (for `$share/name/filter`: the filter
 * alone). Or it asks the broker itself: to `observe` who listens and what happens, or as an `admin` to change something.
 */
export interface AuthorizationRequest {
  account: string
  clientIdentifier: string
  userName: string | null
  /** What it came with when it logged in. */
  groups: readonly string[]
  action: 'publish' | 'subscribe' | 'observe' | 'admin'
  /**
   * Topic Name of a publish (Will Messages too), Topic Filter of a subscribe; what is asked about with `observe` and `admin`:
   * a Topic Name, a Topic Filter, or `#` for everything.
   */
  topic: string
  qos: 0 | 1 | 2
  retain: boolean
}

/** Accounts, by name, that may ask the broker itself. */
export interface Permissions {
  /** May see who listens, what waits and what happens. */
  observe?: readonly string[]
  /** May also release, requeue and drop what is held. */
  admin?: readonly string[]
}

/** Anything but `true` refuses with 0x87 Not authorized. */
export type Authorize = (request: AuthorizationRequest) => boolean | Promise<boolean>

/** A client may get messages on a Topic Name, or may not. */
export interface ReceiveRequest {
  account: string
  clientIdentifier: string
  /** What it came with when it logged in; null: not known, because its Session was stored when nobody asked for them. */
  groups: readonly string[] | null
  /** A Topic Name, as it was published. */
  topic: string
}

/** Anything but `true` keeps the messages back. */
export type AuthorizeReceive = (request: ReceiveRequest) => boolean

/** What a method answers to one piece of Authentication Data, of at most 65,535 bytes. */
export type EnhancedAuthenticationStep =
  /** AUTH 0x18 goes out with `data`; the exchange waits for the client's answer. */
  | { type: 'continue'; data: Uint8Array }
  /** Ends in CONNACK 0x00 (or AUTH 0x00 when re-authenticating), with `data` if there is any. */
  | ({ type: 'accepted'; account: string; data?: Uint8Array } & LoginTerms)
  | { type: 'refused'; reasonCode?: number; reasonString?: string }

/** One run of a method with one client, from its first Authentication Data to a verdict. */
export interface EnhancedAuthenticationExchange {
  /** `data` is the Authentication Data of CONNECT or AUTH, null if the packet had none. */
  step(data: Uint8Array | null): EnhancedAuthenticationStep | Promise<EnhancedAuthenticationStep>
}

/** An Authentication Method of MQTT 5.0, section 4.12. */
export interface EnhancedAuthenticationMethod {
  /** The Authentication Method string, for example `SCRAM-SHA-256`. */
  readonly name: string
  begin(request: AuthenticationRequest): EnhancedAuthenticationExchange
}
