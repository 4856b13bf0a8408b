/**
 * Canaries: a secret that can be known again in every place that takes one, and where none of them may be seen.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatScramCredential, hashPassword, makeScramCredential } from '../../src/index.ts'
import { makeSelfSigned } from '../../src/transport/self-signed.test.ts'
import type { BrokerProcess } from '../power/broker-process.ts'
import { openWire, type WireClient } from '../support/wire-client.ts'

/** Secrets by where they stand, and a configuration with all of them. */
export async function prepare(directory: string) {
  const write = (name: string, text: string): void => writeFileSync(join(directory, name), text)
  const { certFile, keyFile } = makeSelfSigned(directory, 'canary')
  const secrets: Record<string, string> = {
    'a variable of the environment': 'canary-of-variable',
    'a file': 'canary-of-file',
    'a token of a hook': 'canary-of-token',
    'a hash': await hashPassword('canary-of-hash', { costLog2: 10, blockSize: 8, parallelism: 1 }),
    'a password behind a hash': 'canary-of-hash',
    'a SCRAM credential': formatScramCredential(await makeScramCredential('canary-of-scram', { iterations: 4096 })),
    'a password of a client': 'canary-of-client',
    'a wrong password of an operator': 'canary-of-login',
    'a key of TLS': readFileSync(keyFile, 'utf8').split('\n')[1] ?? '',
  }
  write('password', `${secrets['a file']}\n`)
  write('token', `${secrets['a token of a hook']}\n`)
  const users = [
    `{userName: alice, password: "\${CANARY}", permissions: [observe]}`,
    '{userName: bob, password: file:password}',
    `{userName: carol, passwordHash: '${secrets['a hash']}'}`,
    `{userName: dave, scram: '${secrets['a SCRAM credential']}'}`,
  ]
  const lines = [
    `listeners: [tcp://127.0.0.1:0, 'tls://127.0.0.1:0?cert=${certFile}&key=${keyFile}']`,
    'data: kept',
    'admin: http://127.0.0.1:0',
    'log: {level: debug, audit: audit.log}',
    'authentication:',
  ]
  write('pabal.yaml', [...lines, '  users:', ...users.map((user) => `    - ${user}`)].join('\n'))
  const hook = "  http: {url: 'http://127.0.0.1:9/', token: 'file:token', timeout: 1s}"
  write('hook.yaml', [...lines, hook].join('\n'))
  return { secrets, env: { ...process.env, CANARY: secrets['a variable of the environment'] } }
}

export function absent(secrets: Readonly<Record<string, string>>, place: string, text: string): void {
  for (const [what, secret] of Object.entries(secrets)) {
    assert.ok(secret.length > 10, what)
    // As it is, and as bytes are often written.
    for (const written of [secret, Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('hex')]) {
      assert.ok(!text.includes(written), `${what} is seen in ${place}`)
    }
  }
}

export async function attempt(broker: BrokerProcess, userName: string, password: string): Promise<WireClient | null> {
  const client = await openWire(`tcp://127.0.0.1:${broker.port}`, 5)
  client.sendConnect({ clientIdentifier: `of ${userName}`, userName, password: Buffer.from(password) })
  const connack = await client.nextOrClosed('connack')
  return connack?.reasonCode === 0 ? client : null
}
