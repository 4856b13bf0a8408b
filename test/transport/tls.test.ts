/**
 * OpenSSL's own client at a TLS listener: protocols, names, tickets and versions.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { makeAuthority, makeSelfSigned, type SelfSigned } from '../../src/transport/self-signed.test.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'

const directory = temporaryDirectory()
const inDirectory = (name: string) => join(directory, name)
const first = makeSelfSigned(directory, 'first', 'DNS:localhost,IP:127.0.0.1')
const second = makeSelfSigned(directory, 'second', 'DNS:broker.example,DNS:*.plant.example')
const files = (...each: SelfSigned[]) =>
  each.map(({ certFile, keyFile }) => `cert=${certFile}&key=${keyFile}`).join('&')

const connectPacket = Buffer.from('101000044d5154540502003c000003616263', 'hex')

/** What `openssl s_client` says of a connection over which it has sent CONNECT and DISCONNECT. */
async function openssl(url: string, ...args: string[]): Promise<string> {
  const client = spawn('openssl', ['s_client', '-connect', new URL(url).host, '-ign_eof', ...args])
  client.stdin.on('error', () => {})
  client.stdin.end(Buffer.concat([connectPacket, Buffer.from('e000', 'hex')]))
  const [said, complaints] = await Promise.all([text(client.stdout), text(client.stderr)])
  return said + complaints
}

const subject = (said: string) => /subject=CN = (\w+)/.exec(said)?.[1]

/** What is told of the next connection that is not let in. */
function refusal({ broker }: TestBroker): Promise<string> {
  return new Promise((resolve) => broker.on('refused', ({ reason }) => resolve(reason)))
}

test('of the protocols that a client offers by ALPN, mqtt is chosen; none need be offered', async () => {
  await using broker = await startTestBroker({ listen: [`tls://127.0.0.1:0?${files(first)}`] })
  for (const offered of ['mqtt', 'http/1.1,mqtt']) {
    assert.match(await openssl(broker.url, '-alpn', offered), /ALPN protocol: mqtt/)
  }
  assert.match(await openssl(broker.url), /No ALPN negotiated/)
})

test('a client that offers only other protocols by ALPN is refused with the alert for it, and it is said why', async () => {
  await using broker = await startTestBroker({ listen: [`tls://127.0.0.1:0?${files(first)}`] })
  const told = refusal(broker)
  assert.match(await openssl(broker.url, '-alpn', 'h2,http/1.1'), /no application protocol/)
  assert.match(await told, /^its TLS handshake failed: no application protocol$/)
})

