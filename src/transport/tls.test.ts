/**
 * TLS: which files a listener takes, which clients and servers trust each other.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect as connectTcp, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect, createServer } from 'node:tls'
import { temporaryDirectory } from '../../test/support/temporary-directory.ts'
import type { Channel, Listener } from './channel.ts'
import type { TlsTarget } from './client-tls.ts'
import { type ConnectTarget, connectChannel } from './connect.ts'
import { parseListenUrl } from './listen-url.ts'
import { createListener } from './listener.ts'
import { Recorder } from './recorder.test.ts'
import { makeSelfSigned, type SelfSigned } from './self-signed.test.ts'

const directory = temporaryDirectory()
const inDirectory = (name: string) => join(directory, name)
const server = makeSelfSigned(directory, 'server')
const client = makeSelfSigned(directory, 'client')
const stranger = makeSelfSigned(directory, 'stranger')
const encryptedKey = inDirectory('encrypted.key.pem')
execFileSync('openssl', ['pkey', '-in', server.keyFile, '-aes256', '-passout', 'pass:green tea', '-out', encryptedKey])
writeFileSync(inDirectory('passphrase'), 'green tea\n')
writeFileSync(inDirectory('wrong'), 'black tea\n')
writeFileSync(inDirectory('prose'), 'no certificate at all\n')

function tlsUrl(files: Record<string, string>, transport: 'tls' | 'wss' = 'tls'): string {
  const query = Object.entries(files).map(([key, file]) => `${key}=${encodeURIComponent(file)}`)
  return `${transport}://127.0.0.1:0?${query.join('&')}`
}

/** Runs a listener that greets, for as long as `use` takes. */
async function withListener(url: string, use: (listener: Listener) => Promise<void>): Promise<void> {
  const accepted: Channel[] = []
  const listener = createListener(parseListenUrl(url), (channel) => {
    channel.handler = new Recorder()
    channel.write(Buffer.from('hello'))
    accepted.push(channel)
  })
  await listener.listen()
  try {
    await use(listener)
  } finally {
    await listener.close()
    for (const channel of accepted) channel.destroy()
  }
}

/** Connects and waits for the greeting, since TLS 1.3 refuses a client only after the client thinks it is in. */
async function greetingOver(listener: Listener, tls: TlsTarget, host = '127.0.0.1'): Promise<string> {
  const target = { host, port: Number(new URL(listener.url).port), tls }
  const channel = await connectChannel({ ...target, transport: listener.transport === 'wss' ? 'wss' : 'tls' })
  const recorder = new Recorder()
  channel.handler = recorder
  await recorder.until(() => recorder.byteCount > 0 || recorder.closings.length > 0)
  channel.destroy()
  const [error] = recorder.closings
  if (error !== null && error !== undefined) throw error
  assert.ok(recorder.byteCount > 0, 'closed without a greeting')
  return recorder.bytes.toString()
}

const good = { cert: server.certFile, key: server.keyFile }
const faults: [name: string, files: Record<string, string>, message: string][] = [
  [
    'a certificate that is not there',
    { ...good, cert: inDirectory('none.pem') },
    `the file ${inDirectory('none.pem')} does not exist. Correct cert= in the URL, or the file.`,
  ],
  [
    'a key that is not there',
    { ...good, key: inDirectory('none.pem') },
    `the file ${inDirectory('none.pem')} does not exist. Correct key= in the URL, or the file.`,
  ],
  [
    'a directory in place of the authorities',
    { ...good, ca: directory },
    `the file ${directory} cannot be read (EISDIR: illegal operation on a directory, read). Correct ca= in the URL, or the file.`,
  ],
  [
    'a certificate that is none',
    { ...good, cert: inDirectory('prose') },
    `the file ${inDirectory('prose')} is no certificate in PEM format. Name a file with -----BEGIN CERTIFICATE----- as cert=.`,
  ],
  [
    'a key that is none',
    { ...good, key: server.certFile },
    `the file ${server.certFile} is no private key in PEM format. Name a file with -----BEGIN PRIVATE KEY----- as key=.`,
  ],
  [
    'the key of another certificate',
    { ...good, key: stranger.keyFile },
    `the key in ${stranger.keyFile} does not belong to the certificate in ${server.certFile}. Name the key the certificate ` +
      'was made for; the certificate itself must come first in its file.',
  ],
  [
    'authorities that are none',
    { ...good, ca: server.keyFile },
    `the file ${server.keyFile} is no certificate in PEM format. Name a file with -----BEGIN CERTIFICATE----- as ca=.`,
  ],
  [
    'an encrypted key without a passphrase',
    { ...good, key: encryptedKey },
    `the key in ${encryptedKey} is encrypted. Name a file whose only line is the passphrase as passphraseFile=.`,
  ],
  [
    'an encrypted key with another passphrase',
    { ...good, key: encryptedKey, passphraseFile: inDirectory('wrong') },
    `the passphrase in ${inDirectory('wrong')} does not open the key in ${encryptedKey}. Correct the passphrase: the only line of its file.`,
  ],
]

