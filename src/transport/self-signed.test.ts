/**
 * Certificates for tests, made when they are needed: no key is ever kept.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface SelfSigned {
  readonly certFile: string
  readonly keyFile: string
}

/** A certificate of its own authority, in two files of `directory`. */
export function makeSelfSigned(directory: string, name: string, names = 'DNS:localhost,IP:127.0.0.1'): SelfSigned {
  const certFile = join(directory, `${name}.cert.pem`)
  const keyFile = join(directory, `${name}.key.pem`)
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`]
  execFileSync('openssl', [...request, ...subject, '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' })
  return { certFile, keyFile }
}

export interface Authority {
  readonly certFile: string
  /** Lists `revoked`. */
  readonly crlFile: string
  readonly kept: SelfSigned
  readonly revoked: SelfSigned
}

/** An authority with two clients, one of whose certificates it has revoked. */
export function makeAuthority(directory: string): Authority {
  const authority = makeSelfSigned(directory, 'authority')
  const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: directory, stdio: 'ignore' })
  const client = (name: string): SelfSigned => {
    const files = { certFile: join(directory, `${name}.cert.pem`), keyFile: join(directory, `${name}.key.pem`) }
    const request = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`]
    openssl('req', ...request, '-keyout', files.keyFile, '-out', `${name}.csr`)
    const signer = ['-CA', authority.certFile, '-CAkey', authority.keyFile, '-CAcreateserial', '-days', '2']
    openssl('x509', '-req', '-in', `${name}.csr`, ...signer, '-out', files.certFile)
    return files
  }
  const [kept, revoked] = [client('kept'), client('revoked')]
  writeFileSync(join(directory, 'index.txt'), '')
  const lines = ['[ca]', 'default_ca = ours', '[ours]', 'database = index.txt', 'default_md = sha256']
  writeFileSync(join(directory, 'ca.conf'), `${lines.join('\n')}\ndefault_crl_days = 2\n`)
  const signed = ['ca', '-config', 'ca.conf', '-cert', authority.certFile, '-keyfile', authority.keyFile]
  openssl(...signed, '-revoke', revoked.certFile)
  const crlFile = join(directory, 'revoked.crl.pem')
  openssl(...signed, '-gencrl', '-out', crlFile)
  return { certFile: authority.certFile, crlFile, kept, revoked }
}
