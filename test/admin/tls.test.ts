/**
 * The HTTP API over TLS: the whole way of a login, and certificates that change while it runs.
 */
import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, type RequestOptions, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { httpAdmin } from '../../src/index.ts'
import { makeSelfSigned, type SelfSigned } from '../../src/transport/self-signed.test.ts'
import { startedPabal } from '../operating/started-pabal.ts'
import { startTestBroker } from '../support/test-broker.ts'
import { temporaryFolder } from './api.ts'

interface Answer {
  readonly status: number | undefined
  readonly headers: Record<string, unknown>
  readonly body: string
  /** Whom the server said it is. */
  readonly certificateName: string
}

/** One request that believes the authorities in `ca` and nobody else. */
function ask(url: string, ca: string, options: RequestOptions = {}, body?: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const json = body === undefined ? {} : { 'content-type': 'application/json' }
    const headers = { ...json, ...options.headers }
    const outgoing = request(url, { agent: false, ...options, ca: readFileSync(ca), headers }, (incoming) => {
      // The connection is one of TLS, which the type of a message does not say.
      const certificateName = String((incoming.socket as TLSSocket).getPeerCertificate().subject.CN)
      text(incoming).then(
        (read) => resolve({ status: incoming.statusCode, headers: incoming.headers, body: read, certificateName }),
        reject,
      )
    })
    outgoing.once('error', reject)
    outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

class CertificateFiles {
  readonly cert: string
  readonly key: string

  constructor(directory: string, first: SelfSigned) {
    this.cert = join(directory, 'cert.pem')
    this.key = join(directory, 'key.pem')
    this.use(first)
  }

  use({ certFile, keyFile }: SelfSigned): void {
    copyFileSync(certFile, this.cert)
    copyFileSync(keyFile, this.key)
  }

  get url(): string {
    return `https://127.0.0.1:0?cert=${this.cert}&key=${this.key}`
  }
}

const post = { method: 'POST' }

async function logIn(url: string, ca: string, password: string): Promise<Record<string, string>> {
  const answer = await ask(`${url}/api/v1/login`, ca, post, { username: 'admin', password })
  assert.equal(answer.status, 200, answer.body)
  const [cookie = ''] = String(answer.headers['set-cookie']).split(';')
  return { cookie, 'x-csrf-token': JSON.parse(answer.body).csrfToken }
}

test('over TLS: log in, look, change, log out; the cookie is for TLS only, and so is the page from then on', async () => {
  using folder = temporaryFolder()
  const { certFile, keyFile } = makeSelfSigned(folder.path, 'api')
  const admin = httpAdmin({ listen: `https://127.0.0.1:0?cert=${certFile}&key=${keyFile}` })
  await using at = await startTestBroker({ admin })
  const [url = ''] = at.broker.adminUrls
  assert.match(url, /^https:\/\/127\.0\.0\.1:\d+$/)
  const api = `${url}/api/v1`
  assert.equal((await ask(`${api}/clients`, certFile)).status, 401)
  const wrong = await ask(`${api}/login`, certFile, post, { username: 'admin', password: 'guess' })
  assert.equal(wrong.status, 401)

  const password = admin.firstPassword ?? ''
  const login = await ask(`${api}/login`, certFile, post, { username: 'admin', password })
  const cookie = String(login.headers['set-cookie'])
  assert.match(cookie, /^__Host-pabal-session=[^;]+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+; Secure$/)
  assert.match(String(login.headers['strict-transport-security']), /^max-age=\d+$/)
  const headers = { cookie: cookie.split(';')[0] ?? '' }
  const token = { 'x-csrf-token': JSON.parse(login.body).csrfToken }
  assert.equal((await ask(`${api}/clients`, certFile, { headers })).status, 200)

  const message = { topic: 'a', payload: 'x' }
  const publish = (more: Record<string, string>) =>
    ask(`${api}/publish`, certFile, { ...post, headers: { ...headers, ...more } }, message)
  assert.equal((await publish({})).status, 403)
  assert.equal((await publish({ ...token, origin: 'https://evil.example' })).status, 403)
  assert.equal((await publish({ ...token, origin: url })).status, 202)
  const out = await ask(`${api}/logout`, certFile, { ...post, headers: { ...headers, ...token } })
  assert.equal(out.status, 204)
  assert.equal((await ask(`${api}/clients`, certFile, { headers })).status, 401)

  const { port } = new URL(url)
  await assert.rejects(fetch(`http://127.0.0.1:${port}/livez`), 'without TLS there is no answer')
})

test('a new certificate is for connections to come, those that are open go on; one that cannot be used changes nothing', async () => {
  using folder = temporaryFolder()
  const [first, second] = [makeSelfSigned(folder.path, 'first'), makeSelfSigned(folder.path, 'second')]
  const files = new CertificateFiles(folder.path, first)
  await using broker = await startedPabal(['--admin', files.url])
  const url = /HTTP API on (\S+)/.exec(broker.stdout)?.[1] ?? ''
  const password = /with the password (\S+)/.exec(broker.stdout)?.[1] ?? ''
  const headers = await logIn(url, first.certFile, password)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const reload = (ca: string, options: RequestOptions) => {
    return ask(`${url}/api/v1/config/reload`, ca, { ...post, headers, ...options })
  }
  const open = await ask(`${url}/livez`, first.certFile, { agent })
  assert.deepEqual([open.status, open.certificateName], [200, 'first'])

  writeFileSync(files.cert, 'no certificate')
  const refused = await reload(first.certFile, { agent })
  assert.equal(refused.status, 409)
  const [fault] = JSON.parse(refused.body).faults
  assert.equal(fault.place, 'the command line: --admin')
  assert.match(fault.found, /cert\.pem is no certificate in PEM format$/)
  assert.match(fault.advice, /BEGIN CERTIFICATE/)
  copyFileSync(second.certFile, files.cert)
  const mixed = await reload(first.certFile, { agent })
  assert.match(JSON.parse(mixed.body).faults[0].found, /does not belong to the certificate/)
  assert.equal((await ask(`${url}/livez`, first.certFile)).certificateName, 'first')

  files.use(second)
  const renewed = await reload(first.certFile, { agent })
  assert.deepEqual(JSON.parse(renewed.body), { applied: [`certificates of ${url}`], needsRestart: [] })
  const later = await ask(`${url}/livez`, second.certFile)
  assert.deepEqual([later.status, later.certificateName], [200, 'second'])
  await assert.rejects(ask(`${url}/livez`, first.certFile), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  const [socket] = Object.values(agent.freeSockets).flat()
  const before = (socket?.address() as AddressInfo | undefined)?.port
  const again = await ask(`${url}/livez`, first.certFile, { agent })
  assert.deepEqual([again.status, again.certificateName], [200, 'first'])
  const [same] = Object.values(agent.freeSockets).flat()
  assert.equal((same?.address() as AddressInfo | undefined)?.port, before)

  files.use(first)
  broker.child.kill('SIGHUP')
  await broker.shown(/In force now: certificates of https:/)
  assert.equal((await ask(`${url}/livez`, first.certFile)).certificateName, 'first')
  agent.destroy()
  assert.equal(await broker.stop(), 0)
})

test('the name that is asked for decides which certificate the HTTP API shows, also when another one is put in its place', async () => {
  using folder = temporaryFolder()
  const first = makeSelfSigned(folder.path, 'first', 'DNS:localhost,IP:127.0.0.1')
  const second = makeSelfSigned(folder.path, 'second', 'DNS:broker.example,DNS:*.plant.example')
  const pairs = [first, second].map(({ certFile, keyFile }) => `cert=${certFile}&key=${keyFile}`)
  const listen = `https://127.0.0.1:0?${pairs.join('&')}&host=broker.example`
  await using at = await startTestBroker({ admin: httpAdmin({ listen }) })
  const [url = ''] = at.broker.adminUrls
  const shown = async (servername: string, { certFile }: SelfSigned): Promise<string> => {
    const headers = servername === 'broker.example' ? { host: servername } : {}
    const { certificateName, status } = await ask(`${url}/livez`, certFile, { servername, headers })
    assert.equal(status, 200)
    return certificateName
  }
  assert.equal(await shown('broker.example', second), 'second')
  assert.equal(await shown('LINE-1.plant.example', second), 'second')
  assert.equal(await shown('localhost', first), 'first')
  // Of a name that none has, the client is told by the first.
  await assert.rejects(shown('elsewhere.example', first), /ERR_TLS_CERT_ALTNAME_INVALID|altnames/)
  const third = makeSelfSigned(folder.path, 'third', 'DNS:broker.example')
  copyFileSync(third.certFile, second.certFile)
  copyFileSync(third.keyFile, second.keyFile)
  await at.broker.reload({ admin: httpAdmin({ listen }), listen: ['tcp://127.0.0.1:0'] })
  assert.equal(await shown('broker.example', third), 'third')
  assert.equal(await shown('localhost', first), 'first')
})

test('a certificate without a key of its own, and one that is not its own, keep the HTTP API from starting', async () => {
  using folder = temporaryFolder()
  const [first, second] = [makeSelfSigned(folder.path, 'first'), makeSelfSigned(folder.path, 'second')]
  const own = `https://127.0.0.1:0?cert=${first.certFile}&key=${first.keyFile}`
  assert.throws(
    () => httpAdmin({ listen: `${own}&cert=${second.certFile}` }),
    /cert 2 times and key 1 times.*a key for each/s,
  )
  const listen = `${own}&cert=${second.certFile}&key=${first.keyFile}`
  await assert.rejects(
    startTestBroker({ admin: httpAdmin({ listen }) }),
    /does not belong to the certificate in .*second/,
  )
})

test('a certificate that cannot be used keeps the broker from starting, and the file is named', async () => {
  using folder = temporaryFolder()
  const { certFile } = makeSelfSigned(folder.path, 'lonely')
  const admin = httpAdmin({ listen: `https://127.0.0.1:0?cert=${certFile}&key=${folder.path}/none.pem` })
  await assert.rejects(startTestBroker({ admin }), /https:.*none\.pem does not exist\. Correct key= in the URL/)
})
