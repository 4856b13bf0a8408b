/**
 * Debian's haproxy before the broker, and mosquitto's clients before haproxy.
 */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { WebSocket } from 'ws'
import { makeSelfSigned } from '../../src/transport/self-signed.test.ts'
import { freePort } from '../access/free-port.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startTestBroker } from '../support/test-broker.ts'

const directory = temporaryDirectory()
const certificate = makeSelfSigned(directory, 'server')

interface Haproxy extends AsyncDisposable {
  readonly port: number
}

/** Passes on to `brokerPort`; resolves when it listens. `server` is what stands behind the address in its configuration. */
async function startHaproxy(brokerPort: string, server: string): Promise<Haproxy> {
  const port = await freePort()
  const file = join(directory, `${port}.cfg`)
  const timeouts = 'timeout connect 5s\n  timeout client 20s\n  timeout server 20s'
  writeFileSync(
    file,
    `global\n  maxconn 100\n  log stdout format raw local0\ndefaults\n  log global\n  mode tcp\n  ${timeouts}
listen mqtt\n  bind 127.0.0.1:${port}\n  server pabal 127.0.0.1:${brokerPort} ${server}\n`,
  )
  const child = spawn('haproxy', ['-W', '-db', '-f', file], { stdio: ['ignore', 'inherit', 'pipe'] })
  const listening = Promise.withResolvers<void>()
  createInterface(child.stderr).on('line', (line) => {
    if (line.includes('Loading success')) listening.resolve()
  })
  child.once('close', (code) => listening.reject(new Error(`haproxy ended with ${code}`)))
  await listening.promise
  return {
    port,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'close')
      child.kill('SIGTERM')
      await ended
    },
  }
}

const run = promisify(execFile)

for (const [scheme, server] of [
  ['tcp', 'send-proxy'],
  ['tcp', 'send-proxy-v2'],
  ['tcp', 'send-proxy-v2 proxy-v2-options crc32c,unique-id'],
  ['tls', 'send-proxy'],
  ['tls', 'send-proxy-v2'],
] as const) {
  test(`haproxy with ${server} before ${scheme}: mosquitto_pub comes from where it really is`, async () => {
    const files = scheme === 'tls' ? `&cert=${certificate.certFile}&key=${certificate.keyFile}` : ''
    const listen = [`${scheme}://127.0.0.1:0?proxyFrom=127.0.0.1${files}`]
    await using broker = await startTestBroker({ listen, allowAnonymous: true })
    await using haproxy = await startHaproxy(new URL(broker.url).port, server)
    const connected = Promise.withResolvers<string>()
    broker.broker.on('connected', ({ remoteAddress }) => connected.resolve(remoteAddress))
    const secure = scheme === 'tls' ? ['--cafile', certificate.certFile] : []
    const from = ['-A', '127.0.0.77', '-V', 'mqttv5', '-q', '1', '-t', 'a', '-m', 'hello']
    await run('mosquitto_pub', ['-h', '127.0.0.1', '-p', String(haproxy.port), ...secure, ...from])
    assert.match(await connected.promise, /^127\.0\.0\.77:\d+$/)
    assert.equal(broker.broker.tally.messages.unmatched, 1)
  })
}

test('haproxy before ws: a client over WebSocket comes from where it really is', async () => {
  const listen = ['ws://127.0.0.1:0/mqtt?proxyFrom=127.0.0.1']
  await using broker = await startTestBroker({ listen, allowAnonymous: true })
  await using haproxy = await startHaproxy(new URL(broker.url).port, 'send-proxy-v2')
  const connected = Promise.withResolvers<string>()
  broker.broker.on('connected', ({ remoteAddress }) => connected.resolve(remoteAddress))
  const client = new WebSocket(`ws://127.0.0.1:${haproxy.port}/mqtt`, ['mqtt'], { localAddress: '127.0.0.77' })
  await once(client, 'open')
  client.send(Buffer.from('101000044d5154540502003c000003616263', 'hex'))
  assert.match(await connected.promise, /^127\.0\.0\.77:\d+$/)
  client.terminate()
})

test('haproxy may look whether the broker lives, as itself', async () => {
  const listen = ['tcp://127.0.0.1:0?proxyFrom=127.0.0.1']
  await using broker = await startTestBroker({ listen, allowAnonymous: true })
  const seen = new Promise<{ remoteAddress: string; reason: string }>((resolve) => broker.broker.on('refused', resolve))
  await using _haproxy = await startHaproxy(new URL(broker.url).port, 'send-proxy-v2 check check-send-proxy inter 200')
  const { remoteAddress, reason } = await seen
  assert.match(remoteAddress, /^127\.0\.0\.1:\d+$/)
  assert.doesNotMatch(reason, /PROXY/)
})
