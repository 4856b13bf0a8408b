/**
 * Reads the certificate, key and authorities of a TLS listener, and says in words what is wrong with them.
 */
import { constants, createPrivateKey, type KeyObject, randomBytes, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createSecureContext, type SecureContext, type Server, type TlsOptions } from 'node:tls'
import { isDeepStrictEqual } from 'node:util'
import { ListenFault, systemCode } from './listen-error.ts'
import type { CertificateFiles, TlsFiles } from './listen-url.ts'

/** What a TLS server of Node takes. */
export interface ServerCredentials {
  cert: Buffer
  key: Buffer
  passphrase?: string
  ca?: Buffer
  crl?: Buffer
  secureOptions?: number
  minVersion: TlsFiles['minVersion']
  ciphers?: string
  requestCert: boolean
  rejectUnauthorized: boolean
}

/**
 * With each of the certificates of a listener. The first is for clients that ask for no name, or for one that is in none of them.
 *
 * @throws ListenFault that names the file, what is wrong with it and what to do.
 */
export async function loadTlsFiles(files: TlsFiles): Promise<[ServerCredentials, ...ServerCredentials[]]> {
  const passphrase =
    files.passphraseFile === null
      ? null
      : (await readNamedFile('passphraseFile', files.passphraseFile)).toString('utf8').replace(/\r?\n$/, '')
  const pair = await readPair(files, files, passphrase)
  const ca = files.caFile === null ? null : await readNamedFile('ca', files.caFile)
  if (files.caFile !== null && ca !== null) readCertificate('ca', files.caFile, ca)
  const crl = files.crlFile === null ? null : await readNamedFile('crl', files.crlFile)
  const first = usable(files, {
    ...pair,
    ...(passphrase === null ? {} : { passphrase }),
    ...(ca === null ? {} : { ca }),
    // A ticket would let somebody in whose certificate was taken back since.
    ...(crl === null ? {} : { crl, secureOptions: constants.SSL_OP_NO_TICKET }),
    minVersion: files.minVersion,
    ...(files.ciphers === null ? {} : { ciphers: files.ciphers }),
    requestCert: ca !== null,
    rejectUnauthorized: ca !== null,
  })
  const others: ServerCredentials[] = []
  for (const names of files.others) {
    others.push(usable(files, { ...first, ...(await readPair(files, names, passphrase)) }))
  }
  return [first, ...others]
}

async function readPair(files: TlsFiles, { certFile, keyFile }: CertificateFiles, passphrase: string | null) {
  const cert = await readNamedFile('cert', certFile)
  const certificate = readCertificate('cert', certFile, cert)
  const key = await readNamedFile('key', keyFile)
  if (!certificate.checkPrivateKey(readKey({ ...files, keyFile }, key, passphrase))) {
    throw new ListenFault(
      `the key in ${resolve(keyFile)} does not belong to the certificate in ${resolve(certFile)}`,
      'Name the key the certificate was made for; the certificate itself must come first in its file',
    )
  }
  return { cert, key }
}

/** What only OpenSSL can say of them: whether there are such ciphers, and whether the list of revoked certificates is one. */
function usable(files: TlsFiles, credentials: ServerCredentials): ServerCredentials {
  try {
    createSecureContext(credentials)
    return credentials
  } catch (error) {
    if (credentials.crl !== undefined && /CRL/i.test(String(error))) {
      const reason = `the file ${resolve(files.crlFile ?? '')} is no list of revoked certificates in PEM format`
      throw new ListenFault(reason, 'Name a file with -----BEGIN X509 CRL----- as crl=', { cause: error })
    }
    const reason = `TLS does not take it: ${error instanceof Error ? error.message : String(error)}`
    throw new ListenFault(reason, 'Correct ciphers= in the URL, or the files', { cause: error })
  }
}

type Loaded = Awaited<ReturnType<typeof loadTlsFiles>>

/**
 * What a TLS server shows to clients, which may be changed while it listens.
 *
 * A client may come back with the ticket of an earlier connection, also once the certificates are others: the keys of tickets stay.
 * They are new ones when other client certificates are accepted than before, or a ticket would let somebody in who would not be.
 */
