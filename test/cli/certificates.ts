/**
 * Certificates for the tests of the command line, made when they are needed: no key is ever kept.
 */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** `NAME.pem` and `NAME.key` in `directory`: a certificate that is its own authority, for these alternative names. */
export function makeCertificate(directory: string, name: string, alternativeNames: string): void {
  const [certificate, key] = [join(directory, `${name}.pem`), join(directory, `${name}.key`)]
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${alternativeNames}`]
  execFileSync('openssl', [...request, ...subject, '-keyout', key, '-out', certificate], { stdio: 'ignore' })
}
