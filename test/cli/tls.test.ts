/**
 * TLS as pub, sub and rr ask for it: certificates, keys that both sides know, and what is said of a server that does not fit.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createServer, type SecureVersion } from 'node:tls'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { freePort, startMosquitto, stopProcess } from './broker.ts'
import { makeCertificate } from './certificates.ts'
import { assertNoDifferences, compareAll, type GoldenCase } from './golden.ts'
import { makeLinks, runDebian, runLinkIn, runPabal, type ToolResult } from './tools.ts'

const links = makeLinks()
const runLink = runLinkIn(links.directory)
const files = temporaryDirectory()
/** Ports by what their listener is about. */
const ports = { plain: 0, named: 0, strict: 0, elsewhere: 0, old: 0, psk: 0 }
let stopBroker = async (): Promise<void> => {}

before(async () => {
  makeCertificate(files, 'server', 'DNS:localhost,IP:127.0.0.1')
  makeCertificate(files, 'elsewhere', 'DNS:elsewhere.invalid')
  makeCertificate(files, 'me', 'DNS:me')
  makeCertificate(files, 'stranger', 'DNS:stranger')
  mkdirSync(join(files, 'authorities'))
  mkdirSync(join(files, 'nothing'))
  const certificate = readFileSync(join(files, 'server.pem'))
  const hash = execFileSync('openssl', ['x509', '-hash', '-noout', '-in', join(files, 'server.pem')], {
    encoding: 'utf8',
  })
  writeFileSync(join(files, 'authorities', `${hash.trim()}.0`), certificate)
  writeFileSync(join(files, 'prose'), 'no certificate\n')
  writeFileSync(join(files, 'keys'), 'me:00ff00ff\n', { mode: 0o600 })
  for (const name of ['named', 'strict', 'elsewhere', 'old', 'psk'] as const) ports[name] = await freePort()
  const broker = await startMosquitto(files, 'tls', [
    'allow_anonymous true',
    `psk_file ${join(files, 'keys')}`,
    ...listeners(),
  ])
  ports.plain = broker.port
  stopBroker = () => stopProcess(broker.process)
  await runDebian('pub', ['-h', '127.0.0.1', '-p', String(ports.plain), '-r', '-t', 'kept', '-m', 'kept'])
})

function listeners(): string[] {
  const identity = (name: string): string[] => {
    return [`certfile ${join(files, `${name}.pem`)}`, `keyfile ${join(files, `${name}.key`)}`]
  }
  return [
    ...[`listener ${ports.named}`, ...identity('server')],
    ...[
      `listener ${ports.strict}`,
      ...identity('server'),
      `cafile ${join(files, 'me.pem')}`,
      'require_certificate true',
    ],
    ...[`listener ${ports.elsewhere}`, ...identity('elsewhere')],
    ...[`listener ${ports.old}`, ...identity('server'), 'tls_version tlsv1.2', 'ciphers ECDHE-ECDSA-AES128-GCM-SHA256'],
    ...[`listener ${ports.psk}`, 'psk_hint hint'],
  ]
}

after(async () => {
  links.remove()
  await stopBroker()
})

/** With pub, which sends and ends: the other tools open their connection with the same code. */
async function compare(lines: readonly string[], environment: Record<string, string> = {}): Promise<void> {
  const options = { directory: files, environment }
  const cases = lines.map((line): GoldenCase => ({ tool: 'pub', line: `${line} -t a -m x -i ID`, options }))
  assertNoDifferences(await compareAll(cases, null, runLink))
}

/**
 * What is said of a handshake that failed. What Debian's tool says depends on how far it has come by then, which is chance;
 * ours always says the last.
 */
const failures = {
  byUs: [
    { stdout: '', stderr: 'Unable to connect (A TLS error occurred.).\n', code: 1 },
    { stdout: '', stderr: 'Error: A TLS error occurred.\n', code: 8 },
  ],
  byServer: [
    { stdout: '', stderr: 'Error: Protocol error\n', code: 1 },
    { stdout: '', stderr: 'Error: Protocol error\n', code: 14 },
    { stdout: '', stderr: 'Error: The connection was lost.\n', code: 7 },
  ],
} as const

async function compareFailures(refusal: keyof typeof failures, lines: readonly string[]): Promise<void> {
  const possible: readonly ToolResult[] = failures[refusal]
  for (const line of lines) {
    const words = [...line.split(' '), '-t', 'a', '-m', 'x']
    const theirs = await runDebian('pub', words, { directory: files })
    assert.deepEqual(theirs, possible.find(({ code }) => code === theirs.code) ?? possible[0], `Debian's tool, ${line}`)
    assert.deepEqual(await runLink('pub', words, { directory: files }), possible.at(-1), line)
  }
}

test('a server is trusted by --cafile or --capath', async () => {
  const { named } = ports
  await compare([
    `-h localhost -p ${named} --cafile server.pem -d`,
    `-h 127.0.0.1 -p ${named} --cafile server.pem -d`,
    `-h localhost -p ${named} --cafile server.pem -d -V 5 -q 2`,
    `-h localhost -p ${named} --capath authorities -d`,
    `-h localhost -p ${named} --cafile server.pem --capath nothing -d`,
    `-h localhost -p ${named} --cafile server.pem --capath missing -d`,
    `-h localhost -p ${named} --cafile server.pem --nodelay -A 127.0.0.1 -d`,
    `-p ${named} --cafile server.pem -d`,
  ])
})

