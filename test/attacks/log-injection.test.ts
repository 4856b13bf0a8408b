/**
 * Log injection: whatever a client has chosen for a text, a line of the log is one line, moves no cursor, and says what it was.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../admin/api.ts'
import { BrokerProcess, killBrokers } from '../power/broker-process.ts'
import { logLines } from '../support/log-lines.ts'
import { openWire } from '../support/wire-client.ts'
import { logIn } from './admin-login.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
afterEach(killBrokers)

const forged = '{"level":"info","event":"forged"}'
const hostile = [
  `a\r\n${forged}\r\n`,
  `b\n${forged}`,
  'c\u001b[2J\u001b]0;title\u0007\u009b31m',
  `d\u2028${forged}\u2029\u0085`,
  'e\u202e\u2066\u200b\ufeff\u{e0041}',
  'f"\\\u0008\u007f',
]
/** What must stand in no log as it is; the end of a line aside. */
const unsafe = /[\p{Cc}\p{Cf}\u2028\u2029]/u

async function start(directory: string, format: string): Promise<BrokerProcess> {
  writeFileSync(
    join(directory, 'pabal.yaml'),
    `listeners: [tcp://127.0.0.1:0]\nadmin: http://127.0.0.1:0\ndurability: memory\nlog: {level: debug, audit: audit.log, format: ${format}}\n`,
  )
  return new BrokerProcess([process.execPath, main, 'start', '--config', join(directory, 'pabal.yaml')]).ready()
}

/** Every text that a client can choose. */
async function say(broker: BrokerProcess): Promise<void> {
  for (const text of hostile) {
    for (const version of [4, 5] as const) {
      const client = await openWire(`tcp://127.0.0.1:${broker.port}`, version)
      const will = {
        topicName: `will/${text}`,
        payload: Buffer.from(text),
        qos: 0,
        retain: false,
        properties: {},
      } as const
      const userProperties = [[text, text] as const]
      const properties = version === 5 ? { userProperties, sessionExpiryInterval: 0 } : {}
      const connack = await client.connect({ clientIdentifier: text, userName: text, will, properties })
      assert.equal(connack.reasonCode, 0)
      await client.subscribe(`${text}/+`)
      await client.subscribe(`$share/g/${text}`)
      client.publish({ topicName: `t/${text}`, payload: Buffer.from(text), qos: 1, packetId: 1 })
      await client.next('puback')
      await client.unsubscribe(`${text}/+`)
      // What is refused is said in the log, with the text.
      if (version === 5) {
        client.send({ type: 'disconnect', reasonCode: 0x80, properties: { reasonString: text, userProperties } })
      } else client.publish({ topicName: `$SYS/${text}`, payload: Buffer.from(text), qos: 1, packetId: 2 })
      await client.nextOrClosed('puback')
      client[Symbol.dispose]()
    }
    const odd = await openWire(`tcp://127.0.0.1:${broker.port}`, 5)
    const properties = { authenticationMethod: text, authenticationData: Buffer.from(text) }
    assert.notEqual((await odd.connect({ clientIdentifier: text, properties })).reasonCode, 0)
  }
  const { url, headers } = await logIn(broker.stdout)
  for (const text of hostile) {
    const path = encodeURIComponent(text)
    await fetch(`${url}/api/v1/clients/${path}`, { method: 'DELETE', headers })
    await fetch(`${url}/api/v1/login`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ username: text, password: text }),
    })
  }
  await broker.kill('SIGTERM')
}

test('log injection: as JSON each line is an object, and none is what a client has written', async () => {
  using folder = temporaryFolder()
  const broker = await start(folder.path, 'auto')
  await say(broker)
  const audit = readFileSync(join(folder.path, 'audit.log'), 'utf8')
  for (const text of [broker.stderr, audit]) for (const line of text.split('\n')) assert.doesNotMatch(line, unsafe)
  const lines = logLines(broker.stderr)
  assert.ok(!lines.some(({ event }) => event === 'forged') && !logLines(audit).some(({ event }) => event === 'forged'))
  const told = new Set(lines.map(({ clientIdentifier }) => clientIdentifier))
  for (const text of hostile) assert.ok(told.has(text), JSON.stringify(text))
})

test('log injection: for people each line begins with the time, and holds nothing that a terminal obeys', async () => {
  using folder = temporaryFolder()
  const broker = await start(folder.path, 'human')
  await say(broker)
  const lines = broker.stderr.trimEnd().split('\n')
  assert.ok(lines.length > 2 * hostile.length)
  for (const line of lines) {
    assert.match(line, /^\d\d:\d\d:\d\d [a-z]+ /)
    assert.doesNotMatch(line, unsafe)
  }
})
