/**
 * Reason Codes of MQTT 5.0, section 2.4, and the CONNACK return codes that MQTT 3.1.1 has in their place.
 *
 * A value at or above 0x80 means failure. Inside the broker only 5.0 codes are used.
 */

/** By the names of MQTT 5.0 section 2.4. */
export const ReasonCode = {
  Success: 0x00,
  NormalDisconnection: 0x00,
  GrantedQos0: 0x00,
  GrantedQos1: 0x01,
  GrantedQos2: 0x02,
  DisconnectWithWillMessage: 0x04,
  NoMatchingSubscribers: 0x10,
  NoSubscriptionExisted: 0x11,
  ContinueAuthentication: 0x18,
  ReAuthenticate: 0x19,
  UnspecifiedError: 0x80,
  MalformedPacket: 0x81,
  ProtocolError: 0x82,
  ImplementationSpecificError: 0x83,
  UnsupportedProtocolVersion: 0x84,
  ClientIdentifierNotValid: 0x85,
  BadUserNameOrPassword: 0x86,
  NotAuthorized: 0x87,
  ServerUnavailable: 0x88,
  ServerBusy: 0x89,
  Banned: 0x8a,
  ServerShuttingDown: 0x8b,
  BadAuthenticationMethod: 0x8c,
  KeepAliveTimeout: 0x8d,
  SessionTakenOver: 0x8e,
  TopicFilterInvalid: 0x8f,
  TopicNameInvalid: 0x90,
  PacketIdentifierInUse: 0x91,
  PacketIdentifierNotFound: 0x92,
  ReceiveMaximumExceeded: 0x93,
  TopicAliasInvalid: 0x94,
  PacketTooLarge: 0x95,
  MessageRateTooHigh: 0x96,
  QuotaExceeded: 0x97,
  AdministrativeAction: 0x98,
  PayloadFormatInvalid: 0x99,
  RetainNotSupported: 0x9a,
  QosNotSupported: 0x9b,
  UseAnotherServer: 0x9c,
  ServerMoved: 0x9d,
  SharedSubscriptionsNotSupported: 0x9e,
  ConnectionRateExceeded: 0x9f,
  MaximumConnectTime: 0xa0,
  SubscriptionIdentifiersNotSupported: 0xa1,
  WildcardSubscriptionsNotSupported: 0xa2,
} as const

/** A Reason Code byte, 0 to 255. */
export type ReasonCode = number

/** The Reason Codes that CONNACK can have, MQTT 5.0 section 3.2.2.2. */
export const connectReasonCodes: ReadonlySet<ReasonCode> = new Set([
  0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a, 0x9b,
  0x9c, 0x9d, 0x9f,
])

/** The Reason Code to refuse a CONNECT with: `code`, or what comes nearest to it in CONNACK [MQTT-3.2.2-8]. */
export function connectReasonCode(code: ReasonCode): ReasonCode {
  if (connectReasonCodes.has(code)) return code
  switch (code) {
    case ReasonCode.ServerShuttingDown:
      return ReasonCode.ServerUnavailable
    case ReasonCode.TopicAliasInvalid:
      return ReasonCode.ProtocolError
    default:
      return ReasonCode.UnspecifiedError
  }
}

/** The Reason Codes that a DISCONNECT of a server can have, section 3.14.2.1. */
export const serverDisconnectCodes: ReadonlySet<ReasonCode> = new Set([
  0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99,
  0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
])

/** The Reason Code to disconnect a client with: `code`, or what comes nearest to it in DISCONNECT [MQTT-3.14.2-1]. */
export function disconnectReasonCode(code: ReasonCode): ReasonCode {
  if (serverDisconnectCodes.has(code)) return code
  switch (code) {
    case ReasonCode.BadUserNameOrPassword:
    case ReasonCode.Banned:
    case ReasonCode.BadAuthenticationMethod:
      return ReasonCode.NotAuthorized
    case ReasonCode.ServerUnavailable:
      return ReasonCode.ServerBusy
    default:
      return ReasonCode.UnspecifiedError
  }
}

/** CONNACK return codes of MQTT 3.1.1, section 3.2.2.3. */
export const ConnectReturnCode = {
  Accepted: 0x00,
  UnacceptableProtocolVersion: 0x01,
  IdentifierRejected: 0x02,
  ServerUnavailable: 0x03,
  BadUserNameOrPassword: 0x04,
  NotAuthorized: 0x05,
} as const

const names = new Map<number, string>()
for (const [name, code] of Object.entries(ReasonCode)) {
  const words = name.replace(/([a-z])([A-Z0-9])/g, '$1 $2').toLowerCase()
  if (!names.has(code)) names.set(code, words)
}

/** The name of a Reason Code in plain words, such as `no matching subscribers`; `reason code 0x7f` for a value the standard lacks. */
export function reasonCodeName(code: ReasonCode): string {
  return names.get(code) ?? `reason code 0x${code.toString(16).padStart(2, '0')}`
}

/**
 * The MQTT 3.1.1 CONNACK return code for a 5.0 Reason Code, or null where none fits: then the connection closes
 * without CONNACK [MQTT3-3.2.2-6].
 */
export function connectReturnCode(code: ReasonCode): number | null {
  switch (code) {
    case ReasonCode.Success:
      return ConnectReturnCode.Accepted
    case ReasonCode.UnsupportedProtocolVersion:
      return ConnectReturnCode.UnacceptableProtocolVersion
    case ReasonCode.ClientIdentifierNotValid:
      return ConnectReturnCode.IdentifierRejected
    case ReasonCode.ServerUnavailable:
    case ReasonCode.ServerBusy:
    case ReasonCode.ServerShuttingDown:
    case ReasonCode.UseAnotherServer:
    case ReasonCode.ServerMoved:
    case ReasonCode.QuotaExceeded:
    case ReasonCode.ConnectionRateExceeded:
      return ConnectReturnCode.ServerUnavailable
    case ReasonCode.BadUserNameOrPassword:
    case ReasonCode.BadAuthenticationMethod:
      return ConnectReturnCode.BadUserNameOrPassword
    case ReasonCode.NotAuthorized:
    case ReasonCode.Banned:
      return ConnectReturnCode.NotAuthorized
    default:
      return null
  }
}
