/**
 * Certificates for tests, made when they are needed: no key is ever kept.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SelfSigned {
  readonly certFile: string
  readonly keyFile: string
}

/** A directory of its own for one test file; whoever made it removes it. */
export function temporaryDirectory(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'pabal-transport-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** A certificate of its own authority for `localhost` and 127.0.0.1, in two files of `directory`. */
export function makeSelfSigned(directory: string, name: string): SelfSigned {
  const certFile = join(directory, `${name}.cert.pem`)
  const keyFile = join(directory, `${name}.key.pem`)
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  execFileSync('openssl', [...request, ...subject, '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' })
  return { certFile, keyFile }
}
