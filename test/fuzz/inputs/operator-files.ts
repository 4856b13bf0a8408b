/**
 * Files an operator writes: the configuration, a mosquitto.conf in its place, ACL files and password files. Whatever stands in them,
 * each fault is said with its place, and what is taken can be used.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AccessRules } from '../../../src/core/access/access-rules.ts'
import { AclError, mosquittoAcl } from '../../../src/server/access/mosquitto-acl.ts'
import { parsePasswordFile } from '../../../src/server/authentication/password-file.ts'
import { parseStoredPassword } from '../../../src/server/authentication/stored-password.ts'
import { readConfig } from '../../../src/server/config/config.ts'
import { ConfigError } from '../../../src/server/config/config-fault.ts'
import { knownDirectives } from '../../../src/server/config/mosquitto/directives.ts'
import { type Fed, fedBy, fromOperator, type Target } from './target.ts'

interface Placed {
  readonly line: number | null
  readonly column: number | null
  readonly found: string
  readonly expected: string
  readonly advice: string
}

/** Somebody can do something about each of them. */
function expectFaults(faults: readonly Placed[], text: string): void {
  const lines = text.split('\n').length
  assert.ok(faults.length > 0, 'refused without a fault')
  for (const { line, column, found, expected, advice } of faults) {
    assert.ok(line === null || (line >= 1 && line <= lines), `line ${line} of ${lines}`)
    assert.ok(column === null || column >= 1, `column ${column}`)
    for (const words of [found, expected, advice]) assert.ok(words.length > 0 && words.length <= 501, words)
  }
}

/** Reads a file of that name, as `pabal start` does. */
function startReading(name: string): Promise<Fed> {
  const directory = mkdtempSync(join(tmpdir(), 'pabal-fuzz-'))
  const file = join(directory, name)
  const feed = (input: Buffer): void => {
    const text = input.toString()
    writeFileSync(file, text)
    try {
      readConfig({ file, environment: {}, flags: [], directory })
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      expectFaults(error.faults, text)
    }
  }
  return Promise.resolve({ feed, [Symbol.asyncDispose]: () => Promise.resolve(rmSync(directory, { recursive: true })) })
}

/** Every name the schema knows, and what may be chosen. */
function schemaWords(): string[] {
  const words = new Set<string>()
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if ('properties' in value && typeof value.properties === 'object' && value.properties !== null) {
      for (const name of Object.keys(value.properties)) words.add(`${name}: `)
    }
    if ('enum' in value && Array.isArray(value.enum)) for (const choice of value.enum) words.add(String(choice))
    for (const child of Object.values(value)) look(child)
  }
  look(JSON.parse(readFileSync(new URL('../../../pabal.schema.json', import.meta.url), 'utf8')))
  return [...words]
}

const hash = '$scrypt$ln=15,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
const yaml = [
  `listeners:
  - tcp://127.0.0.1:1883?report=off&proxyFrom=10.0.0.0/8
  - ws://[::1]:8083/mqtt?origin=https://a.example
  - tls://0.0.0.0:8883?cert=a.pem&key=b.pem&clientCa=c.pem
  - url: unix:/tmp/pabal.sock
durability: fsync
data: data
admin: off
limits: {packetBytesMax: 4MiB, connectSecondsMax: 5s, sessionExpirySecondsMax: never, memoryBytesMax: 25%}
`,
  `authentication:
  rehash: true
  methods: [SCRAM-SHA-256]
  users:
    - userName: alice
      passwordHash: ${hash}
      permissions: [observe]
    - {userName: bob, password: "env:PASSWORD", account: factory}
  jwt:
    keys: https://login.example/.well-known/jwks.json
    algorithms: [RS256]
    issuer: https://login.example
    audience: mqtt
    clockSkew: 30s
  http: {url: "https://login.example/", token: "env:TOKEN", timeout: 2s, concurrency: 16}
`,
  `access:
  rules:
    - allow: [publish]
      topics: ['devices/%c/#', "plant/%u"]
    - {deny: [publish, receive], topics: [plant/secret], clients: [a], anonymous: true}
    - {roles: [reader], groups: [operators]}
  groups: [{name: operators, accounts: [bob, carol]}]
  roles:
    - name: reader
      rules: [{allow: [subscribe, observe], topics: ['#', '$SYS/#']}]
`,
  `topics:
  - &rule
    filter: commands/+/restart
    whenNobody: reject
    rejectReasonCode: 0x97
    rejectOlder: close
  - filter: commands/#
    whenNobody: hold
    heldMessagesMax: 100
    heldSecondsMax: 1h
    ack: on-delivery
    wake: true
deadLetterTopic: dead
whenQueueFull: spill
observers: {accounts: [watch], filters: ['#']}
log: {level: warn, format: json, audit: audit.log}
tracing: false
allowAnonymous: true
`,
].map((text) => Buffer.from(text))