test('a server that is not trusted, or has another name, is refused', async () => {
  const { named, elsewhere, plain } = ports
  await compareFailures('byUs', [
    `-h localhost -p ${named} --cafile stranger.pem`,
    `-h localhost -p ${named} --cafile stranger.pem --insecure`,
    `-h localhost -p ${named} --capath nothing`,
    `-h localhost -p ${named} --capath missing`,
    `-h localhost -p ${named} --tls-use-os-certs`,
    `-h localhost -p ${elsewhere} --cafile elsewhere.pem`,
    `-h localhost -p ${plain} --cafile server.pem`,
  ])
  await compare([`-h localhost -p ${elsewhere} --cafile elsewhere.pem --insecure -d`, `-h localhost -p ${named}`])
})

test('--tls-use-os-certs and mqtts:// trust the authorities of the system', async () => {
  const environment = { SSL_CERT_FILE: join(files, 'server.pem') }
  const { named } = ports
  await compare(
    [`-h localhost -p ${named} --tls-use-os-certs -d`, `-L mqtts://localhost:${named}/of/url -d`],
    environment,
  )
})

test('--cert and --key say who the client is', async () => {
  const server = `-h localhost -p ${ports.strict} --cafile server.pem`
  await compare([
    `${server} --cert me.pem --key me.key -d`,
    `${server} --cert me.pem --key me.key --keyform pem -d`,
    `${server} --cert me.pem --key me.key --tls-version tlsv1.2 -d`,
    `${server} --cert me.pem --key stranger.key`,
    `${server} --cert prose --key me.key`,
    `${server} --cert me.pem --key prose`,
    `${server} --cert missing --key me.key`,
    `${server} --cert me.pem --key missing`,
  ])
  await compareFailures('byServer', [
    `${server} --tls-version tlsv1.2`,
    `${server} --cert stranger.pem --key stranger.key`,
    server,
  ])
})

test('--tls-version is the least that is taken, and what TLS cannot be set up with is told', async () => {
  const named = `-h localhost -p ${ports.named} --cafile server.pem`
  const old = `-h localhost -p ${ports.old} --cafile server.pem`
  await compare([
    `${named} --tls-version tlsv1.3 -d`,
    `${named} --tls-version tlsv1.2 -d`,
    `${named} --tls-version tlsv1.1 -d`,
    `${named} --tls-alpn mqtt -d`,
    `${old} --tls-version tlsv1.2 -d`,
    `${old} --ciphers ECDHE-ECDSA-AES128-GCM-SHA256 -d`,
    `${named} --ciphers bogus`,
    `${named} --cert me.pem --key me.key --tls-engine x --keyform engine --tls-engine-kpass-sha1 aa`,
    `${named} --cafile prose`,
  ])
})

test('--psk and --psk-identity take the place of certificates', async () => {
  const server = `-h localhost -p ${ports.psk} --psk-identity me`
  await compare([`${server} --psk 00ff00ff -d`, `${server} --psk 00FF00FF --ciphers PSK-AES256-CBC-SHA -d`])
  await compareFailures('byUs', [
    `${server} --psk 00ff00fe`,
    `-h localhost -p ${ports.psk} --psk 00ff00ff --psk-identity stranger`,
  ])
})

/** A server that notes what it was asked for and closes; `ask` is called with a port and answers when it is done. */
async function askedOf(maxVersion: SecureVersion, ask: (port: number) => Promise<void>): Promise<unknown[]> {
  const asked: unknown[] = []
  const identity = { cert: readFileSync(join(files, 'server.pem')), key: readFileSync(join(files, 'server.key')) }
  const server = createServer({ ...identity, ALPNProtocols: ['mqtt'], maxVersion }, (socket) => {
    asked.push([socket.alpnProtocol, socket.servername, socket.getProtocol(), socket.getCipher().name])
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address !== 'string')
  await ask(address.port)
  await new Promise((resolve) => server.close(resolve))
  return asked
}

test('the protocol of --tls-alpn, the ciphers of --ciphers and the name of the host reach the server', async () => {
  const flags = '--cafile server.pem --tls-alpn mqtt --ciphers ECDHE-ECDSA-AES256-SHA -t a -m x'
  const asked = await askedOf('TLSv1.2', async (port) => {
    for (const run of [runDebian, runLink]) {
      await run('pub', ['-h', 'localhost', '-p', String(port), ...flags.split(' ')], { directory: files })
    }
  })
  const expected = ['mqtt', 'localhost', 'TLSv1.2', 'ECDHE-ECDSA-AES256-SHA']
  assert.deepEqual(asked, [expected, expected])
})

test('a server that has not the version or the ciphers that were asked for is refused', async () => {
  const asked = await askedOf('TLSv1.2', async (port) => {
    const place = `-h localhost -p ${port} --cafile server.pem`
    await compareFailures('byUs', [`${place} --tls-version tlsv1.3`, `${place} --ciphers ECDHE-RSA-AES256-GCM-SHA384`])
  })
  assert.deepEqual(asked, [])
})

test('--tls-keylog keeps the keys of the connection, and --no-tls keeps TLS off', async () => {
  const place = ['-h', 'localhost', '--cafile', join(files, 'server.pem'), '-t', 'a', '-m', 'x']
  const keyFile = join(files, 'keylog')
  const secured = await runPabal(['pub', ...place, '-p', String(ports.named), '--tls-keylog', keyFile])
  assert.deepEqual(secured, { stdout: '', stderr: '', code: 0 })
  assert.match(readFileSync(keyFile, 'utf8'), /^CLIENT_TRAFFIC_SECRET_0 [0-9a-f]{64} [0-9a-f]+$/m)
  const plain = await runPabal(['pub', ...place, '-p', String(ports.plain), '--no-tls'])
  assert.deepEqual(plain, { stdout: '', stderr: '', code: 0 })
})
