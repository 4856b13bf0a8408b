/**
 * From `--cafile`, `--psk` and the like to what Node's TLS needs.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ConnectionOptions, getCACertificates, type SecureVersion } from 'node:tls'
import type { Options, TlsOptions } from './options.ts'
import { SetupError } from './setup-error.ts'

/** Null: no TLS. @throws SetupError */
export function tlsSettings({ tls, port }: Options): ConnectionOptions | null {
  checkNames(tls)
  if (!usesTls(tls, port)) return null
  const settings: ConnectionOptions = { ...versionSettings(tls), ...certificateSettings(tls) }
  if (tls.ciphers !== null) settings.ciphers = tls.ciphers
  if (tls.alpn !== null) settings.ALPNProtocols = [tls.alpn]
  if (tls.isInsecure) settings.checkServerIdentity = () => undefined
  return tls.pskHex === null ? settings : { ...settings, ...pskSettings(tls) }
}

/** TLS is asked for by certificates, by a key, or by its own port. */
export function usesTls(tls: TlsOptions, port: number | null): boolean {
  if (tls.isOff) return false
  const isNamed = tls.caFile !== null || tls.caPath !== null || tls.pskHex !== null
  return isNamed || tls.useOperatingSystemCertificates || port === 8883
}

function checkNames(tls: TlsOptions): void {
  if (tls.engine !== null) {
    throw new SetupError(`Error: Problem setting TLS engine, is ${tls.engine} a valid engine?\n`)
  }
  if (tls.keyForm !== null && tls.keyForm !== 'pem' && tls.keyForm !== 'engine') {
    throw new SetupError("Error: Problem setting key form, it must be one of 'pem' or 'engine'.\n")
  }
  if (tls.pskHex !== null && !/^[0-9a-fA-F]*$/.test(tls.pskHex)) {
    throw new SetupError('Error: Problem setting TLS-PSK options.\n')
  }
  if (tls.version !== null && !Object.hasOwn(versions, tls.version)) {
    throw new SetupError('Error: Problem setting TLS options, check the options are valid.\n')
  }
}

const versions: Readonly<Record<string, SecureVersion>> = {
  'tlsv1.3': 'TLSv1.3',
  'tlsv1.2': 'TLSv1.2',
  'tlsv1.1': 'TLSv1.1',
}

/** The version is the least that is accepted. */
function versionSettings(tls: TlsOptions): ConnectionOptions {
  const version = tls.version === null ? undefined : versions[tls.version]
  return version === undefined ? {} : { minVersion: version }
}

function certificateSettings(tls: TlsOptions): ConnectionOptions {
  const settings: ConnectionOptions = {}
  const authorities: (string | Buffer)[] = []
  if (tls.caFile !== null) authorities.push(readPem(tls.caFile))
  if (tls.caPath !== null) authorities.push(...readDirectory(tls.caPath))
  if (tls.useOperatingSystemCertificates || (tls.caFile === null && tls.caPath === null)) {
    authorities.push(...systemCertificates())
  }
  settings.ca = authorities
  if (tls.certificateFile !== null) settings.cert = readPem(tls.certificateFile)
  if (tls.keyFile !== null) settings.key = readPem(tls.keyFile)
  return settings
}

function readPem(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch {
    throw new SetupError('Error: Problem setting TLS options: File not found.\n')
  }
}

/** A directory that cannot be read holds no certificates: the handshake will say that nothing is trusted. */
function readDirectory(directory: string): Buffer[] {
  try {
    const names = readdirSync(directory).filter((name) => /\.(crt|pem|\d+)$/.test(name))
    return names.map((name) => readFileSync(join(directory, name)))
  } catch {
    return []
  }
}

function systemCertificates(): string[] {
  const certificates = getCACertificates('system')
  return certificates.length > 0 ? certificates : getCACertificates('default')
}

/** Pre-shared keys need cipher suites of their own, which Node offers up to TLS 1.2, and no certificate. */
function pskSettings(tls: TlsOptions): ConnectionOptions {
  const psk = Buffer.from(tls.pskHex ?? '', 'hex')
  const identity = tls.pskIdentity ?? ''
  return {
    ciphers: tls.ciphers ?? 'PSK',
    maxVersion: 'TLSv1.2',
    pskCallback: () => ({ psk, identity }),
    checkServerIdentity: () => undefined,
  }
}

/** What is wrong with a file of authorities, or null: Node would pass over it in silence. */
export function authorityFault(tls: TlsOptions): string | null {
  if (tls.caFile === null || readPem(tls.caFile).includes('-----BEGIN')) return null
  return `Unable to load CA certificates, check cafile "${tls.caFile}".`
}

/** Appends the secrets of a connection in the form that Wireshark reads. */
export function logTlsKeys(file: string, line: Buffer): void {
  writeFileSync(file, line, { flag: 'a', mode: 0o600 })
}
