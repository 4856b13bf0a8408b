/**
 * mosquitto CVE-2018-12550, CVE-2018-12551, CVE-2018-20145, #2283 and 1.5.4: listeners that let in whom their settings refuse, because
 * a file was empty or broken, because it was another listener's, or because WebSocket looked at no certificate. Every transport, with
 * every way to say who may come in: what is not said is refused.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { describe, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { createWebSocketStream, WebSocket } from 'ws'
import { type Broker, type BrokerOptions, createBroker } from '../../src/index.ts'
import { makeAuthority, makeSelfSigned, type SelfSigned } from '../../src/transport/self-signed.test.ts'
import { StartedPabal } from '../operating/started-pabal.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { openWire, WireClient } from '../support/wire-client.ts'

const directory = temporaryDirectory()
const server = makeSelfSigned(directory, 'server')
const authority = makeAuthority(directory)
const own = `cert=${server.certFile}&key=${server.keyFile}`
const asks = `${own}&ca=${authority.certFile}&crl=${authority.crlFile}`

const transports = {
  tcp: 'tcp://127.0.0.1:0',
  tls: `tls://127.0.0.1:0?${own}`,
  'tls with client certificates': `tls://127.0.0.1:0?${asks}`,
  'tls that takes the account from them': `tls://127.0.0.1:0?${asks}&identity=cn`,
  ws: 'ws://127.0.0.1:0/mqtt',
  wss: `wss://127.0.0.1:0/mqtt?${own}`,
  'wss with client certificates': `wss://127.0.0.1:0/mqtt?${asks}`,
  'wss that takes the account from them': `wss://127.0.0.1:0/mqtt?${asks}&identity=cn`,
  unix: `unix://${join(directory, 'pabal.sock')}`,
} as const
type Transport = keyof typeof transports

interface Comer {
  readonly userName: string | null
  readonly password: string | null
  readonly certificate: SelfSigned | null
}
const stranger = makeSelfSigned(directory, 'stranger')
const logins = {
  anonymous: [null, null],
  right: ['alice', 'tea'],
  wrong: ['alice', 'coffee'],
  unknown: ['bob', 'tea'],
} as const
const certificates = { none: null, kept: authority.kept, revoked: authority.revoked, stranger } as const

async function channelTo(url: string, { certificate }: Comer): Promise<Duplex> {
  const { protocol, host, hostname, port, pathname } = new URL(url)
  const files =
    certificate === null ? {} : { cert: readFileSync(certificate.certFile), key: readFileSync(certificate.keyFile) }
  const tls = { ca: readFileSync(server.certFile), ...files }
  if (protocol === 'ws:' || protocol === 'wss:') {
    const webSocket = new WebSocket(`${protocol}//${host}${pathname}`, ['mqtt'], tls)
    await once(webSocket, 'open')
    return createWebSocketStream(webSocket)
  }
  if (protocol === 'unix:') return connect(pathname)
  const where = { host: hostname, port: Number(port) }
  if (protocol === 'tcp:') return connect(where)
  const socket = connectTls({ ...where, ...tls })
  await once(socket, 'secureConnect')
  return socket
}

/** The account that it came in as, or null. */
async function comeIn(broker: Broker, url: string, comer: Comer): Promise<string | null> {
  const accounts: string[] = []
  const note = ({ account }: { account: string }): void => void accounts.push(account)
  broker.on('connected', note)
  let stream: Duplex | null = null
  try {
    stream = await channelTo(url, comer)
    using client = new WireClient(stream, 5)
    const { userName, password } = comer
    client.sendConnect({ userName, password: password === null ? null : Buffer.from(password) })
    const connack = await client.nextOrClosed('connack')
    return connack?.reasonCode === 0 ? (accounts[0] ?? 'nobody') : null
  } catch (error) {
    // Only what TLS refused, or a WebSocket that was refused below it.
    assert.match(String(error), /ALERT|certificate|ECONNRESET|hang up|disconnected/i)
    return null
  } finally {
    broker.off('connected', note)
    stream?.destroy()
  }
}

const authenticate: BrokerOptions['authenticate'] = ({ userName, password }) =>
  userName === 'alice' && password !== null && Buffer.from(password).toString() === 'tea'
