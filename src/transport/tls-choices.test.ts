/**
 * What an operator may choose of TLS: its least version, ciphers, whose client certificates are accepted no more.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type ConnectionOptions, connect } from 'node:tls'
import { temporaryDirectory } from '../../test/support/temporary-directory.ts'
import { parseListenUrl } from './listen-url.ts'
import { createListener } from './listener.ts'
import { makeAuthority, makeSelfSigned, type SelfSigned } from './self-signed.test.ts'

const directory = temporaryDirectory()
const server = makeSelfSigned(directory, 'server')
const files = `cert=${server.certFile}&key=${server.keyFile}`

/** Greets whoever comes in over TLS. */
async function listen(transport: string, query: string) {
  const address = parseListenUrl(`${transport}://127.0.0.1:0?${files}&${query}`)
  const listener = createListener(address, (channel) => {
    channel.handler = { receiveBytes: () => {}, drained: () => {}, closed: () => {} }
    channel.write(Buffer.from('hello'))
    channel.end()
  })
  await listener.listen()
  return { listener, [Symbol.asyncDispose]: () => listener.close() }
}

/** Version and cipher of a connection that was greeted, or why it was not. */
async function greeting(url: string, options: ConnectionOptions = {}): Promise<readonly string[]> {
  const socket = connect({
    host: '127.0.0.1',
    port: Number(/:(\d+)/.exec(url)?.[1]),
    rejectUnauthorized: false,
    ...options,
  })
  try {
    const greeted = once(socket, 'data').then(() => [String(socket.getProtocol()), socket.getCipher().name])
    // Node closes on a certificate that it does not accept, without an alert.
    return await Promise.race([greeted, once(socket, 'close').then(() => ['closed'])])
  } catch (error) {
    return [/ALERT_(.*)/.exec(String(Object(error).code))?.[1] ?? String(error)]
  } finally {
    socket.destroy()
  }
}

test('with minVersion=1.3 a client of TLS 1.2 is refused, without it it comes in', async () => {
  await using strict = await listen('tls', 'minVersion=1.3')
  await using usual = await listen('tls', 'report=on')
  const older = { maxVersion: 'TLSv1.2' } as const
  assert.deepEqual(await greeting(strict.listener.url, older), ['PROTOCOL_VERSION'])
  assert.equal((await greeting(strict.listener.url))[0], 'TLSv1.3')
  assert.equal((await greeting(usual.listener.url, older))[0], 'TLSv1.2')
})

test('no other ciphers than those that are named are taken', async () => {
  const [named, other] = ['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-AES128-GCM-SHA256']
  await using chosen = await listen('tls', `ciphers=${named}:TLS_AES_128_GCM_SHA256`)
  const { url } = chosen.listener
  const older = { maxVersion: 'TLSv1.2' } as const
  assert.deepEqual(await greeting(url), ['TLSv1.3', 'TLS_AES_128_GCM_SHA256'])
  assert.deepEqual(await greeting(url, { ...older, ciphers: named }), ['TLSv1.2', named])
  assert.deepEqual(await greeting(url, { ...older, ciphers: other }), ['HANDSHAKE_FAILURE'])
  await assert.rejects(listen('tls', 'ciphers=NONE-OF-THEM'), /TLS does not take it: .*\. Correct ciphers= in the URL/)
})

test('a client whose certificate was revoked is refused, also once the list is another one', async () => {
  const authority = makeAuthority(directory)
  const list = join(directory, 'list.pem')
  writeFileSync(list, readFileSync(authority.crlFile))
  await using guarded = await listen('tls', `ca=${authority.certFile}&crl=${list}`)
  await using open = await listen('tls', `ca=${authority.certFile}`)
  const show = ({ certFile, keyFile }: SelfSigned) => ({ cert: readFileSync(certFile), key: readFileSync(keyFile) })
  const { url } = guarded.listener
  assert.equal((await greeting(url, show(authority.kept)))[0], 'TLSv1.3')
  assert.deepEqual(await greeting(url, show(authority.revoked)), ['closed'])
  assert.equal((await greeting(open.listener.url, show(authority.revoked)))[0], 'TLSv1.3')
  writeFileSync(list, 'no list')
  const address = parseListenUrl(`tls://127.0.0.1:0?${files}&ca=${authority.certFile}&crl=${list}`)
  await assert.rejects(
    guarded.listener.readCertificates(address),
    /list\.pem is no list of revoked certificates in PEM format/,
  )
})
