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
  switch (identity) {
    case 'cn':
      return commonName(certificate.subject)
    case 'san':
      return alternativeName(certificate.subjectAltName)
    case 'subject':
      return wholeSubject(certificate.subject)
  }
}

/** Each attribute of the subject stands on a line of its own. */
function commonName(subject: string): string {
  const names = subject.split('\n').filter((line) => line.startsWith('CN='))
  const [name = ''] = names
  // What is escaped is no name that anybody would choose in good faith.
  return names.length === 1 && !name.includes('\\') ? name.slice('CN='.length) : ''
}

/**
 * As RFC 2253 writes it, and OpenSSL and mosquitto with it: the last attribute first, commas between them, bytes beyond ASCII as `\C3`.
 * Node has escaped what must be escaped, and puts values of one attribute on one line.
 */
function wholeSubject(subject: string): string {
  const lines = subject.split('\n').filter((line) => line !== '')
  // An attribute without a name would be written as the bytes it is made of, which are not known here.
  if (lines.some((line) => /^\d|[^\\] \+ \d/.test(line))) return ''
  const parts = lines.reverse().map((line) => line.split(' + ').reverse().join('+'))
  return parts
    .join(',')
    .replace(/\P{ASCII}+/gu, (text) => Buffer.from(text).toString('hex').toUpperCase().replace(/../g, '\\$&'))
}

/** The first DNS name, e-mail address or URI. */
function alternativeName(names: string | undefined): string {
  // Node puts a value with a comma or a quotation mark in it into quotation marks.
  const [, value = ''] = /(?:^|, )(?:DNS|email|URI):([^,"]+)(?=,|$)/.exec(names ?? '') ?? []
  return names?.includes('"') === true ? '' : value
}