const ways = {
  'nothing is said': {},
  'everybody may come in': { allowAnonymous: true },
  'users are named': { authenticate },
  'code decides, and allowAnonymous is set': { authenticate, allowAnonymous: true },
} satisfies Record<string, BrokerOptions>

/** Whom one may let in, from the documentation and not from the code: null, or the account. */
function expected(
  transport: Transport,
  way: keyof typeof ways,
  login: keyof typeof logins,
  shown: keyof typeof certificates,
) {
  const asksForCertificate = transport.includes('certificates') || transport.includes('account')
  if (asksForCertificate && shown !== 'kept') return null
  if (transport.includes('account')) return 'kept'
  // Who one is, nobody has looked at.
  if (way === 'nothing is said' || way === 'everybody may come in') return ''
  return login === 'right' ? 'alice' : null
}

/** Else an address from which so much fails is not even asked any more. */
const limits = { failedLoginsPerSecondMax: 1_000_000 }

describe('mosquitto CVE-2018-12550, -12551, -20145: listener × transport × who may come in', () => {
  for (const [way, options] of Object.entries(ways)) {
    test(`where ${way}, every listener lets in those and no others`, async () => {
      const broker = createBroker({ ...options, limits, listen: Object.values(transports) })
      await broker.start()
      try {
        for (const [index, transport] of Object.keys(transports).entries()) {
          const url = broker.urls[index] ?? ''
          const found: Record<string, string | null> = {}
          const wanted: Record<string, string | null> = {}
          for (const [login, [userName, password]] of Object.entries(logins)) {
            for (const [shown, certificate] of Object.entries(certificates)) {
              const name = `${login}, certificate ${shown}`
              found[name] = await comeIn(broker, url, { userName, password, certificate })
              // Object.keys and Object.entries forget which names there are.
              wanted[name] = expected(
                transport as Transport,
                way as keyof typeof ways,
                login as keyof typeof logins,
                shown as keyof typeof certificates,
              )
            }
          }
          assert.deepEqual(found, wanted, transport)
        }
      } finally {
        await broker.stop()
      }
    })
  }
})

describe('mosquitto #2283, 1.5.4: other machines', () => {
  for (const [transport, url] of Object.entries(transports)) {
    if (transport === 'unix') continue
    const exposed = url.replace('127.0.0.1', '0.0.0.0')
    test(`${transport}: a listener that they can reach does not start until it is said who may come in`, async () => {
      const broker = createBroker({ listen: [exposed] })
      if (transport.includes('account')) {
        await broker.start()
        await broker.stop()
      } else await assert.rejects(broker.start(), /nothing says who may come in/)
    })
  }
})

/** Started with a password file that has this text; null for none. */
function startedWith(text: string | null): StartedPabal {
  return new StartedPabal(['--config', 'pabal.yaml'], (place) => {
    const listening = 'listeners:\n  - tcp://127.0.0.1:0\nadmin: off\n'
    writeFileSync(join(place, 'pabal.yaml'), `${listening}authentication:\n  passwordFile: users\n`)
    if (text !== null) writeFileSync(join(place, 'users'), text)
  })
}

describe('mosquitto CVE-2018-12550: files that are empty, broken or not there', () => {
  test('with a password file that is empty nobody comes in', async () => {
    await using pabal = startedWith('')
    await pabal.shown(/Stop with/)
    for (const fields of [{}, { userName: 'alice' }, { userName: '', password: Buffer.alloc(0) }]) {
      using client = await openWire(pabal.url, 5)
      assert.ok((await client.connect(fields)).reasonCode >= 0x80)
    }
  })

  for (const [what, text] of [
    ['has a line that is none', 'alice\n'],
    ['has a hash that is none', 'alice:$7$x\n'],
    ['is not there', null],
  ] as const) {
    test(`with a password file that ${what} the broker does not start`, async () => {
      await using pabal = startedWith(text)
      await assert.rejects(pabal.shown(/Stop with/), /it ended/)
      assert.equal(await pabal.exited, 1)
      assert.match(pabal.stderr, /users/)
    })
  }
})
