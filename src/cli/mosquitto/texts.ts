/**
 * The words mosquitto's library has for Reason Codes, return codes and errors: scripts compare them, so they stay.
 */
const reasons: Readonly<Record<number, string>> = {
  0: 'Success',
  1: 'Granted QoS 1',
  2: 'Granted QoS 2',
  4: 'Disconnect with Will Message',
  16: 'No matching subscribers',
  17: 'No subscription existed',
  24: 'Continue authentication',
  25: 'Re-authenticate',
  128: 'Unspecified error',
  129: 'Malformed Packet',
  130: 'Protocol Error',
  131: 'Implementation specific error',
  132: 'Unsupported Protocol Version',
  133: 'Client Identifier not valid',
  134: 'Bad User Name or Password',
  135: 'Not authorized',
  136: 'Server unavailable',
  137: 'Server busy',
  138: 'Banned',
  139: 'Server shutting down',
  140: 'Bad authentication method',
  141: 'Keep Alive timeout',
  142: 'Session taken over',
  143: 'Topic Filter invalid',
  144: 'Topic Name invalid',
  145: 'Packet Identifier in use',
  146: 'Packet Identifier not found',
  147: 'Receive Maximum exceeded',
  148: 'Topic Alias invalid',
  149: 'Packet too large',
  150: 'Message rate too high',
  151: 'Quota exceeded',
  152: 'Administrative action',
  153: 'Payload format invalid',
  154: 'Retain not supported',
  155: 'QoS not supported',
  156: 'Use another server',
  157: 'Server moved',
  158: 'Shared Subscriptions not supported',
  159: 'Connection rate exceeded',
  160: 'Maximum connect time',
  161: 'Subscription identifiers not supported',
  162: 'Wildcard Subscriptions not supported',
}

export function reasonText(code: number): string {
  return reasons[code] ?? 'Unknown reason'
}

const returnCodes = [
  'Connection Accepted.',
  'Connection Refused: unacceptable protocol version.',
  'Connection Refused: identifier rejected.',
  'Connection Refused: broker unavailable.',
  'Connection Refused: bad user name or password.',
  'Connection Refused: not authorised.',
]

export function returnCodeText(code: number): string {
  return returnCodes[code] ?? 'Connection Refused: unknown reason.'
}

/** The library's own errors: what they say, and the exit code they make. */
export const libraryErrors = {
  protocol: { code: 2, text: 'A network protocol error occurred when communicating with the broker.' },
  invalid: { code: 3, text: 'Invalid function arguments provided.' },
  notConnected: { code: 4, text: 'The client is not currently connected.' },
  refused: { code: 5, text: 'The connection was refused.' },
  lost: { code: 7, text: 'The connection was lost.' },
  tls: { code: 8, text: 'A TLS error occurred.' },
  tooLarge: { code: 9, text: 'Payload too large.' },
  denied: { code: 11, text: 'Authorisation failed.' },
  lookup: { code: 15, text: 'Lookup error.' },
  proxy: { code: 16, text: 'Proxy error.' },
  qos: { code: 24, text: 'Requested QoS not supported on server.' },
  oversize: { code: 25, text: 'Packet larger than supported by the server.' },
} as const

const systemErrors: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EADDRINUSE: 'Address already in use',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EAFNOSUPPORT: 'Address family not supported by protocol',
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  EHOSTUNREACH: 'No route to host',
  EINVAL: 'Invalid argument',
  ENETUNREACH: 'Network is unreachable',
  ENOENT: 'No such file or directory',
  ENOTSOCK: 'Socket operation on non-socket',
  EPERM: 'Operation not permitted',
  EPIPE: 'Broken pipe',
  ETIMEDOUT: 'Connection timed out',
}

/** What the C library says of an error code such as `ECONNREFUSED`. */
export function systemErrorText(code: string, message: string): string {
  return systemErrors[code] ?? message
}
