import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts'
import { parseListenUrl } from '../../transport/listen-url.ts'
import { formatScramCredential, makeScramCredential } from '../authentication/scram-credential.ts'
import { loadConfig, parseConfig } from './config.ts'
import { ConfigError } from './config-fault.ts'
import { configuredOptions, emptyConfig } from './configured-options.ts'

const directory = temporaryDirectory()

const hash = '$scrypt$ln=10,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

function faultsOf(text: string): ConfigError {
  try {
    parseConfig(text, 'pabal.yaml')
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error
  }
  return assert.fail('the text was accepted')
}

test('a file with every key is read', async () => {
  const scram = await makeScramCredential('tea')
  const config = parseConfig(
    `
listeners:
  - tcp://127.0.0.1:1883
  - url: ws://127.0.0.1:8083/mqtt
allowAnonymous: false
durability: memory
syncIntervalMs: 50
data: kept
admin:
  listen: http://127.0.0.1:18084
clientIdentifierScope: account
clientIdentifiers: ['%u', '%u:*']
whenQueueFull: drop-oldest
deadLetterTopic: lost/and-found
topics:
  - filter: alarms/#
    whenNobody: hold
  - {filter: '#', tellsPublisher: false}
observers:
  accounts: [grafana]
  filters: ['#', logs/#]
limits:
  packetBytesMax: 4MiB
  connectSecondsMax: 5s
log:
  level: warn
  format: json
  audit: who.log
tracing: true
access:
  rules:
    - {allow: [publish], topics: ['own/%c'], clients: [c]}
    - {deny: [receive], topics: [a, b], groups: [g], anonymous: true}
    - {roles: [r], accounts: [ann]}
  groups: [{name: g, accounts: [bob]}]
  roles: [{name: r, rules: [{allow: [subscribe], topics: ['#']}]}]
authentication:
  users:
    - userName: alice
      passwordHash: ${hash}
      scram: ${formatScramCredential(scram)}
      account: kitchen
      permissions: [observe]
  methods: [SCRAM-SHA-256]
`,
    'conf/pabal.yaml',
  )
  assert.deepEqual(config, {
    listeners: ['tcp://127.0.0.1:1883', 'ws://127.0.0.1:8083/mqtt'],
    allowAnonymous: false,
    durability: 'memory',
    syncIntervalMs: 50,
    data: resolve('conf/kept'),
    admin: { listen: 'http://127.0.0.1:18084' },
    clientIdentifierScope: 'account',
    clientIdentifiers: ['%u', '%u:*'],
    whenQueueFull: 'drop-oldest',
    deadLetterTopic: 'lost/and-found',
    topics: [
      { filter: 'alarms/#', whenNobody: 'hold' },
      { filter: '#', tellsPublisher: false },
    ],
    observers: { accounts: ['grafana'], filters: ['#', 'logs/#'] },
    limits: { packetBytesMax: 4_194_304, connectSecondsMax: 5 },
    log: { level: 'warn', format: 'json', audit: resolve('conf/who.log') },
    tracing: true,
    access: {
      subscribing: 'rules',
      rules: [
        {
          ...{ allows: false, actions: ['receive'], topics: ['a', 'b'] },
          ...{ accounts: ['bob', ''], clients: null, place: 'access.rules[1]' },
        },
        {
          ...{ allows: true, actions: ['publish'], topics: ['own/%c'] },
          ...{ accounts: null, clients: ['c'], place: 'access.rules[0]' },
        },
        {
          ...{ allows: true, actions: ['subscribe'], topics: ['#'] },
          ...{ accounts: ['ann'], clients: null, place: 'access.rules[2], role r[0]' },
        },
      ],
    },
    authentication: {
      users: [
        {
          userName: 'alice',
          account: 'kitchen',
          passwordHash: hash,
          password: null,
          scram,
          permissions: ['observe'],
          isInPasswordFile: false,
        },
      ],
      methods: ['SCRAM-SHA-256'],
      passwordFile: null,
      rehash: true,
      jwt: null,
      http: null,
    },
  })
})

test('a file of comments alone leaves everything at its default', async () => {
  for (const text of ['', '# nothing yet\n', '{}']) assert.deepEqual(parseConfig(text, 'pabal.yaml'), emptyConfig)
  const { store, ...others } = await configuredOptions(emptyConfig)
  assert.deepEqual(others, { limits: {} })
  assert.equal(store?.isDurable, true)
})

