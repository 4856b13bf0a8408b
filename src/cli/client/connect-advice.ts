/**
 * What is to be done about a connection that did not come about, in the flags that every verb has.
 */
import { ConnectionLost } from './client-errors.ts'
import type { ChannelError, ChannelTarget } from './open-channel.ts'

const untrusted: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/** What the first bytes of a server are that does not speak TLS. */
const noTls: ReadonlySet<string> = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG'])

/** Why a channel could not be opened, with what to do where that is known; without a full stop at its end. */
export function channelFaultText({ kind, code, message }: ChannelError): string {
  // Node's own advice is for who writes the program.
  const [words = message] = message.split('; if the root CA is installed locally')
  if (kind === 'lookup') return `${words}; no address is known for this name: correct it, or look at the name server`
  if (untrusted.has(code)) {
    return `${words}: nobody who is trusted here has signed the server's certificate; --cafile FILE names the authority that has, or the certificate itself if nobody else has`
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `${words}; --insecure takes the certificate whatever host it names`
  if (code === 'CERT_HAS_EXPIRED') return `${words}: the server needs a new one`
  if (noTls.has(code))
    return `the server does not speak TLS there (${words}); leave the flags for TLS out, or give the port of its TLS listener`
  if (kind === 'tls' && code === 'ECONNRESET') {
    return 'the server ended the TLS handshake: it does not speak TLS there, or takes none of what this client offers'
  }
  return words
}

/** Null: nothing is known that would help. */
export function lostConnectionAdvice(error: unknown, { tls, webSocket }: ChannelTarget): string | null {
  if (!(error instanceof ConnectionLost) || error.wasConnected || tls !== null || webSocket) return null
  return 'it ended before the server had answered CONNECT; if it speaks TLS there, name whom to trust: --cafile FILE, or -L mqtts://HOST:PORT for the authorities of this system'
}