export class Certificates {
  #inUse: Loaded
  #byName: readonly NamedContext[]
  #ticketKeys: Buffer = randomBytes(48)
  #server: Pick<Server, 'setSecureContext'> | null = null

  private constructor(loaded: Loaded) {
    this.#inUse = loaded
    this.#byName = contextsOf(loaded)
  }

  /** @throws ListenFault */
  static async load(files: TlsFiles): Promise<Certificates> {
    return new Certificates(await loadTlsFiles(files))
  }

  /** Makes the server, with the options that are given. */
  serve<MadeServer extends Pick<Server, 'setSecureContext'>>(make: (options: TlsOptions) => MadeServer): MadeServer {
    const [first] = this.#inUse
    const server = make({
      ...first,
      ticketKeys: this.#ticketKeys,
      SNICallback: (name, found) => found(null, this.#contextFor(name)),
    })
    this.#server = server
    return server
  }

  /** What puts the files in place as they are now; null if they hold what is in use. @throws ListenFault */
  async read(files: TlsFiles): Promise<(() => void) | null> {
    const read = await loadTlsFiles(files)
    if (isDeepStrictEqual(read, this.#inUse)) return null
    const byName = contextsOf(read)
    return () => {
      if (!acceptSame(read, this.#inUse)) this.#ticketKeys = randomBytes(48)
      const [first] = read
      this.#server?.setSecureContext({ ...first, ticketKeys: this.#ticketKeys })
      this.#inUse = read
      this.#byName = byName
    }
  }

  /** Undefined for the first, which is the server's own. */
  #contextFor(name: string): SecureContext | undefined {
    if (!/^[\w.-]{1,253}$/.test(name)) return undefined
    return this.#byName.find(({ certificate }) => certificate.checkHost(name) !== undefined)?.context
  }
}

/** `context` is undefined for that of the server itself. */
interface NamedContext {
  readonly certificate: X509Certificate
  readonly context: SecureContext | undefined
}

function contextsOf(loaded: Loaded): readonly NamedContext[] {
  return loaded.map((credentials, index) => {
    const context = index === 0 ? undefined : createSecureContext(credentials)
    return { certificate: new X509Certificate(credentials.cert), context }
  })
}

function acceptSame([one]: Loaded, [other]: Loaded): boolean {
  return isDeepStrictEqual([one.ca, one.crl], [other.ca, other.crl])
}

async function readNamedFile(parameter: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    const code = systemCode(error)
    const reason =
      code === 'ENOENT'
        ? 'does not exist'
        : code === 'EACCES'
          ? 'may not be read by this user'
          : `cannot be read (${error instanceof Error ? error.message : String(error)})`
    throw new ListenFault(`the file ${resolve(file)} ${reason}`, `Correct ${parameter}= in the URL, or the file`, {
      cause: error,
    })
  }
}

function readCertificate(parameter: string, file: string, bytes: Buffer): X509Certificate {
  try {
    return new X509Certificate(bytes)
  } catch (error) {
    throw new ListenFault(
      `the file ${resolve(file)} is no certificate in PEM format`,
      `Name a file with -----BEGIN CERTIFICATE----- as ${parameter}=`,
      { cause: error },
    )
  }
}

function readKey({ keyFile, passphraseFile }: TlsFiles, bytes: Buffer, passphrase: string | null): KeyObject {
  try {
    return createPrivateKey(passphrase === null ? bytes : { key: bytes, passphrase })
  } catch (error) {
    const path = resolve(keyFile)
    const isEncrypted = bytes.includes('ENCRYPTED')
    if (isEncrypted && passphraseFile === null) {
      const advice = 'Name a file whose only line is the passphrase as passphraseFile='
      throw new ListenFault(`the key in ${path} is encrypted`, advice, { cause: error })
    }
    if (isEncrypted && passphraseFile !== null) {
      const reason = `the passphrase in ${resolve(passphraseFile)} does not open the key in ${path}`
      throw new ListenFault(reason, 'Correct the passphrase: the only line of its file', { cause: error })
    }
    const advice = 'Name a file with -----BEGIN PRIVATE KEY----- as key='
    throw new ListenFault(`the file ${path} is no private key in PEM format`, advice, { cause: error })
  }
}