test('all faults are reported at once, in the order of the file', () => {
  const error = faultsOf(`lisners: []
allowAnonymous: yes
durability: fsnc
limits:
  packetBytesMax: 2GiB
  receiveMaximun: 5
`)
  assert.equal(error.faults.length, 5)
  assert.equal(
    error.message.replace(/(expected {2}one of connectBytesMax), .*/, '$1, …'),
    `5 faults in pabal.yaml:

pabal.yaml:1:1  lisners
  found     the unknown key "lisners"
  expected  one of listeners, allowAnonymous, durability, syncIntervalMs, admin, data, clientIdentifierScope, clientIdentifiers, whenQueueFull, deadLetterTopic, topics, observers, limits, log, tracing, access, authentication
  do        did you mean listeners?

pabal.yaml:2:17  allowAnonymous
  found     "yes"
  expected  true or false
  do        write true or false, without quotation marks

pabal.yaml:3:13  durability
  found     "fsnc"
  expected  one of fsync, interval, memory
  do        did you mean fsync?

pabal.yaml:5:19  limits.packetBytesMax
  found     "2GiB", which is 2,147,483,648
  expected  64 to 268,435,460 bytes, also with a unit: B, KiB, MiB, GiB, kB, MB, GB
  do        write 268435460 or less; the default is 1MiB

pabal.yaml:6:3  limits.receiveMaximun
  found     the unknown key "receiveMaximun"
  expected  one of connectBytesMax, …
  do        did you mean receiveMaximum?`,
  )
})

const user = (lines: string) => `authentication:\n  users:\n    - ${lines.replaceAll('\n', '\n      ')}\n`

const single: [text: string, fault: string][] = [
  ['- a\n', '1:1  | a list | a mapping of keys to values'],
  ['just text\n', '1:1  | "just text" | a mapping of keys to values'],
  ['listeners: tcp://127.0.0.1:1883\n', '1:12 listeners | "tcp://127.0.0.1:1883" | a list'],
  ['listeners:\n', '1:11 listeners | nothing | a list'],
  ['listeners:\n  - 1883\n', '2:5 listeners[0] | 1883 | tcp://HOST:PORT'],
  ['listeners:\n  - {}\n', '2:5 listeners[0].url | nothing | tcp://HOST:PORT'],
  [
    'listeners:\n  - url: http://127.0.0.1\n',
    '2:10 listeners[0].url | the scheme http:// in "http://127.0.0.1" | tcp://',
  ],
  ['listeners: [127.0.0.1:1883]\n', '1:13 listeners[0] | no scheme in "127.0.0.1:1883" | tcp://'],
  ['listeners: [tcp://ann:geheim@127.0.0.1]\n', '1:13 listeners[0] | a user in "tcp://...@127.0.0.1" | only a host'],
  ['limits: 5\n', '1:9 limits | 5 | a mapping of keys to values'],
  ['data: ""\n', '1:7 data | "" | the path of a directory'],
  ['authentication:\n', '1:16 authentication | nothing | a mapping of keys to values'],
  ['authentication: {}\n', '1:17 authentication | no users | at least one user'],
  ['authentication:\n  users: []\n', '2:10 authentication.users | no users | at least one user'],
  ['authentication:\n  users: alice\n', '2:10 authentication.users | "alice" | a list'],
  [user('alice'), '3:7 authentication.users[0] | "alice" | a mapping of keys to values'],
  [user('userName: alice'), '3:7 authentication.users[0] | a user who cannot log in | one or more of passwordFile'],
  [user(`passwordHash: ${hash}`), '3:7 authentication.users[0].userName | nothing | a User Name of 1 to'],
  [user(`userName: 5\npasswordHash: ${hash}`), '3:17 authentication.users[0].userName | 5 | a User Name of 1 to'],
  [user(`userName: ""\npasswordHash: ${hash}`), '3:17 authentication.users[0].userName | "" | a User Name of 1 to'],
  [user(`userName: "\\a"\npasswordHash: ${hash}`), '3:17 authentication.users[0].userName | "\\u0007" | a User Name'],
  [user('userName: a\npasswordHash: 12345'), '4:21 authentication.users[0].passwordHash | a number | a password hash'],
  [
    user('userName: a\npasswordHash: secret'),
    '4:21 authentication.users[0].passwordHash | a text that is no hash: it does not have the form $scrypt$ln=15,r=8,p=1$salt$hash | a password hash',
  ],
  [
    user('userName: a\nscram: secret'),
    '4:14 authentication.users[0].scram | a text that is no credential: it does not have the form SCRAM-SHA-256$<iterations>:<salt>$<storedKey>:<serverKey>, or with 512 | a credential',
  ],
  [
    user(`userName: a\npasswordHash: ${hash}\npermissions: [obsrve]`),
    '5:21 authentication.users[0].permissions[0] | "obsrve" | one of observe, admin',
  ],
  [
    user(`userName: a\npasswordHash: ${hash}\npermissions: admin`),
    '5:20 authentication.users[0].permissions | "admin" | a list',
  ],
  [
    `${user(`userName: a\npasswordHash: ${hash}\n`)}    - userName: a\n      passwordHash: ${hash}\n`,
    '6:17 authentication.users[1].userName | "a" for the second time | each User Name once',
  ],
  [
    `${user(`userName: a\npasswordHash: ${hash}`)}  methods: [SCRAM-SHA-256]\n`,
    '5:13 authentication.methods[0] | SCRAM-SHA-256, and no user who can use it | a user with scram, passwordFile or password',
  ],
  [
    `${user(`userName: a\npasswordHash: ${hash}`)}  methods: [SCRAM-SHA-1]\n`,
    '5:13 authentication.methods[0] | "SCRAM-SHA-1" | one of SCRAM-SHA-512, SCRAM-SHA-256',
  ],
  ['durability: memory\ndurability: fsync\n', '2:1  | Map keys must be unique | YAML 1.2'],
  ['limits:\n\tpacketBytesMax: 5\n', '2:1  | Tabs are not allowed as indentation | YAML 1.2'],
  ['data: *nowhere\n', '1:7  | Unresolved alias (the anchor must be set before the alias): nowhere | YAML 1.2'],
  ['topics: &all\n  - *all\n', '2:5  | An alias stands within what it stands for | YAML 1.2'],
  [`data: ${'['.repeat(5000)}`, '1:57  | more than 50 levels within each other | YAML 1.2'],
  [`data: ${'['.repeat(60)}${']'.repeat(60)}\n`, '1:57  | more than 50 levels within each other | YAML 1.2'],
  ['data: !!js/function "x"\n', '1:7  | Unresolved tag: tag:yaml.org,2002:js/function | YAML 1.2'],
]
for (const [text, expected] of single) {
  test(`refused: ${JSON.stringify(text.replace(hash, 'HASH').slice(0, 200))}`, () => {
    const [fault, ...others] = faultsOf(text).faults
    const [place, found, expectation = ''] = expected.split(' | ')
    assert.deepEqual(others, [])
    assert.equal(`${fault?.line}:${fault?.column} ${fault?.key}`, place)
    assert.equal(fault?.found, found)
    assert.ok(fault?.expected.startsWith(expectation), fault?.expected)
    assert.notEqual(fault?.advice, '')
  })
}

