/**
 * TLS as a client speaks it: which server to trust and how to prove who oneself is.
 */
import { appendFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import {
  type ConnectionOptions,
  checkServerIdentity,
  getCACertificates,
  type PeerCertificate,
  type SecureVersion,
  type TLSSocket,
} from 'node:tls'

/** Files are in PEM format. Without `caFile`, `caDirectory` and `useSystemCertificates`, the authorities that come with Node are trusted. */
export interface TlsTarget {
  readonly caFile?: string | undefined
  /** Every file in it that holds certificates counts; names do not matter. */
  readonly caDirectory?: string | undefined
  readonly useSystemCertificates?: boolean | undefined
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
  /** Of the key. */
  readonly passphrase?: string | undefined
  /** Accepts a certificate whatever host it names; its authority must be trusted all the same. */
  readonly insecure?: boolean | undefined
  /** What the server is asked for and its certificate is checked against. Default: the host, unless that is an address. */
  readonly serverName?: string | undefined
  /** The one protocol to offer by ALPN, for example `mqtt`. */
  readonly alpn?: string | undefined
  /** In OpenSSL's notation. */
  readonly ciphers?: string | undefined
  readonly minVersion?: SecureVersion | undefined
  readonly maxVersion?: SecureVersion | undefined
  /** A key both sides know, in place of certificates. */
  readonly psk?: { readonly identity: string; readonly key: Uint8Array } | undefined
  /** Where to write the keys of the connection, so that a recording of it can be read. */
  readonly keyLogFile?: string | undefined
}

/** Reads the files. @throws the system's error if one cannot be read. */
export async function clientTlsOptions(host: string, target: TlsTarget): Promise<ConnectionOptions> {
  const { psk, alpn, ciphers, minVersion, maxVersion, passphrase, insecure = false } = target
  const authorities = await readAuthorities(target)
  const serverName = target.serverName ?? (isIP(host) === 0 ? host : null)
  const options: ConnectionOptions = {}
  if (authorities.length > 0) options.ca = authorities
  if (target.certFile !== undefined) options.cert = await readFile(target.certFile)
  if (target.keyFile !== undefined) options.key = await readFile(target.keyFile)
  if (passphrase !== undefined) options.passphrase = passphrase
  if (serverName !== null) options.servername = serverName
  if (alpn !== undefined) options.ALPNProtocols = [alpn]
  if (ciphers !== undefined) options.ciphers = ciphers
  if (minVersion !== undefined) options.minVersion = minVersion
  if (maxVersion !== undefined) options.maxVersion = maxVersion
  if (insecure) options.checkServerIdentity = acceptAnyName
  if (psk !== undefined) {
    options.pskCallback = () => ({ identity: psk.identity, psk: psk.key })
    // The default list leaves out the ciphers of TLS 1.2 that need it.
    options.ciphers = ciphers ?? 'PSK'
    if (!insecure) options.checkServerIdentity = checkNameIfAny
  }
  return options
}

/** Appends at once: a process that is killed leaves what it had. */
export function keepTlsKeys(socket: TLSSocket, file: string): void {
  socket.on('keylog', (line: Buffer) => appendFileSync(file, line))
}

async function readAuthorities(target: TlsTarget): Promise<(string | Buffer)[]> {
  const { caFile, caDirectory, useSystemCertificates = false } = target
  const authorities: (string | Buffer)[] = useSystemCertificates ? [...getCACertificates('system')] : []
  if (caFile !== undefined) authorities.push(await readFile(caFile))
  if (caDirectory === undefined) return authorities
  for (const entry of await readdir(caDirectory, { withFileTypes: true })) {
    if (entry.isDirectory()) continue
    const bytes = await readFile(join(caDirectory, entry.name))
    if (bytes.includes('-----BEGIN CERTIFICATE-----')) authorities.push(bytes)
  }
  // An empty list would mean Node's own authorities, which nobody asked for.
  if (authorities.length === 0) throw new Error(`the directory ${caDirectory} holds no certificate in PEM format`)
  return authorities
}

function acceptAnyName(): undefined {
  return undefined
}

/** A server that knows the key may show no certificate; one that shows a certificate is held to it. */
function checkNameIfAny(host: string, certificate: PeerCertificate): Error | undefined {
  return Object.keys(certificate).length === 0 ? undefined : checkServerIdentity(host, certificate)
}
