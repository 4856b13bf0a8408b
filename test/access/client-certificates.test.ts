/**
 * Clients that show a certificate: its name is their account, and one that was taken back lets nobody in.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type ConnectionOptions, connect, type SecureVersion } from 'node:tls'
import { accessRules, type BrokerOptions, createBroker } from '../../src/index.ts'
import { parseListenUrl } from '../../src/transport/listen-url.ts'
import { makeSelfSigned } from '../../src/transport/self-signed.test.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startTestBroker } from '../support/test-broker.ts'
import { WireClient } from '../support/wire-client.ts'

const directory = temporaryDirectory()

const inDirectory = (name: string): string => join(directory, name)
const server = makeSelfSigned(directory, 'server')

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' })
}

/** An authority that can take certificates back. */
writeFileSync(inDirectory('index.txt'), '')
writeFileSync(inDirectory('number'), '01\n')
writeFileSync(
  inDirectory('ca.conf'),
  `[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\nserial=number\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=9
new_certs_dir=.\ndefault_days=9\npolicy=any\nunique_subject=no\ncopy_extensions=copy\n[any]\ncommonName=optional\norganizationName=optional\n`,
)
const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
openssl('req', '-x509', ...ec, '-days', '9', '-subj', '/O=authority', '-keyout', 'ca.key', '-out', 'ca.pem')

function issue(name: string, subject: string, alternativeNames: string | null = null): void {
  const extension = alternativeNames === null ? [] : ['-addext', `subjectAltName=${alternativeNames}`]
  openssl('req', ...ec, '-subj', subject, ...extension, '-utf8', '-keyout', `${name}.key`, '-out', `${name}.csr`)
  openssl(
    'ca',
    '-batch',
    '-config',
    'ca.conf',
    '-cert',
    'ca.pem',
    '-keyfile',
    'ca.key',
    '-in',
    `${name}.csr`,
    '-out',
    `${name}.pem`,
    '-notext',
  )
}