test('a key that stands in the wrong mapping is told where it belongs', () => {
  const [fault] = faultsOf('passwordFile: users\n').faults
  assert.equal(`${fault?.line}:${fault?.column} ${fault?.key}`, '1:1 passwordFile')
  assert.equal(fault?.advice, 'write it below authentication: as authentication.passwordFile')
  const [elsewhere] = faultsOf('limits:\n  passwordFile: users\n').faults
  assert.equal(elsewhere?.advice, 'write it below authentication: as authentication.passwordFile')
})

test('what is no configuration is refused in a few words, however long it is', () => {
  for (const text of ['x'.repeat(1e6), `listeners: [tcp://${'x'.repeat(1e6)}]`, `${'x'.repeat(1e5)}: 1`]) {
    assert.ok(faultsOf(text).message.length < 2000, text.slice(0, 40))
  }
})

test('a secret that stands in the wrong form is not repeated', () => {
  const text = user('userName: a\npasswordHash: hunter2\nscram: hunter2')
  assert.doesNotMatch(faultsOf(text).message, /hunter2/)
})

test('a password file holds a password or a hash, and its path starts from the configuration file', async () => {
  writeFileSync(join(directory, 'plain.password'), 'green tea\n')
  writeFileSync(join(directory, 'hashed.password'), `${hash}\n`)
  const path = join(directory, 'pabal.yaml')
  writeFileSync(
    path,
    `authentication:
  users:
    - {userName: plain, passwordFile: plain.password}
    - {userName: hashed, passwordFile: ./hashed.password}
`,
  )
  const config = loadConfig(path)
  assert.deepEqual(config.authentication?.users, [
    {
      userName: 'plain',
      account: null,
      passwordHash: null,
      password: 'green tea',
      scram: null,
      permissions: [],
      isInPasswordFile: false,
    },
    {
      userName: 'hashed',
      account: null,
      passwordHash: hash,
      password: null,
      scram: null,
      permissions: [],
      isInPasswordFile: false,
    },
  ])
  const options = await configuredOptions(config)
  assert.deepEqual(
    options.authenticationMethods?.map((method) => method.name),
    ['SCRAM-SHA-512', 'SCRAM-SHA-256'],
  )
  const connect = {
    clientIdentifier: 'test',
    userName: 'plain',
    password: Buffer.from('green tea'),
    protocolVersion: 5 as const,
    remoteAddress: '127.0.0.1:50312',
    listener: 'tcp://127.0.0.1:1883',
    userProperties: [],
  }
  assert.deepEqual(await options.authenticate?.(connect), { type: 'accepted', account: 'plain' })
})