for (const transport of ['tls', 'wss'] as const) {
  for (const [name, files, message] of faults) {
    test(`a ${transport} listener does not start with ${name}, and says so`, async () => {
      const url = tlsUrl(files, transport)
      const listener = createListener(parseListenUrl(url), () => {})
      await assert.rejects(listener.listen(), { name: 'ListenError', message: `Cannot listen on ${url}: ${message}` })
    })
  }

  test(`with ca= a ${transport} listener accepts clients of that authority only`, async () => {
    await withListener(tlsUrl({ ...good, ca: client.certFile }, transport), async (listener) => {
      const known = { caFile: server.certFile, ...client }
      assert.equal(await greetingOver(listener, known), 'hello')
      await assert.rejects(greetingOver(listener, { caFile: server.certFile }))
      await assert.rejects(greetingOver(listener, { caFile: server.certFile, ...stranger }))
      assert.equal(await greetingOver(listener, known), 'hello')
    })
  })

  test(`an encrypted key with its passphrase serves (${transport})`, async () => {
    const files = { ...good, key: encryptedKey, passphraseFile: inDirectory('passphrase') }
    await withListener(tlsUrl(files, transport), async (listener) => {
      assert.equal(await greetingOver(listener, { caFile: server.certFile }), 'hello')
    })
  })

  test(`a client refuses a server it has no reason to trust (${transport})`, async () => {
    await withListener(tlsUrl(good, transport), async (listener) => {
      await assert.rejects(greetingOver(listener, {}), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
      await assert.rejects(greetingOver(listener, { caFile: stranger.certFile }))
      await assert.rejects(greetingOver(listener, { caFile: inDirectory('none.pem') }), { code: 'ENOENT' })
    })
  })

  test(`insecure waives the name in the certificate, not the trust in its authority (${transport})`, async () => {
    await withListener(tlsUrl(good, transport), async (listener) => {
      const otherName = { caFile: server.certFile, serverName: 'broker.example' }
      await assert.rejects(greetingOver(listener, otherName), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
      assert.equal(await greetingOver(listener, { ...otherName, insecure: true }), 'hello')
      await assert.rejects(greetingOver(listener, { insecure: true }), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    })
  })
}

test('authorities are found in a directory, whatever their files are called', async () => {
  const authorities = inDirectory('authorities')
  mkdirSync(join(authorities, 'more'), { recursive: true })
  copyFileSync(inDirectory('prose'), join(authorities, 'README'))
  await withListener(tlsUrl(good), async (listener) => {
    await assert.rejects(greetingOver(listener, { caDirectory: authorities }), {
      message: `the directory ${authorities} holds no certificate in PEM format`,
    })
    copyFileSync(server.certFile, join(authorities, 'anything'))
    assert.equal(await greetingOver(listener, { caDirectory: authorities }), 'hello')
  })
})

test('versions and ciphers can be chosen, and the keys of a connection be kept', async () => {
  const keyLogFile = inDirectory('keys.log')
  const versions: [string, string][] = []
  const peer = createServer({ cert: readFileSync(server.certFile), key: readFileSync(server.keyFile) }, (socket) => {
    versions.push([String(socket.getProtocol()), socket.getCipher().name])
    socket.on('error', () => {})
    socket.end('hello')
  })
  await once(peer.listen(0, '127.0.0.1'), 'listening')
  const target = { transport: 'tls', host: '127.0.0.1', port: portOf(peer) } as const
  const ciphers = 'ECDHE-ECDSA-AES128-GCM-SHA256'
  const tls = { caFile: server.certFile, ciphers, maxVersion: 'TLSv1.2', keyLogFile } as const
  const channel = await connectChannel({ ...target, tls })
  const recorder = new Recorder()
  channel.handler = recorder
  assert.equal(await recorder.untilClosed(), null)
  assert.deepEqual(versions, [['TLSv1.2', ciphers]])
  assert.match(readFileSync(keyLogFile, 'utf8'), /^CLIENT_RANDOM /)
  await once(peer.close(), 'close')
})

test('the protocol offered by ALPN and the name asked for reach the server', async () => {
  const credentials = { cert: readFileSync(server.certFile), key: readFileSync(server.keyFile) }
  const seen: unknown[] = []
  const peer = createServer({ ...credentials, ALPNProtocols: ['other', 'mqtt'] }, (socket) => {
    // `servername` is what the client asked for; the types know it on clients only.
    seen.push(socket.alpnProtocol, Reflect.get(socket, 'servername'))
    socket.on('error', () => {})
    socket.end()
  })
  await once(peer.listen(0, '127.0.0.1'), 'listening')
  const tls = { caFile: server.certFile, alpn: 'mqtt', serverName: 'localhost' }
  const channel = await connectChannel({ transport: 'tls', host: '127.0.0.1', port: portOf(peer), tls })
  const recorder = new Recorder()
  channel.handler = recorder
  await recorder.untilClosed()
  assert.deepEqual(seen, ['mqtt', 'localhost'])
  await once(peer.close(), 'close')
})

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a key that both sides know replaces certificates (${maxVersion})`, async () => {
    const key = Buffer.from('00112233', 'hex')
    const pskCallback = (_socket: unknown, identity: string) => (identity === 'alice' ? key : null)
    const peer = createServer({ ciphers: 'PSK', maxVersion, pskCallback }, (socket) => {
      socket.on('error', () => {})
      socket.end('hello')
    })
    peer.on('tlsClientError', () => {})
    await once(peer.listen(0, '127.0.0.1'), 'listening')
    const target = { transport: 'tls', host: '127.0.0.1', port: portOf(peer) } as const
    const channel = await connectChannel({ ...target, tls: { psk: { identity: 'alice', key } } })
    const recorder = new Recorder()
    channel.handler = recorder
    assert.equal(await recorder.untilClosed(), null)
    assert.equal(recorder.bytes.toString(), 'hello')
    await assert.rejects(connectChannel({ ...target, tls: { psk: { identity: 'bob', key } } }))
    await once(peer.close(), 'close')
  })
}

test('a server that answers a known key with a certificate is held to the name in it', async () => {
  await withListener(tlsUrl(good), async (listener) => {
    const tls = { caFile: server.certFile, psk: { identity: 'alice', key: Buffer.from('00', 'hex') } }
    assert.equal(await greetingOver(listener, tls), 'hello')
    const otherName = greetingOver(listener, { ...tls, serverName: 'broker.example' })
    await assert.rejects(otherName, { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  })
})

test('a client that does not finish the handshake is dropped in time, and so is the next one', async () => {
  const listener = createListener(parseListenUrl(tlsUrl(good)), (channel) => channel.end(), {
    handshakeTimeoutMs: () => 50,
  })
  await listener.listen()
  const port = Number(new URL(listener.url).port)
  const silent = connectTcp(port, '127.0.0.1')
  const babbling = connectTcp(port, '127.0.0.1')
  for (const socket of [silent, babbling]) socket.on('error', () => {}).resume()
  const gone = Promise.all([once(silent, 'close'), once(babbling, 'close')])
  babbling.write('GET / HTTP/1.1\r\n\r\n')
  await gone
  const later = connectTcp(port, '127.0.0.1').resume()
  await once(later, 'close')
  await listener.close()
})

const silentTargets: Pick<ConnectTarget, 'transport'>['transport'][] = ['tls', 'ws', 'wss']
for (const transport of silentTargets) {
  test(`a server that stays silent is not waited for for ever (${transport})`, async () => {
    const peer = createTcpServer((socket) => socket.on('error', () => {}).resume())
    await once(peer.listen(0, '127.0.0.1'), 'listening')
    const target = { host: '127.0.0.1', port: portOf(peer), path: '/mqtt', timeoutMs: 30 }
    await assert.rejects(connectChannel({ ...target, transport }), {
      code: 'ETIMEDOUT',
      message: 'no connection within 30 ms',
    })
    await once(peer.close(), 'close')
  })
}

test('errors of the system keep their codes', async () => {
  const closed = createTcpServer()
  await once(closed.listen(0, '127.0.0.1'), 'listening')
  const port = portOf(closed)
  await once(closed.close(), 'close')
  for (const transport of ['tcp', 'tls', 'ws', 'wss'] as const) {
    for (const host of ['127.0.0.1', 'localhost']) {
      await assert.rejects(connectChannel({ transport, host, port }), (error) => {
        assert.ok(error instanceof Error && 'code' in error)
        assert.equal(error.code, 'ECONNREFUSED')
        assert.match(error.message, /ECONNREFUSED/)
        return true
      })
    }
  }
  await assert.rejects(connectChannel({ transport: 'unix', path: inDirectory('none.sock') }), { code: 'ENOENT' })
  const from = { host: '127.0.0.1', port, localAddress: '192.0.2.1' }
  await assert.rejects(connectChannel({ transport: 'tcp', ...from }), { code: 'EADDRNOTAVAIL' })
  assert.equal(existsSync(inDirectory('none.sock')), false)
})

function portOf(listening: { address(): unknown }): number {
  const address = listening.address()
  assert.ok(typeof address === 'object' && address !== null && 'port' in address)
  return Number(address.port)
}

for (const transport of ['tls', 'wss'] as const) {
  test(`a new certificate is for connections to come; those that are open stay (${transport})`, async () => {
    const first = makeSelfSigned(directory, 'first')
    const second = makeSelfSigned(directory, 'second')
    const files = { cert: inDirectory(`${transport}.cert.pem`), key: inDirectory(`${transport}.key.pem`) }
    const use = ({ certFile, keyFile }: SelfSigned) => {
      copyFileSync(certFile, files.cert)
      copyFileSync(keyFile, files.key)
    }
    use(first)
    const address = parseListenUrl(tlsUrl(files, transport))
    await withListener(address.url, async (listener) => {
      const target = { host: '127.0.0.1', port: Number(new URL(listener.url).port), transport }
      const old = await connectChannel({ ...target, tls: { caFile: first.certFile } })
      const recorder = new Recorder()
      old.handler = recorder
      await recorder.until(() => recorder.byteCount > 0)
      assert.equal(await listener.readCertificates(address), null)
      use(second)
      const renew = await listener.readCertificates(address)
      assert.equal(await greetingOver(listener, { caFile: first.certFile }), 'hello')
      renew?.()
      await assert.rejects(greetingOver(listener, { caFile: first.certFile }))
      assert.equal(await greetingOver(listener, { caFile: second.certFile }), 'hello')
      assert.equal(await listener.readCertificates(address), null)
      assert.equal(recorder.closings.length, 0)
      old.destroy()
    })
  })
}

test('certificates that cannot be used are said to be so, and the old ones stay', async () => {
  const files = { cert: inDirectory('stays.cert.pem'), key: inDirectory('stays.key.pem') }
  copyFileSync(server.certFile, files.cert)
  copyFileSync(server.keyFile, files.key)
  const address = parseListenUrl(tlsUrl(files))
  await withListener(address.url, async (listener) => {
    copyFileSync(stranger.certFile, files.cert)
    await assert.rejects(
      listener.readCertificates(address),
      /Cannot listen on tls:.* does not belong to the certificate/,
    )
    assert.equal(await greetingOver(listener, { caFile: server.certFile }), 'hello')
  })
})

test('TLS 1.1 is refused', async () => {
  await withListener(tlsUrl(good), async (listener) => {
    // The client must be talked into it.
    const ciphers = 'DEFAULT:@SECLEVEL=0'
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers, rejectUnauthorized: false } as const
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(listener.url).port), ...old })
    const [error] = await once(socket, 'error')
    assert.equal(error.code, 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')
  })
})