function revoked(): void {
  openssl('ca', '-config', 'ca.conf', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-gencrl', '-out', 'crl.pem')
}

issue('sensor', '/CN=sensor-1/O=plant', 'DNS:s1.plant.example,URI:urn:sensor:1')
issue('nameless', '/O=plant')
issue('two', '/CN=admin/CN=sensor-2')
// What must be escaped is refused.
issue('odd', '/CN=a\\+b,#')
issue('korean', '/CN=커피')
issue('lines', '/CN=sensor-1\nCN=admin')
issue('control', '/CN=sensor-1\u001b[2J')
issue('many', '/O=Kim, Lee \\+ Söhne/CN=a"b<c>;d')
issue('joined', '/O=plant/CN=sensor+O=hall 2')
revoked()

const listen = (more: string, scheme = 'tls'): string => {
  const files = `cert=${server.certFile}&key=${server.keyFile}&ca=${inDirectory('ca.pem')}`
  return `${scheme}://127.0.0.1:0?${files}${more}`
}

async function login(
  url: string,
  name: string,
  userName: string | null = null,
  tls: ConnectionOptions = {},
  ticket: (session: Buffer) => void = () => {},
): Promise<number | string> {
  const { port } = new URL(url)
  const files = { key: readFileSync(inDirectory(`${name}.key`)), cert: readFileSync(inDirectory(`${name}.pem`)) }
  const ca = readFileSync(server.certFile)
  const socket = connect({ host: '127.0.0.1', port: Number(port), ca, ...files, ...tls })
  socket.on('session', ticket)
  try {
    await once(socket, 'secureConnect')
    using client = new WireClient(socket, 5)
    client.sendConnect({ userName, clientIdentifier: name })
    const connack = await client.nextOrClosed('connack')
    return connack?.reasonCode ?? 'closed'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  } finally {
    socket.destroy()
  }
}

/** The account each certificate gives, or the Reason Code it is refused with. */
async function accounts(options: BrokerOptions, names: readonly string[]): Promise<(string | number)[]> {
  await using running = await startTestBroker(options)
  const found: (string | number)[] = []
  running.broker.on('connected', ({ account }) => found.push(account))
  for (const name of names) {
    const answer = await login(running.url, name, 'somebody else')
    if (answer !== 0) found.push(answer)
  }
  return found
}

test('identity=cn takes the Common Name for the account, whatever User Name is sent, and no name is nobody', async () => {
  const names = ['sensor', 'korean', 'nameless', 'two', 'odd']
  assert.deepEqual(await accounts({ listen: [listen('&identity=cn')] }, names), ['sensor-1', '커피', 0x87, 0x87, 0x87])
})

test('VerneMQ 1.12, mosquitto 2.0.16: a Common Name with line ends or controls in it is nobody, and no other', async () => {
  assert.deepEqual(await accounts({ listen: [listen('&identity=cn')] }, ['lines', 'control']), [0x87, 0x87])
})

test('identity=subject takes all of the subject, as RFC 2253 and OpenSSL write it', async () => {
  const names = ['sensor', 'korean', 'nameless', 'two', 'odd', 'many', 'joined']
  const found = await accounts({ listen: [listen('&identity=subject')] }, names)
  const written = names.map((name) => {
    const words = ['x509', '-in', inDirectory(`${name}.pem`), '-noout', '-subject', '-nameopt', 'RFC2253']
    return execFileSync('openssl', words, { encoding: 'utf8' }).replace(/^subject=|\n$/g, '')
  })
  assert.deepEqual(found, written)
  assert.equal(found[0], 'O=plant,CN=sensor-1')
})

test('identity=san takes the first Subject Alternative Name', async () => {
  assert.deepEqual(await accounts({ listen: [listen('&identity=san')] }, ['sensor', 'two']), ['s1.plant.example', 0x87])
})

test('the account of a certificate is what rules go by, and nobody is asked for a password beside it', async () => {
  let asked = 0
  const authenticate = () => {
    asked += 1
    return true
  }
  const access = accessRules({ rules: [{ allow: ['publish'], topics: ['%u'], accounts: ['sensor-1'] }] })
  await using running = await startTestBroker({ listen: [listen('&identity=cn')], authenticate, access })
  assert.deepEqual([await login(running.url, 'sensor'), asked], [0, 0])
  assert.deepEqual(await accounts({ listen: [listen('')], authenticate }, ['sensor']), ['somebody else'])
  assert.equal(asked, 1)
})

test('a certificate that was taken back lets nobody in, from the next reload on and without a ticket from before', async () => {
  issue('lost', '/CN=lost')
  const url = listen(`&identity=cn&crl=${inDirectory('crl.pem')}`)
  const broker = createBroker({ listen: [url] })
  await broker.start()
  const [running = ''] = broker.urls
  assert.deepEqual([await login(running, 'lost'), await login(running, 'sensor')], [0, 0])
  const sessions: [SecureVersion, Buffer][] = []
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const keep = (session: Buffer) => sessions.push([maxVersion, session])
    assert.equal(await login(running, 'lost', null, { maxVersion }, keep), 0)
  }
  for (const [maxVersion, session] of sessions) {
    const { port } = new URL(running)
    const files = { key: readFileSync(inDirectory('lost.key')), cert: readFileSync(inDirectory('lost.pem')) }
    const socket = connect({
      host: '127.0.0.1',
      port: Number(port),
      ca: readFileSync(server.certFile),
      ...files,
      maxVersion,
      session,
    })
    await once(socket, 'secureConnect')
    const isReused = socket.isSessionReused()
    socket.destroy()
    assert.equal(isReused, false, 'each certificate is looked at')
  }
  openssl('ca', '-config', 'ca.conf', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-revoke', 'lost.pem')
  revoked()
  assert.equal(await login(running, 'lost'), 0)
  const { applied } = await broker.reload({ listen: [url] })
  assert.equal(applied.length, 1)
  assert.notEqual(await login(running, 'lost'), 0)
  // Whoever goes on with a session from before is looked at, too.
  for (const [maxVersion, session] of sessions)
    assert.notEqual(await login(running, 'lost', null, { maxVersion, session }), 0)
  assert.equal(await login(running, 'sensor'), 0)
  writeFileSync(inDirectory('crl.pem'), 'nothing\n')
  await assert.rejects(broker.reload({ listen: [url] }), /crl\.pem is no list of revoked certificates in PEM format/)
  await broker.stop()
})

test('what makes no sense is refused: a list or an identity without authorities, an identity of another kind', () => {
  const files = 'cert=c&key=k'
  assert.throws(() => parseListenUrl(`tls://127.0.0.1?${files}&crl=x`), /found crl without ca/)
  assert.throws(() => parseListenUrl(`tls://127.0.0.1?${files}&identity=cn`), /found identity without ca/)
  assert.throws(
    () => parseListenUrl(`wss://127.0.0.1?${files}&ca=x&identity=issuer`),
    /the identity "issuer", expected cn, san or subject/,
  )
})

test('a listener that names its clients may be reached by other machines', async () => {
  const open = (more: string) => createBroker({ listen: [listen(more).replace('127.0.0.1', '0.0.0.0')] })
  await assert.rejects(open('').start(), /Other machines can reach this listener/)
  const broker = open('&identity=cn')
  await broker.start()
  await broker.stop()
})
