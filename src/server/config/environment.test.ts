import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts'
import { type Config, type ConfigSources, readConfig } from './config.ts'
import { ConfigError } from './config-fault.ts'
import { eachKey, keyTree } from './config-keys.ts'
import { configSchema } from './config-schema.ts'
import { variableName } from './environment.ts'

const directory = temporaryDirectory()
const file = join(directory, 'pabal.yaml')

function sources(text: string | null, environment: Record<string, string>): ConfigSources {
  if (text !== null) writeFileSync(file, text)
  return { file: text === null ? null : file, environment, flags: [], directory }
}

function read(text: string | null, environment: Record<string, string>): Config {
  return readConfig(sources(text, environment)).config
}

/** `KEY | found | advice` of each fault. */
function faults(text: string | null, environment: Record<string, string>): string[] {
  try {
    readConfig(sources(text, environment))
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.faults.map((fault) => `${fault.key} | ${fault.found} | ${fault.advice}`)
  }
  return assert.fail('it was accepted')
}

test('a variable wins over the file, and what it does not mention stays', () => {
  const text = 'durability: memory\nallowAnonymous: true\nlimits:\n  packetBytesMax: 1MiB\n  receiveMaximum: 5\n'
  const config = read(text, { PABAL_ALLOW_ANONYMOUS: 'false', PABAL_LIMITS__PACKET_BYTES_MAX: '4MiB' })
  assert.deepEqual(config.limits, { packetBytesMax: 4_194_304, receiveMaximum: 5 })
  assert.equal(config.allowAnonymous, false)
  assert.equal(config.durability, 'memory')
})

test('every key has a variable of its own, and each is found again', () => {
  const names = [...eachKey(keyTree(configSchema({ directory, environment: {} })))].map(([name]) => variableName(name))
  assert.equal(new Set(names).size, names.length)
  for (const variable of names) {
    // Not a value of any key but those of texts: what counts is that no variable is unknown.
    const found = readOrFaults({ [variable]: '-' })
    assert.ok(!found.some((fault) => fault.includes('no key of the configuration')), `${variable}: ${found}`)
  }
})

function readOrFaults(environment: Record<string, string>): string[] {
  try {
    read(null, environment)
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.faults.map(({ found }) => found)
  }
}

test('relative paths in the environment start from the working directory', () => {
  const text = 'listeners: [tcp://127.0.0.1:1]\n'
  const inFolder = (environment: Record<string, string>): Config => {
    mkdirSync(join(directory, 'conf'), { recursive: true })
    writeFileSync(join(directory, 'conf', 'pabal.yaml'), text)
    return readConfig({ file: join(directory, 'conf', 'pabal.yaml'), environment, flags: [], directory }).config
  }
  assert.equal(inFolder({ PABAL_DATA: 'kept' }).data, join(directory, 'kept'))
  const url = (folder: string) => `tls://127.0.0.1?cert=${folder}c.pem&key=${folder}k.pem`
  const whole = url(`${directory}/`)
  assert.deepEqual(inFolder({ PABAL_LISTENERS: `${url('')}, ${url('./')}` }).listeners, [whole, whole])
  assert.deepEqual(inFolder({ PABAL_LISTENERS: `["${url('')}", {url: "${url('./')}"}]` }).listeners, [whole, whole])
  assert.deepEqual(inFolder({ PABAL_LISTENERS__0: url('') }).listeners, [whole])
  const admin = (folder: string) => `https://127.0.0.1?cert=${folder}c.pem&key=${folder}k.pem`
  assert.deepEqual(inFolder({ PABAL_ADMIN: admin('') }).admin, { listen: admin(`${directory}/`) })
  writeFileSync(join(directory, 'alice'), 'green tea\n')
  const users = '[{userName: a, passwordFile: alice}, {userName: b, password: "file:alice"}]'
  const { authentication } = inFolder({ PABAL_AUTHENTICATION__USERS: users })
  assert.deepEqual(
    authentication?.users.map(({ password }) => password),
    ['green tea', 'green tea'],
  )
})

test('a list is its entries with commas, or YAML in brackets, and takes the place of the list in the file', () => {
  const text = 'listeners: [tcp://127.0.0.1:1]\n'
  const urls = ['tcp://127.0.0.1:2', 'ws://127.0.0.1:3/mqtt']
  assert.deepEqual(read(text, { PABAL_LISTENERS: urls.join(', ') }).listeners, urls)
  assert.deepEqual(read(text, { PABAL_LISTENERS: `[${urls.join(', ')}]` }).listeners, urls)
  assert.deepEqual(read(text, { PABAL_OBSERVERS__FILTERS: '[]' }).observers, { filters: [] })
  const topics = '[{filter: a/#, whenNobody: hold}, {filter: b}]'
  assert.deepEqual(read(text, { PABAL_TOPICS: topics }).topics, [
    { filter: 'a/#', whenNobody: 'hold' },
    { filter: 'b' },
  ])
})

test('one entry of a list is changed or added by its number, after the list itself', () => {
  const text = 'topics:\n  - filter: a/#\n    wake: true\n'
  assert.deepEqual(read(text, { PABAL_TOPICS__0__WHEN_NOBODY: 'hold', PABAL_TOPICS__1__FILTER: 'b/#' }).topics, [
    { filter: 'a/#', wake: true, whenNobody: 'hold' },
    { filter: 'b/#' },
  ])
  assert.deepEqual(read(text, { PABAL_TOPICS__0__FILTER: 'd', PABAL_TOPICS: '[{filter: c}]' }).topics, [
    { filter: 'd' },
  ])
})