const yamlWords = [
  '\n  - ',
  ': ',
  '[',
  '{',
  '"',
  "'",
  '&a ',
  '*a',
  '!!str ',
  '---\n',
  '<<: ',
  '#',
  '|\n',
  '? ',
  '\t',
  '~',
]

const yamlTarget: Target = {
  name: 'config',
  ...fromOperator,
  folders: ['server/config', 'server/access', 'server/authentication', 'transport'],
  seeds: yaml,
  words: [...schemaWords(), ...yamlWords, '1h', '4MiB', '50%', 'off', 'never', 'env:A', 'file:a', 'tcp://', 'wss://'],
  start: () => startReading('pabal.yaml'),
}

const confs = [
  `listener 1883 127.0.0.1
allow_anonymous true
log_type all
max_packet_size 1000
persistence true
persistence_location /var/lib/mosquitto/
`,
  `per_listener_settings true
listener 8083
protocol websockets
password_file passwd
acl_file acl
listener 8883
cafile ca.pem
certfile cert.pem
keyfile key.pem
require_certificate true
use_identity_as_username true
connection bridge
address 192.0.2.1
topic # both 0
`,
  `pid_file /run/mosquitto.pid
max_inflight_messages 20
max_queued_messages 1000
plugin /usr/lib/dynamic-security.so
plugin_opt_acl_file acl
listener 0 /tmp/mosquitto.sock
allow_anonymous false
`,
].map((text) => Buffer.from(text))

const confTarget: Target = {
  name: 'mosquitto-conf',
  ...fromOperator,
  folders: ['server/config'],
  seeds: confs,
  words: [
    ...Object.keys(knownDirectives).map((name) => `\n${name} `),
    'true',
    'false',
    ' ',
    '\n',
    '#',
    '1883',
    '::1',
    '/',
  ],
  start: () => startReading('mosquitto.conf'),
}

const acls = [
  'topic read a/#\nuser alice\ntopic readwrite plant/+\ntopic deny plant/secret\n',
  'pattern write devices/%c/up\r\npattern read %u/#\n# a comment\nuser b ob\ntopic $SYS/#\n',
].map((text) => Buffer.from(text))

/** What is neither blank nor a comment nor a name. */
function ruleLines(text: string): number {
  return text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#') && !/^ *user /.test(line))
    .length
}

const aclTarget: Target = {
  name: 'acl-file',
  ...fromOperator,
  folders: ['server/access', 'core/access'],
  seeds: acls,
  words: [
    'topic ',
    'pattern ',
    'user ',
    'read ',
    'write ',
    'readwrite ',
    'deny ',
    '#',
    '+',
    '%u',
    '%c',
    '/',
    '\n',
    '\t',
    '$SYS',
  ],
  start: () =>
    fedBy((input) => {
      const text = input.toString()
      let rules: AccessRules
      try {
        rules = new AccessRules(mosquittoAcl(text))
        assert.equal(rules.policy.rules.length, ruleLines(text), 'a line was passed over')
      } catch (error) {
        if (!(error instanceof AclError)) throw error
        expectFaults(error.faults, text)
        return
      }
      for (const account of ['', 'alice', '#', '+/a']) {
        for (const topic of ['a/b', 'plant/secret', '$SYS/x', '/']) {
          for (const action of ['publish', 'receive', 'subscribe'] as const) {
            const verdict = rules.decide({ account, clientIdentifier: account }, action, topic)
            assert.equal(typeof verdict.allowed, 'boolean')
          }
        }
      }
    }),
}

const passwords = [
  `alice:${hash}\n# a comment\nbob:$argon2id$v=19$m=47104,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n`,
  `carol:$6$AAAAAAAAAAAAAAAA$${'A'.repeat(86)}==\ndave:$7$101$AAAAAAAAAAAAAAAA$${'A'.repeat(86)}==\n`,
].map((text) => Buffer.from(text))

const passwordTarget: Target = {
  name: 'password-file',
  ...fromOperator,
  folders: ['server/authentication'],
  seeds: passwords,
  words: [':', '$', '$6$', '$7$', '$scrypt$', '$argon2id$', 'ln=', 'm=', ',', '=', '\n', '#', '101', '4294967295'],
  start: () =>
    fedBy((input) => {
      const text = input.toString()
      const { entries, faults } = parsePasswordFile(text)
      if (faults.length > 0) expectFaults(faults, text)
      const names = new Set<string>()
      for (const { userName, passwordHash } of entries) {
        assert.ok(userName !== '' && !names.has(userName), 'a user without a name, or twice')
        names.add(userName)
        parseStoredPassword(passwordHash)
      }
    }),
}

export const operatorFileTargets: readonly Target[] = [yamlTarget, confTarget, aclTarget, passwordTarget]
