/**
 * Ways to a broker that only native mode knows: WebSocket, and DNS service records. Against our own broker.
 */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Broker, createBroker } from '../../src/index.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { makeCertificate } from './certificates.ts'
import { runPabal, type ToolResult } from './tools.ts'

let broker: Broker
let tcp: URL
let webSocket: URL
let secureWebSocket: URL
const files = temporaryDirectory()

before(async () => {
  makeCertificate(files, 'server', 'DNS:localhost')
  const identity = `cert=${join(files, 'server.pem')}&key=${join(files, 'server.key')}`
  const listen = ['tcp://127.0.0.1:0', 'ws://127.0.0.1:0/mqtt', `wss://127.0.0.1:0/mqtt?${identity}`]
  broker = createBroker({ listen })
  await broker.start()
  const [tcpUrl = '', webSocketUrl = '', secureUrl = ''] = broker.urls
  secureWebSocket = new URL(secureUrl)
  tcp = new URL(tcpUrl)
  webSocket = new URL(webSocketUrl)
})

after(async () => {
  await broker.stop()
})

const nothing: ToolResult = { stdout: '', stderr: '', code: 0 }

test('pub, sub and rr speak over WebSocket with --ws', async () => {
  const place = ['--ws', '-h', '127.0.0.1', '-p', webSocket.port]
  assert.deepEqual(await runPabal(['pub', ...place, '-t', 'kept', '-m', 'a', '-q', '2', '-r', '--quiet']), nothing)
  const words = ['-t', 'kept', '-C', '1', '-v']
  assert.equal((await runPabal(['sub', ...place, ...words])).stdout, 'kept a\n')
  assert.equal((await runPabal(['sub', '-p', tcp.port, '-h', '127.0.0.1', ...words])).stdout, 'kept a\n')
  assert.equal((await runPabal(['rr', ...place, '-t', 'echo', '-e', 'echo', '-m', 'b'])).stdout, 'b\n')
})

test('-L ws:// names host, port and topic of a WebSocket', async () => {
  const url = `ws://127.0.0.1:${webSocket.port}/by/url`
  const result = await runPabal(['pub', '-L', url, '-m', 'a', '-r', '-q', '1', '-V', '311'])
  assert.deepEqual(result, nothing)
  assert.equal((await runPabal(['sub', '-L', url, '-C', '1', '-v'])).stdout, 'by/url a\n')
})

test('-L wss:// and --ws with --cafile put TLS around the WebSocket', async () => {
  const url = `wss://localhost:${secureWebSocket.port}/by/secure/url`
  const trust = ['--cafile', join(files, 'server.pem')]
  assert.deepEqual(await runPabal(['pub', '-L', url, ...trust, '-m', 'a', '-r', '-V', '311']), nothing)
  const place = ['--ws', '-h', 'localhost', '-p', secureWebSocket.port]
  assert.equal((await runPabal(['sub', ...place, ...trust, '-t', 'by/secure/url', '-C', '1'])).stdout, 'a\n')
  const untrusted = await runPabal(['pub', '-L', url, '-m', 'a'])
  assert.equal(untrusted.code, 8)
  assert.match(untrusted.stderr, /^Error: A TLS error occurred\.$/m)
})

test('what does not speak MQTT over WebSocket is told', async () => {
  const result = await runPabal(['pub', '--ws', '-h', '127.0.0.1', '-p', tcp.port, '-t', 'a', '-m', 'x'])
  assert.equal(result.code, 1)
  assert.match(
    result.stderr,
    new RegExp(`^pabal pub: 127\\.0\\.0\\.1:${tcp.port} does not speak MQTT over WebSocket$`, 'm'),
  )
})

/** One name server that knows one service record; Node asks it because the tool is started with a module that says so. */
async function withNameServer(
  service: string,
  port: number,
  run: (environment: Record<string, string>) => Promise<void>,
) {
  const server = createSocket('udp4', (query, sender) => {
    const question = query.subarray(12, query.indexOf(0, 12) + 5)
    const isKnown = labels(service).equals(question.subarray(0, -4))
    const flags = isKnown ? [0x81, 0x80] : [0x81, 0x83]
    const head = Buffer.from([query[0] ?? 0, query[1] ?? 0, ...flags, 0, 1, 0, isKnown ? 2 : 0, 0, 0, 0, 0])
    const records = isKnown ? [record(20, 1, 1, 'nobody.invalid'), record(10, 5, port, 'localhost')] : []
    server.send(Buffer.concat([head, question, ...records]), sender.port)
  })
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve))
  const script = `import { setServers } from 'node:dns/promises'
    import { syncBuiltinESMExports } from 'node:module'
    setServers(['127.0.0.1:${server.address().port}'])
    syncBuiltinESMExports()`
  try {
    await run({ NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` })
  } finally {
    server.close()
  }
}

function labels(name: string): Buffer {
  return Buffer.concat([
    ...name.split('.').map((label) => Buffer.from(String.fromCharCode(label.length) + label)),
    Buffer.alloc(1),
  ])
}

/** Of type SRV: RFC 2782. */
function record(priority: number, weight: number, port: number, host: string): Buffer {
  const target = labels(host)
  const head = Buffer.from('c00c002100010000000a0000000000000000', 'hex')
  head.writeUInt16BE(6 + target.length, 10)
  head.writeUInt16BE(priority, 12)
  head.writeUInt16BE(weight, 14)
  head.writeUInt16BE(port, 16)
  return Buffer.concat([head, target])
}

test('-S asks DNS for host and port, and takes the record with the lowest priority', async () => {
  const words = ['pub', '-S', '-h', 'example.test', '-t', 'a', '-m', 'x']
  await withNameServer('_mqtt._tcp.example.test', Number(tcp.port), async (environment) => {
    assert.deepEqual(await runPabal(words, { environment }), nothing)
    const unknown = await runPabal(['pub', '-S', '-h', 'unknown.test', '-t', 'a', '-m', 'x'], { environment })
    assert.equal(unknown.code, 1)
    assert.match(unknown.stderr, /^Unable to connect \(Lookup error\.\)\.$/m)
  })
})