for (const version of ['-tls1_2', '-tls1_3']) {
  test(`the name that a client asks for decides which certificate it sees (${version})`, async () => {
    await using broker = await startTestBroker({ listen: [`tls://127.0.0.1:0?${files(first, second)}`] })
    const shown = async (...name: string[]) => subject(await openssl(broker.url, version, ...name))
    assert.equal(await shown('-servername', 'broker.example'), 'second')
    assert.equal(await shown('-servername', 'BROKER.example'), 'second')
    assert.equal(await shown('-servername', 'line-1.plant.example'), 'second')
    assert.equal(await shown('-servername', 'localhost'), 'first')
    assert.equal(await shown('-servername', 'elsewhere.example'), 'first')
    assert.equal(await shown('-servername', 'a b\u0001*'), 'first')
    assert.equal(await shown('-noservername'), 'first')
  })

  test(`a ticket brings a client back without a full handshake, also under another certificate (${version})`, async () => {
    const [cert, key] = [inDirectory('cert.pem'), inDirectory('key.pem')]
    const use = ({ certFile, keyFile }: SelfSigned) => {
      copyFileSync(certFile, cert)
      copyFileSync(keyFile, key)
    }
    use(first)
    const listen = [`tls://127.0.0.1:0?${files({ certFile: cert, keyFile: key }, second)}`]
    await using broker = await startTestBroker({ listen })
    for (const name of ['localhost', 'broker.example']) {
      use(first)
      await broker.broker.reload({ listen })
      const ticket = inDirectory('ticket.pem')
      const args = [version, '-servername', name]
      assert.match(await openssl(broker.url, ...args, '-sess_out', ticket), /\nNew, TLS/)
      assert.match(await openssl(broker.url, ...args, '-sess_in', ticket), /\nReused, TLS/)
      use(makeSelfSigned(directory, 'renewed'))
      const { applied } = await broker.broker.reload({ listen })
      assert.deepEqual(applied, [`certificates of ${broker.url}`])
      assert.equal(subject(await openssl(broker.url, version)), 'renewed')
      assert.match(await openssl(broker.url, ...args, '-sess_in', ticket), /\nReused, TLS/)
      rmSync(ticket)
    }
  })

  test(`with other authorities than before, a ticket is worth nothing (${version})`, async () => {
    const authority = makeAuthority(directory)
    const ca = inDirectory('ca.pem')
    copyFileSync(authority.certFile, ca)
    const listen = [`tls://127.0.0.1:0?${files(first)}&ca=${ca}&identity=cn`]
    await using broker = await startTestBroker({ listen })
    const ticket = inDirectory('ticket.pem')
    const certificate = ['-cert', authority.kept.certFile, '-key', authority.kept.keyFile]
    const accounts: string[] = []
    broker.broker.on('connected', ({ account }) => accounts.push(account))
    assert.match(await openssl(broker.url, version, ...certificate, '-sess_out', ticket), /\nNew, TLS/)
    assert.match(await openssl(broker.url, version, '-sess_in', ticket), /\nReused, TLS/)
    assert.deepEqual(accounts, ['kept', 'kept'], 'a ticket is for the one whose certificate was shown')
    copyFileSync(second.certFile, ca)
    await broker.broker.reload({ listen })
    const told = refusal(broker)
    assert.doesNotMatch(await openssl(broker.url, version, ...certificate, '-sess_in', ticket), /\nReused, TLS/)
    assert.match(await told, /its TLS handshake failed|closed before/)
    rmSync(ticket)
  })
}

test('a new second certificate is for connections to come', async () => {
  const listen = (...each: SelfSigned[]) => [`tls://127.0.0.1:0?${files(first, ...each)}`]
  await using broker = await startTestBroker({ listen: listen() })
  const shown = async () => subject(await openssl(broker.url, '-servername', 'broker.example'))
  assert.equal(await shown(), 'first')
  await broker.broker.reload({ listen: listen(second) })
  assert.equal(await shown(), 'second')
  const third = makeSelfSigned(directory, 'third', 'DNS:broker.example')
  await broker.broker.reload({ listen: listen(third, second) })
  assert.equal(await shown(), 'third')
  await broker.broker.reload({ listen: listen() })
  assert.equal(await shown(), 'first')
})

test('the key of a second certificate must be its own', async () => {
  const mixed = { certFile: second.certFile, keyFile: first.keyFile }
  await assert.rejects(startTestBroker({ listen: [`tls://127.0.0.1:0?${files(first, mixed)}`] }), {
    message: /the key in \S+first\.key\.pem does not belong to the certificate in \S+second\.cert\.pem/,
  })
})

for (const [version, alert] of [
  ['-tls1', 'protocol version'],
  ['-tls1_1', 'protocol version'],
] as const) {
  test(`a client of an older version is refused, and it is said why (${version})`, async () => {
    await using broker = await startTestBroker({ listen: [`tls://127.0.0.1:0?${files(first)}`] })
    const told = refusal(broker)
    const said = await openssl(broker.url, version, '-cipher', 'DEFAULT:@SECLEVEL=0')
    assert.match(said, new RegExp(alert))
    assert.match(await told, /^its TLS handshake failed: (?:unsupported protocol|no protocols available)/)
  })
}
