/**
 * The fifteen Control Packets as values: MQTT 5.0 chapter 3, with 3.1.1 translated into the same shapes.
 *
 * A packet decoded from 3.1.1 has no properties; one encoded to 3.1.1 leaves its properties out. Optional properties are
 * absent, never `undefined`-valued placeholders for a default: the reader applies the standard's default.
 */
import type { Publish } from './packets/publish.ts'
import type { ReasonCode } from './reason-code.ts'

/** Protocol level byte: 3 is MQTT 3.1 (encoded by the command line only, never accepted), 4 is 3.1.1, 5 is 5.0. */
export type ProtocolVersion = 3 | 4 | 5
/** At most once, at least once, exactly once: MQTT 5.0 section 4.3. */
export type Qos = 0 | 1 | 2
/** Bytes of the largest packet there can be: the largest Remaining Length and its fixed header (MQTT 5.0 section 2.1.4). */
export const packetBytesMost = 268_435_455 + 5
/** 0 send on every SUBSCRIBE, 1 only for a new Subscription, 2 never. */
export type RetainHandling = 0 | 1 | 2
/** Name and value, in the order they were sent [MQTT-3.3.2-18]. */
export type UserProperties = readonly (readonly [name: string, value: string])[]

/** Reason String and User Property: on every acknowledgement. */
export interface ReasonProperties {
  reasonString?: string
  userProperties?: UserProperties
}

/** MQTT 5.0 section 3.3.2.3. */
export interface PublishProperties {
  /** 0 unspecified bytes, 1 UTF-8 text. */
  payloadFormatIndicator?: 0 | 1
  /** Seconds. */
  messageExpiryInterval?: number
  topicAlias?: number
  responseTopic?: string
  correlationData?: Uint8Array
  userProperties?: UserProperties
  subscriptionIdentifiers?: readonly number[]
  contentType?: string
}

/** MQTT 5.0 section 3.1.3.2. */
export interface WillProperties {
  /** Seconds. */
  willDelayInterval?: number
  payloadFormatIndicator?: 0 | 1
  /** Seconds. */
  messageExpiryInterval?: number
  contentType?: string
  responseTopic?: string
  correlationData?: Uint8Array
  userProperties?: UserProperties
}

/** What is published for a client whose connection ends without DISCONNECT 0x00: MQTT 5.0 section 3.1.2.5. */
export interface WillMessage {
  topicName: string
  payload: Uint8Array
  qos: Qos
  retain: boolean
  properties: WillProperties
}

/** MQTT 5.0 section 3.1.2.11. */
export interface ConnectProperties {
  /** Seconds; 0xFFFFFFFF never expires. */
  sessionExpiryInterval?: number
  receiveMaximum?: number
  /** Bytes. */
  maximumPacketSize?: number
  topicAliasMaximum?: number
  requestResponseInformation?: boolean
  requestProblemInformation?: boolean
  userProperties?: UserProperties
  authenticationMethod?: string
  authenticationData?: Uint8Array
}

/** MQTT 5.0 section 3.1. */
export interface Connect {
  readonly type: 'connect'
  protocolVersion: ProtocolVersion
  /** 3.1.1 calls it CleanSession. */
  cleanStart: boolean
  /** Seconds; 0 is off. */
  keepAliveSeconds: number
  /** Empty asks the server to assign one. */
  clientIdentifier: string
  will: WillMessage | null
  userName: string | null
  password: Uint8Array | null
  properties: ConnectProperties
}

/** MQTT 5.0 section 3.2.2.3. */
export interface ConnackProperties extends ReasonProperties {
  /** Seconds. */
  sessionExpiryInterval?: number
  receiveMaximum?: number
  maximumQos?: 0 | 1
  retainAvailable?: boolean
  /** Bytes. */
  maximumPacketSize?: number
  assignedClientIdentifier?: string
  topicAliasMaximum?: number
  wildcardSubscriptionAvailable?: boolean
  subscriptionIdentifiersAvailable?: boolean
  sharedSubscriptionAvailable?: boolean
  /** Seconds. */
  serverKeepAlive?: number
  responseInformation?: string
  serverReference?: string
  authenticationMethod?: string
  authenticationData?: Uint8Array
}

/** MQTT 5.0 section 3.2. */
export interface Connack {
  readonly type: 'connack'
  sessionPresent: boolean
  /** On the wire of 3.1.1 this is the return code: the encoder writes it as it is, so the sender translates first. */
  reasonCode: ReasonCode
  properties: ConnackProperties
}

/** PUBACK, PUBREC, PUBREL and PUBCOMP share one layout; 3.1.1 has the Packet Identifier alone. */
export interface Acknowledgement {
  readonly type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp'
  packetId: number
  reasonCode: ReasonCode
  properties: ReasonProperties
}

/** MQTT 5.0 section 3.8.3.1; 3.1.1 has the QoS alone. */
export interface SubscriptionOptions {
  qos: Qos
  noLocal: boolean
  retainAsPublished: boolean
  retainHandling: RetainHandling
}

/** One Topic Filter of a SUBSCRIBE, with its options. */
export interface SubscriptionRequest extends SubscriptionOptions {
  topicFilter: string
}

/** MQTT 5.0 section 3.8. */
export interface Subscribe {
  readonly type: 'subscribe'
  packetId: number
  /** At least one [MQTT-3.8.3-2]. */
  subscriptions: SubscriptionRequest[]
  properties: { subscriptionIdentifier?: number; userProperties?: UserProperties }
}

/** MQTT 5.0 section 3.9. */
export interface Suback {
  readonly type: 'suback'
  packetId: number
  /** One per filter, in the order asked for [MQTT-3.9.3-1]. */
  reasonCodes: ReasonCode[]
  properties: ReasonProperties
}

/** MQTT 5.0 section 3.10. */
export interface Unsubscribe {
  readonly type: 'unsubscribe'
  packetId: number
  topicFilters: string[]
  properties: { userProperties?: UserProperties }
}

/** MQTT 5.0 section 3.11. */
export interface Unsuback {
  readonly type: 'unsuback'
  packetId: number
  /** One per filter; 3.1.1 has none on the wire, so a decoded one is empty. */
  reasonCodes: ReasonCode[]
  properties: ReasonProperties
}

/** MQTT 5.0 section 3.12. */
export interface Pingreq {
  readonly type: 'pingreq'
}

/** MQTT 5.0 section 3.13. */
export interface Pingresp {
  readonly type: 'pingresp'
}

/** MQTT 5.0 section 3.14.2.2. */
export interface DisconnectProperties extends ReasonProperties {
  /** Seconds; only from a client [MQTT-3.14.2-2]. */
  sessionExpiryInterval?: number
  serverReference?: string
}

/** MQTT 5.0 section 3.14; a server of 3.1.1 sends none. */
export interface Disconnect {
  readonly type: 'disconnect'
  reasonCode: ReasonCode
  properties: DisconnectProperties
}

/** MQTT 5.0 section 3.15; 3.1.1 has no such packet. */
export interface Auth {
  readonly type: 'auth'
  reasonCode: ReasonCode
  properties: ReasonProperties & { authenticationMethod?: string; authenticationData?: Uint8Array }
}

/** Any packet, by its `type`. */
export type ControlPacket =
  | Connect
  | Connack
  | Publish
  | Acknowledgement
  | Subscribe
  | Suback
  | Unsubscribe
  | Unsuback
  | Pingreq
  | Pingresp
  | Disconnect
  | Auth
