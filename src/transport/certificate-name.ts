/**
 * The name in a client's certificate that its listener takes for the account, as `identity=` says.
 *
 * The certificate has been verified by then. One that has no such name, or more than one Common Name, gives the empty name, which is
 * nobody's.
 */
import type { TLSSocket } from 'node:tls'
import type { TlsFiles } from './listen-url.ts'

/** Null where the listener takes no name. `socket` is that of an accepted connection. */
export function certificateName(socket: unknown, { identity }: Pick<TlsFiles, 'identity'>): string | null {
  if (identity === null) return null
  // A server that has an identity is one of TLS.
  const certificate = (socket as TLSSocket).getPeerX509Certificate()
  if (certificate === undefined) return ''
  return identity === 'cn' ? commonName(certificate.subject) : alternativeName(certificate.subjectAltName)
}

/** Each attribute of the subject stands on a line of its own. */
function commonName(subject: string): string {
  const names = subject.split('\n').filter((line) => line.startsWith('CN='))
  const [name = ''] = names
  // What is escaped is no name that anybody would choose in good faith.
  return names.length === 1 && !name.includes('\\') ? name.slice('CN='.length) : ''
}

/** The first DNS name, e-mail address or URI. */
function alternativeName(names: string | undefined): string {
  // Node puts a value with a comma or a quotation mark in it into quotation marks.
  const [, value = ''] = /(?:^|, )(?:DNS|email|URI):([^,"]+)(?=,|$)/.exec(names ?? '') ?? []
  return names?.includes('"') === true ? '' : value
}