test('what an alias stands for twice is changed in one place only', () => {
  const text = 'topics:\n  - &rule\n    filter: a/#\n  - *rule\n'
  assert.deepEqual(read(text, { PABAL_TOPICS__1__FILTER: 'b/#' }).topics, [{ filter: 'a/#' }, { filter: 'b/#' }])
})

test('an empty variable is none, and so is what Kubernetes puts beside a Service called pabal', () => {
  const links = {
    PABAL_SERVICE_HOST: '10.0.0.1',
    PABAL_PORT: 'tcp://10.0.0.1:1883',
    PABAL_PORT_1883_TCP_ADDR: '10.0.0.1',
  }
  const config = read(null, { PABAL_DATA: '', PABAL_MQTT_SERVICE_PORT_MQTTS: '8883', ...links })
  assert.equal(config.data, null)
})

test('a variable that is no key is a fault, with the one that was probably meant', () => {
  const found = (name: string) => faults(null, { [name]: 'x' }).map((fault) => fault.split(' | ')[2])
  assert.deepEqual(found('PABAL_LISTNERS'), ['did you mean PABAL_LISTENERS?'])
  assert.deepEqual(found('PABAL_PACKET_BYTES_MAX'), ['did you mean PABAL_LIMITS__PACKET_BYTES_MAX?'])
  assert.deepEqual(found('PABAL_TOPICS__7__FILTR'), ['did you mean PABAL_TOPICS__7__FILTER?'])
  assert.deepEqual(found('PABAL_CONFG'), ['did you mean PABAL_CONFIG?'])
  assert.deepEqual(found('PABAL_XYZZY'), ['remove it'])
  assert.deepEqual(found('PABAL_PORT'), ['remove it'])
  assert.deepEqual(found('PABAL_LIMITS'), ['write for example PABAL_LIMITS__CONNECT_BYTES_MAX'])
})

test('every fault names its variable, beside those of the file', () => {
  assert.deepEqual(
    faults('durability: fsnc\n', {
      PABAL_ALLOW_ANONYMOUS: 'yes',
      PABAL_LIMITS__RECEIVE_MAXIMUM: '0',
      PABAL_TOPICS__2__FILTER: 'a',
      PABAL_TOPICS: 'a/#',
      PABAL_OBSERVERS__FILTERS: '[a',
    }).map((fault) => fault.split(' | ').slice(0, 2).join(' | ')),
    [
      'PABAL_ALLOW_ANONYMOUS | "yes"',
      'PABAL_LIMITS__RECEIVE_MAXIMUM | "0"',
      'durability | "fsnc"',
      'PABAL_TOPICS | a text without brackets',
      'PABAL_OBSERVERS__FILTERS | no YAML: Flow sequence must end with a ]',
      'PABAL_TOPICS__2__FILTER | entry 2 of a list that has 0 entries',
    ],
  )
})

const user = (line: string) => `authentication:\n  users:\n    - userName: alice\n      ${line}\n`
const passwordOf = (text: string, environment: Record<string, string>) =>
  read(text, environment).authentication?.users[0]?.password

test('a password stands in a variable or a file that the configuration names', () => {
  writeFileSync(join(directory, 'alice.password'), 'green tea\n')
  assert.equal(passwordOf(user(`password: \${ALICE}`), { ALICE: 'black tea' }), 'black tea')
  assert.equal(passwordOf(user(`password: \${PABAL_ALICE}`), { PABAL_ALICE: 'black tea' }), 'black tea')
  assert.equal(passwordOf(user('password: file:alice.password'), {}), 'green tea')
  assert.equal(passwordOf(user(`password: file://${directory}/alice.password`), {}), 'green tea')
})

test('a password may be given by the variable of its key, as it is or as file:', () => {
  const text = user('permissions: []')
  const name = 'PABAL_AUTHENTICATION__USERS__0__PASSWORD'
  assert.equal(passwordOf(text, { [name]: `\${x}, 123` }), `\${x}, 123`)
  assert.equal(passwordOf(text, { [name]: 'file:alice.password' }), 'green tea')
})

test('a hash and a credential may stand elsewhere as well', () => {
  const hash = '$scrypt$ln=10,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
  const key = Buffer.alloc(32).toString('base64')
  const environment = { HASH: hash, SCRAM: `SCRAM-SHA-256$4096:AAAAAAAAAAAAAAAA$${key}:${key}` }
  const [alice] = read(user(`passwordHash: \${HASH}\n      scram: \${SCRAM}`), environment).authentication?.users ?? []
  assert.equal(alice?.passwordHash, hash)
  assert.equal(alice?.scram?.iterations, 4096)
  assert.equal(read(user(`password: \${HASH}`), environment).authentication?.users[0]?.passwordHash, hash)
})

const wrongPasswords: [line: string, found: string][] = [
  ['password: hunter2', 'a password that stands here itself'],
  ['password: 12345', 'a number'],
  [`password: \${NOWHERE}`, `\${NOWHERE}, and that variable is not set`],
  [`password: \${EMPTY}`, `\${EMPTY}, and that variable is empty`],
  [`password: \${HERE:-hunter2}`, 'more or less than one name in braces'],
  ['password: file:nowhere', `${join(directory, 'nowhere')}, which cannot be read: no such file or directory`],
  [`passwordHash: \${NOWHERE}`, `\${NOWHERE}, and that variable is not set`],
  [`password: \${HERE}\n      passwordFile: alice.password`, 'passwordFile beside password'],
]
for (const [line, found] of wrongPasswords) {
  test(`refused, and not repeated: ${line.replace(/\n +/, ', ')}`, () => {
    const [fault = ''] = faults(user(line), { EMPTY: '', HERE: 'hunter2' })
    assert.equal(fault.split(' | ')[1], found)
    assert.doesNotMatch(fault, /hunter2|12345/)
  })
}