test('paths in listen URLs and in the URL of the HTTP API start from the configuration file, whatever they are called', () => {
  const query = 'cert=a+b.pem&key=../k%20y.pem&ca=%EC%BB%A4.pem&crl=/etc/100%25.crl&passphraseFile=p&minVersion=1.3'
  const text = [
    `listeners: ['tcp://127.0.0.1', 'tls://127.0.0.1?${query}', {url: ' wss://[::1]/a?cert=one&key=one&cert=two&key=/two '}]`,
    'admin: https://127.0.0.1:1?cert=a+b.pem&key=../k%20y.pem&passphraseFile=p&host=broker.example',
  ].join('\n')
  for (const from of ['/etc/pabal', '/etc/c+d & #e?/100%/커피']) {
    const { listeners, admin } = parseConfig(text, join(from, 'pabal.yaml'))
    const [plain, first, second] = (listeners ?? []).map((url) => parseListenUrl(url))
    assert.equal(plain?.url, 'tcp://127.0.0.1')
    assert.ok(first?.transport === 'tls' && second?.transport === 'wss')
    const [certFile, keyFile, passphraseFile] = [join(from, 'a+b.pem'), join(from, '../k y.pem'), join(from, 'p')]
    const others = { others: [], identity: null, minVersion: 'TLSv1.3', ciphers: null } as const
    const files = { certFile, keyFile, passphraseFile, caFile: join(from, '커.pem'), crlFile: '/etc/100%.crl' }
    assert.deepEqual(first.tls, { ...files, ...others })
    assert.equal(second.tls.certFile, join(from, 'one'))
    assert.deepEqual(second.tls.others, [{ certFile: join(from, 'two'), keyFile: '/two' }])
    const { searchParams } = new URL(admin?.listen ?? '')
    const asWritten = { cert: certFile, key: keyFile, passphraseFile, host: 'broker.example' }
    assert.deepEqual(Object.fromEntries(searchParams), asWritten)
  }
})

test('a password file that is missing, empty, too long or unprintable is refused', () => {
  const cases: [content: string | null, found: RegExp][] = [
    [null, /passwords, which cannot be read: no such file or directory$/],
    ['', /passwords, which is empty$/],
    ['\n', /passwords, which is empty$/],
    ['one\ntwo\n', /passwords, which has more than one line$/],
    ['a\u0007\n', /passwords: the password has characters that SASLprep forbids/],
    ['$scrypt$half\n', /a text that is no hash/],
  ]
  for (const [content, found] of cases) {
    const file = join(directory, 'passwords')
    if (content !== null) writeFileSync(file, content)
    const [fault] = faultsOf(user(`userName: a\npasswordFile: ${file}`)).faults
    assert.match(fault?.found ?? '', found)
    assert.equal(fault?.key, 'authentication.users[0].passwordFile')
  }
})

test('permissions belong to the accounts of the users that have them', async () => {
  const text = `authentication:
  users:
    - {userName: ops, passwordHash: '${hash}', permissions: [observe, admin]}
    - {userName: grafana, account: ops, passwordHash: '${hash}', permissions: [observe]}
    - {userName: sensor, passwordHash: '${hash}', permissions: []}
    - {userName: chief, account: office, passwordHash: '${hash}', permissions: [admin]}
`
  const { permissions } = await configuredOptions(parseConfig(text, 'pabal.yaml'))
  assert.deepEqual(permissions, { observe: ['ops'], admin: ['ops', 'office'] })
})

test('an empty list of methods turns SCRAM off although a user could use it', async () => {
  const text = user(`userName: a\nscram: ${formatScramCredential(await makeScramCredential('tea'))}`)
  assert.equal((await configuredOptions(parseConfig(text, 'pabal.yaml'))).authenticationMethods?.length, 1)
  const off = await configuredOptions(parseConfig(`${text}  methods: []\n`, 'pabal.yaml'))
  assert.equal(off.authenticationMethods, undefined)
  assert.notEqual(off.authenticate, undefined)
})

test('a file that cannot be read is a fault like any other', () => {
  assert.throws(() => loadConfig(join(directory, 'nowhere.yaml')), {
    name: 'ConfigError',
    message: `1 fault in ${join(directory, 'nowhere.yaml')}:

${join(directory, 'nowhere.yaml')}
  found     a file that cannot be read: no such file or directory
  expected  a YAML file
  do        check the path and who may read the file`,
  })
})
