/**
 * From `--cafile`, `--psk` and the like to the TLS that is wanted of the connection.
 */
import { existsSync, readFileSync } from 'node:fs'
import type { SecureVersion } from 'node:tls'
import type { TlsTarget } from '../../transport/client-tls.ts'
import type { Options, TlsOptions } from './options.ts'
import { SetupError } from './setup-error.ts'

/** Null: no TLS. @throws SetupError */
export function tlsSettings({ tls, port }: Options): TlsTarget | null {
  checkNames(tls)
  if (!usesTls(tls, port)) return null
  const { caFile, caPath, certificateFile, keyFile, pskHex } = tls
  if ([caFile, certificateFile, keyFile].some((file) => file !== null && !existsSync(file))) {
    throw new SetupError('Error: Problem setting TLS options: File not found.\n')
  }
  return {
    caFile: caFile ?? undefined,
    // A directory that is not there holds no authority, as one that is empty: with a file it is not needed.
    caDirectory: caPath === null || (caFile !== null && !existsSync(caPath)) ? undefined : caPath,
    useSystemCertificates: tls.useOperatingSystemCertificates || (caFile === null && caPath === null),
    certFile: certificateFile ?? undefined,
    keyFile: keyFile ?? undefined,
    insecure: tls.isInsecure,
    alpn: tls.alpn ?? undefined,
    ciphers: tls.ciphers ?? undefined,
    minVersion: tls.version === null ? undefined : versions[tls.version],
    // Keys that both sides know are offered with the cipher suites of TLS 1.2.
    maxVersion: pskHex === null ? undefined : 'TLSv1.2',
    psk: pskHex === null ? undefined : { identity: tls.pskIdentity ?? '', key: Buffer.from(pskHex, 'hex') },
    keyLogFile: tls.keyLogFile ?? undefined,
  }
}

/** TLS is asked for by certificates, by a key, or by its own port. */
function usesTls(tls: TlsOptions, port: number | null): boolean {
  if (tls.isOff) return false
  const isNamed = tls.caFile !== null || tls.caPath !== null || tls.pskHex !== null
  return isNamed || tls.useOperatingSystemCertificates || port === 8883
}

/** The version is the least that is accepted. */
const versions: Readonly<Record<string, SecureVersion>> = {
  'tlsv1.3': 'TLSv1.3',
  'tlsv1.2': 'TLSv1.2',
  'tlsv1.1': 'TLSv1.1',
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

/** What is wrong with a file of authorities, or null: Node would pass over it in silence. */
export function authorityFault({ caFile }: TlsOptions): string | null {
  if (caFile === null || readFileSync(caFile).includes('-----BEGIN')) return null
  return `Unable to load CA certificates, check cafile "${caFile}".`
}
