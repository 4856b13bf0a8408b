/**
 * Names that mean something to JavaScript: `__proto__` and its kin wherever a client or an operator may choose a name. They are
 * text like any other, and touch no other name.
 *
 * Against a process in which `Object.prototype.__proto__` throws: whoever reads or writes it by a name that came from outside fails.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../admin/api.ts'
import { BrokerProcess, killBrokers } from '../power/broker-process.ts'
import { openWire, staying, type WireClient } from '../support/wire-client.ts'
import { logIn } from './admin-login.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const names = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  'then',
]

afterEach(killBrokers)

function pabal(directory: string, ...words: string[]) {
  const options = { cwd: directory, encoding: 'utf8', timeout: 20_000 } as const
  return spawnSync(process.execPath, ['--disable-proto=throw', main, ...words], options)
}

function start(directory: string): Promise<BrokerProcess> {
  const flags = ['--data', join(directory, 'data'), '--listen', 'tcp://127.0.0.1:0', '--admin', 'http://127.0.0.1:0']
  return new BrokerProcess([process.execPath, '--disable-proto=throw', main, 'start', ...flags]).ready()
}

async function connected(broker: BrokerProcess, name: string): Promise<WireClient> {
  const client = await openWire(`tcp://127.0.0.1:${broker.port}`, 5)
  const properties = { sessionExpiryInterval: 600, userProperties: [[name, name] as const] }
  const fields = { ...staying(5, name), userName: name, password: Buffer.from(name), properties }
  assert.equal((await client.connect(fields)).reasonCode, 0, name)
  return client
}

test('__proto__, constructor, toString, hasOwnProperty: they name clients, users, levels, shares and properties of messages, before and after a restart', async () => {
  using folder = temporaryFolder()
  const broker = await start(folder.path)
  for (const name of names) {
    using client = await connected(broker, name)
    assert.equal(await client.subscribe(`${name}/+`, { qos: 1 }), 1)
    assert.equal(await client.subscribe(`$share/${name}/shared/${name}`, { qos: 1 }), 1)
    const properties = { userProperties: [[name, `of ${name}`] as const, [name, 'twice'] as const], contentType: name }
    client.publish({ topicName: `${name}/${name}`, payload: Buffer.from(name), qos: 1, packetId: 1, properties })
    const both = [await client.nextOf('publish', 'puback'), await client.nextOf('publish', 'puback')]
    const message = both.find((packet) => packet.type === 'publish')
    assert.deepEqual(message?.properties.userProperties, properties.userProperties)
    assert.equal(message?.properties.contentType, name)
  }
  // Away, they are sent something; each of them gets its own and nothing of the others.
  const sender = await openWire(`tcp://127.0.0.1:${broker.port}`, 5)
  await sender.connect({ clientIdentifier: 'sender' })
  for (const name of names) {
    sender.publish({ topicName: `${name}/kept`, payload: Buffer.from(name), qos: 1, packetId: 1, retain: true })
    assert.equal((await sender.next('puback')).reasonCode, 0)
  }
  await broker.kill()
  const again = await start(folder.path)
  for (const name of names) {
    using client = await connected(again, name)
    const texts: string[] = []
    for (let count = 0; count < 2; count++) {
      const { text, packetId, topicName } = await client.message()
      assert.ok(topicName.startsWith(`${name}/`), topicName)
      client.acknowledge('puback', packetId)
      texts.push(text)
    }
    assert.deepEqual(texts, [name, name])
    await client.quiet()
  }
})

test('__proto__, constructor, toString, hasOwnProperty: over HTTP they are names of clients and of topics, and no field, parameter or path of the API', async () => {
  using folder = temporaryFolder()
  const broker = await start(folder.path)
  const clients = await Promise.all(names.map((name) => connected(broker, name)))
  const { url, headers } = await logIn(broker.stdout)
  const ask = async (path: string, method = 'GET', body: string | null = null) => {
    const response = await fetch(`${url}/api/v1${path}`, { method, headers, body })
    // biome-ignore lint/suspicious/noExplicitAny: answers of every form.
    return { status: response.status, body: (await response.json()) as any }
  }
  for (const name of names) {
    const { body } = await ask(`/clients/${name}`)
    assert.deepEqual(
      body.data.map(({ clientIdentifier }: { clientIdentifier: string }) => clientIdentifier),
      [name],
    )
    assert.equal((await ask('/publish', 'POST', JSON.stringify({ topic: name, payload: name }))).status, 202)
    assert.equal((await ask(`/topics/${name}/listeners`)).status, 200)
    // As the name of a User Property, where any name may stand; that one in JSON would be no name of a property of ours.
    const userProperty = `{"topic":"a","properties":{"user_properties":{"${name}":"${name}"}}}`
    assert.equal((await ask('/publish', 'POST', userProperty)).status, name === '__proto__' ? 400 : 202, name)
    // Not JSON.stringify, to which __proto__ in a literal means something.
    for (const extra of [`{"topic":"a","${name}":{"qos":2}}`, `{"topic":"a","properties":{"${name}":{}}}`]) {
      assert.equal((await ask('/publish', 'POST', extra)).status, 400, extra)
    }
    for (const path of [`/${name}`, `/held/${name}`, `/clients?${name}=1`, `/trace?fate=${name}`]) {
      const { status } = await ask(path)
      assert.ok(status === 400 || status === 404, `${status} ${path}`)
    }
  }
  for (const client of clients) await client.quiet()
})

test('__proto__, constructor, toString, hasOwnProperty: over MQTT they are no question and no field of one', async () => {
  using folder = temporaryFolder()
  const broker = await start(folder.path)
  const client = await connected(broker, 'asker')
  await client.subscribe('answers')
  const properties = { responseTopic: 'answers' }
  for (const name of names) {
    for (const [topicName, payload] of [
      [`$pabal/${name}`, ''],
      ['$pabal/clients', `{"${name}":1}`],
    ] as const) {
      client.publish({ topicName, payload: Buffer.from(payload), qos: 0, properties })
      assert.match(JSON.parse((await client.message()).text).error.found, new RegExp(name))
    }
  }
})

test('in a configuration they are unknown keys and wrong values, each said with its place', () => {
  using folder = temporaryFolder()
  const each = (indent: string, after: string) => names.map((name) => `${indent}${name}${after}`)
  const user = ['  users:', '    - userName: a', ...each('      ', ': {a: 1}')]
  const rules = names.flatMap((name) => ['  - filter: a', `    whenNobody: ${name}`, `    ${name}: 1`])
  const lines = [...each('', ': 1'), 'limits:', ...each('  ', ': 1'), 'authentication:', ...user, 'topics:', ...rules]
  writeFileSync(join(folder.path, 'pabal.yaml'), lines.join('\n'))
  const { status, stderr } = pabal(folder.path, 'check-config', 'pabal.yaml')
  assert.equal(status, 1)
  for (const [index, line] of lines.entries()) {
    const name = names.find((known) => line.trim().startsWith(`${known}:`) || line.endsWith(`: ${known}`))
    if (name !== undefined)
      assert.match(stderr, new RegExp(`pabal\\.yaml:${index + 1}:.*\\n  found +.*"${name}"`), line)
  }
  writeFileSync(join(folder.path, 'mosquitto.conf'), ['listener 1883 127.0.0.1', ...each('', ' true')].join('\n'))
  // Behind this beginning any name is taken, and left out.
  writeFileSync(join(folder.path, 'plugin.conf'), each('plugin_opt_', ' true').join('\n'))
  const plugin = pabal(folder.path, 'import', 'mosquitto', 'plugin.conf')
  assert.doesNotMatch(plugin.stderr, /\n {4}at /)
  const old = pabal(folder.path, 'import', 'mosquitto', 'mosquitto.conf')
  for (const [index, name] of names.entries()) {
    assert.match(old.stderr, new RegExp(`mosquitto\\.conf:${index + 2}:.*\\n  found +the unknown directive "${name}"`))
  }
})

test('on the command line they are no verb, no limit and no choice', () => {
  using folder = temporaryFolder()
  for (const name of ['__proto__', 'constructor']) {
    for (const words of [[name], ['start', '--limit', `${name}=1`], ['start', '--durability', name], ['help', name]]) {
      const { status, stderr } = pabal(folder.path, ...words)
      assert.equal(status, 1, words.join(' '))
      assert.ok(stderr.includes(name) && !/\n {4}at /.test(stderr), stderr)
    }
  }
})

test('rules and users may be called so', () => {
  using folder = temporaryFolder()
  const rules = names.map((name) => `  - filter: ${name}/#\n    whenNobody: hold\n`)
  const users = names.map((name) => `    - userName: ${name}\n      password: file:password\n`)
  const text = `topics:\n${rules.join('')}authentication:\n  users:\n${users.join('')}`
  writeFileSync(join(folder.path, 'password'), 'green tea')
  writeFileSync(join(folder.path, 'pabal.yaml'), text)
  const { stdout, stderr } = pabal(folder.path, 'check-config', '--print', 'pabal.yaml')
  for (const [index, name] of names.entries()) {
    assert.match(stdout, new RegExp(`topics\\[${index}\\]\\.filter +${name}/#`), stderr)
    assert.match(stdout, new RegExp(`authentication\\.users\\[${index}\\]\\.account +${name}`))
  }
})

test('all tests run, and start what they start, where reading __proto__ of an object throws', () => {
  for (const script of ['test.sh', 'check.sh']) {
    const text = readFileSync(new URL(`../../scripts/${script}`, import.meta.url), 'utf8')
    assert.match(text, /^export NODE_OPTIONS=.*--disable-proto=throw/m, script)
  }
})
