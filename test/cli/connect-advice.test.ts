/**
 * What every verb says of a connection that did not come about: whom to trust, TLS where there is none, none where there is TLS.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { runPabal } from '../support/pabal-command.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import { makeCertificate } from './certificates.ts'

const files = temporaryDirectory()
let broker: TestBroker
let plain: string
let secure: string

before(async () => {
  makeCertificate(files, 'server', 'DNS:elsewhere.example')
  const identity = `cert=${join(files, 'server.pem')}&key=${join(files, 'server.key')}`
  broker = await startTestBroker({
    listen: ['tcp://127.0.0.1:0', `tls://127.0.0.1:0?${identity}`],
    topics: [{ filter: 'door', whenNobody: 'reject' }],
  })
  const [tcp = '', tls = ''] = broker.broker.urls
  plain = new URL(tcp).port
  secure = new URL(tls).port
})

after(async () => {
  await broker[Symbol.asyncDispose]()
})

/** What both kinds of verbs say: those that ask, and those that are mosquitto's. */
async function saidOf(...place: readonly string[]): Promise<readonly string[]> {
  const asked = await runPabal(['who', 't', ...place])
  const sent = await runPabal(['pub', '-t', 't', '-m', 'x', '-q', '1', ...place])
  assert.equal(asked.code, 1)
  assert.ok(sent.code === 7 || sent.code === 8, `${sent.code}`)
  return [asked.faults, sent.faults]
}

test('a certificate that nobody has signed who is trusted: --cafile is named, and nothing of Node', async () => {
  for (const said of await saidOf('-L', `mqtts://localhost:${secure}/t`)) {
    assert.match(said, /localhost:\d+: self-signed certificate: .*; --cafile FILE names the authority/)
    assert.doesNotMatch(said, /Node/)
  }
})

test('a certificate for another host: --insecure is named', async () => {
  const trusted = ['--cafile', join(files, 'server.pem')]
  for (const said of await saidOf('-h', 'localhost', '-p', secure, ...trusted)) {
    assert.match(said, /elsewhere\.example.*; --insecure takes the certificate whatever host it names/)
  }
  const { code } = await runPabal(['who', 't', '-h', 'localhost', '-p', secure, ...trusted, '--insecure'])
  assert.equal(code, 16)
})

test('TLS where the server does not speak it, and none where it does', async () => {
  for (const said of await saidOf('-L', `mqtts://localhost:${plain}/t`)) {
    assert.match(said, /localhost:\d+: the server ended the TLS handshake: it does not speak TLS there, or/)
  }
  for (const said of await saidOf('-h', 'localhost', '-p', secure)) {
    assert.match(
      said,
      /before the server had answered CONNECT; if it speaks TLS there, name whom to trust: --cafile FILE/,
    )
  }
})

test('sub says it as well, once, while it goes on trying', async () => {
  const { faults, code } = await runPabal(['sub', '-t', 't', '-h', 'localhost', '-p', secure, '-W', '2'])
  assert.equal(faults.match(/if it speaks TLS there/g)?.length, 1)
  assert.match(faults, /; trying again every second\n/)
  assert.equal(code, 27)
})

test('a 3.1.1 publisher that is disconnected is told that 5.0 could say why', async () => {
  const words = ['pub', '-h', 'localhost', '-p', plain, '-t', 'door', '-m', 'x', '-q', '1']
  const older = await runPabal([...words, '-V', '311'])
  assert.deepEqual([older.code, older.faults.split('\n')[0]], [7, 'Error: The connection was lost.'])
  assert.match(older.faults, /^pabal pub: a server cannot say in MQTT 3\.1 and 3\.1\.1 why .* with -V 5 it can$/m)
  assert.match((await runPabal(words)).faults, /the server says: nobody subscribes to this Topic Name/)
})

test('a host that there is not is told with what to do', async () => {
  const { faults } = await runPabal(['who', 't', '-h', 'nowhere.invalid'])
  assert.match(faults, /nowhere\.invalid; no address is known for this name: correct it, or look at the name server/)
})
