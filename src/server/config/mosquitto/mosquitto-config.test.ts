import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../../../../test/support/temporary-directory.ts'
import { configSchema, knownKeys } from '../config-schema.ts'
import { knownDirectives } from './directives.ts'
import { isMosquittoConf, readMosquittoConf } from './mosquitto-config.ts'

const directory = temporaryDirectory()
const file = join(directory, 'mosquitto.conf')

function read(text: string) {
  writeFileSync(file, text)
  return readMosquittoConf(file, '/etc/mosquitto')
}

function faults(text: string): (readonly unknown[])[] {
  return read(text).faults.map(({ line, key, found, advice }) => [line, key, found, advice])
}

const open = 'listener 1883 127.0.0.1\nallow_anonymous true\n'

const secure = `${open}certfile /c\nkeyfile /k\n`
/** With clients that must show a certificate. */
const certified = `${secure}cafile /a\nrequire_certificate true\n`
const asking = 'tls://127.0.0.1:1883?cert=/c&key=/k&ca=/a'

/** A line, what becomes of it, and (if it is mapped) the key and value. The lines before it make a listener that everybody may use. */
const table: (readonly [line: string, type: string, key?: string | undefined, value?: unknown, before?: string])[] = [
  ['listener 1884 127.0.0.1', 'mapped', 'listeners', ['tcp://127.0.0.1:1883', 'tcp://127.0.0.1:1884']],
  ['listener 0 /run/m q.sock', 'mapped', 'listeners', ['tcp://127.0.0.1:1883', 'unix:///run/m%20q.sock']],
  ['port 1885', 'mapped', 'listeners', ['tcp://127.0.0.1:1885'], 'bind_address 127.0.0.1\nallow_anonymous true\n'],
  ['bind_address 127.0.0.2', 'mapped', 'listeners', ['tcp://127.0.0.2:1883'], 'allow_anonymous true\n'],
  ['socket_domain ipv4', 'mapped', 'listeners', ['tcp://0.0.0.0:1883'], 'listener 1883\nallow_anonymous true\n'],
  ['socket_domain ipv6', 'mapped', 'listeners', ['tcp://[::]:1883'], 'listener 1883\nallow_anonymous true\n'],
  ['protocol websockets', 'mapped', 'listeners', ['ws://127.0.0.1:1883/mqtt']],
  ['protocol mqtt', 'mapped', 'listeners', ['tcp://127.0.0.1:1883']],
  ['protocol http_api', 'ignored', 'listeners', ['tcp://127.0.0.1:1883'], `${open}listener 1884\n`],
  ['protocol mqttsn', 'refused'],
  ['max_connections 50', 'mapped', 'limits', { connectionsMax: 50 }],
  ['max_connections 60', 'mapped', 'limits', { connectionsMax: 110 }, `${open}max_connections 50\nlistener 1884\n`],
  ['max_connections 60', 'ignored', 'limits', undefined, `${open}listener 1884\n`],
  ['max_connections -1', 'ignored'],
  ['mount_point a/', 'refused'],
  ['use_username_as_clientid true', 'ignored'],
  ['use_username_as_clientid true', 'mapped', 'clientIdentifiers', ['%u'], `${open}acl_file acl\n`],
  ['use_username_as_clientid true', 'refused', undefined, undefined, `${open}acl_file acl\nlistener 1884\n`],
  ['use_username_as_clientid true', 'refused', undefined, undefined, `${open}acl_file acl\nclientid_prefixes a\n`],
  ['use_username_as_clientid false', 'ignored', undefined, undefined, `${open}acl_file acl\n`],
  ['accept_protocol_versions 4, 5', 'ignored'],
  ['max_qos 1', 'ignored'],
  ['max_topic_alias 5', 'mapped', 'limits', { topicAliasMaximum: 5 }],
  ['max_topic_alias_broker 6', 'mapped', 'limits', { sentTopicAliasMaximum: 6 }],
  ['enable_proxy_protocol 2', 'refused'],
  ['proxy_protocol_v2_require_tls true', 'ignored'],
  [
    'websockets_origin https://a.example',
    'mapped',
    'listeners',
    ['ws://127.0.0.1:1883/mqtt?origin=https://b.example&origin=https://a.example'],
    `${open}protocol websockets\nwebsockets_origin https://b.example\n`,
  ],
  ['bind_interface eth0', 'refused'],
  ['http_dir /srv', 'ignored'],
  ['cafile /c/ca.pem', 'ignored'],
  [
    'cafile /c/ca&.pem',
    'mapped',
    'listeners',
    ['tls://127.0.0.1:1883?cert=/c/cert.pem&key=/c/key.pem&ca=/c/ca%26.pem'],
    `${open}certfile /c/cert.pem\nkeyfile /c/key.pem\nrequire_certificate true\n`,
  ],
  ['capath /c', 'ignored'],
  ['capath /c', 'refused', undefined, undefined, `${open}require_certificate true\n`],
  ['certfile /c', 'mapped', 'listeners', ['tls://127.0.0.1:1883?cert=/c&key=/k'], `${open}keyfile /k\n`],
  [
    'keyfile /k',
    'mapped',
    'listeners',
    ['wss://127.0.0.1:1883/mqtt?cert=/c&key=/k'],
    `${open}certfile /c\nprotocol websockets\n`,
  ],
  ['crlfile /r', 'ignored'],
  [
    'crlfile /r',
    'mapped',
    'listeners',
    ['tls://127.0.0.1:1883?cert=/c&key=/k&ca=/a&crl=/r'],
    `${secure}cafile /a\nrequire_certificate true\n`,
  ],
  ['require_certificate false', 'ignored'],
  ['require_certificate true', 'refused'],
  ['use_identity_as_username true', 'ignored'],
  ['use_identity_as_username true', 'refused', undefined, undefined, secure],
  ['use_identity_as_username true', 'mapped', 'listeners', [`${asking}&identity=cn`], certified],
  ['use_identity_as_username false', 'ignored', 'listeners', [asking], certified],
  ['use_subject_as_username true', 'refused', undefined, undefined, secure],
  ['use_subject_as_username true', 'mapped', 'listeners', [`${asking}&identity=subject`], certified],
  [
    'use_subject_as_username true',
    'ignored',
    'listeners',
    [`${asking}&identity=cn`],
    `${certified}use_identity_as_username true\n`,
  ],
  ['disable_client_cert_date_checks true', 'ignored'],
  ['tls_version tlsv1.2', 'ignored'],
  ['tls_version tlsv1.3', 'mapped', 'listeners', ['tls://127.0.0.1:1883?cert=/c&key=/k&minVersion=1.3'], secure],
  [
    'ciphers HIGH:!aNULL',
    'mapped',
    'listeners',
    ['tls://127.0.0.1:1883?cert=/c&key=/k&ciphers=TLS_AES_128_GCM_SHA256:HIGH:!aNULL'],
    `${secure}ciphers_tls1.3 TLS_AES_128_GCM_SHA256\n`,
  ],
  [
    'ciphers_tls1.3 TLS_AES_256_GCM_SHA384',
    'mapped',
    'listeners',
    ['tls://127.0.0.1:1883?cert=/c&key=/k&ciphers=TLS_AES_256_GCM_SHA384:HIGH'],
    `${secure}ciphers HIGH\n`,
  ],
  ['dhparamfile /d', 'ignored'],
  ['tls_engine e', 'refused'],
  ['tls_engine_kpass_sha1 e', 'refused'],
  ['tls_keyform pem', 'ignored'],
  ['tls_keyform engine', 'refused'],
  ['psk_file /p', 'refused'],
  ['psk_hint h', 'refused'],
  ['allow_anonymous true', 'mapped', 'allowAnonymous', true, 'listener 1883\n'],
  ['listener_allow_anonymous true', 'mapped', 'allowAnonymous', true, 'listener 1883\n'],
  ['plugin /usr/lib/mosquitto_dynamic_security.so', 'refused'],
  ['global_plugin /usr/lib/other.so', 'refused'],
  ['plugin_load dyn /usr/lib/mosquitto_dynamic_security.so', 'refused'],
  ['plugin_use dyn', 'ignored'],
  ['auth_plugin /usr/lib/other.so', 'refused'],
  ['auth_plugin_deny_special_chars true', 'ignored'],
  ['plugin /usr/lib/mosquitto_persist_sqlite.so', 'ignored'],
  ['plugin /usr/lib/mosquitto_acl_file.so', 'mapped'],
  ['plugin_opt_config_file /d.json', 'ignored'],
  ['auth_opt_x y', 'ignored'],
  ['per_listener_settings true', 'mapped', 'allowAnonymous', undefined, ''],
  ['clientid_prefixes secure-', 'mapped', 'clientIdentifiers', ['secure-*']],
  ['clientid_prefixes a%u', 'refused'],
  ['clientid_prefixes a*', 'refused'],
  ['auto_id_prefix auto-', 'ignored'],
  ['allow_zero_length_clientid false', 'ignored'],
  ['persistence true', 'mapped', 'durability', 'fsync'],
  ['persistence false', 'mapped', 'durability', 'memory'],
  ['persistence_location /var/lib/mosquitto/', 'mapped', 'data', '/var/lib/mosquitto/pabal'],
  ['persistence_file m.db', 'ignored'],
  ['autosave_interval 60', 'ignored'],
  ['autosave_on_changes true', 'ignored'],
  ['max_inflight_messages 20', 'mapped', 'limits', { receiveMaximum: 20 }],
  ['max_inflight_messages 0', 'mapped', 'limits', { receiveMaximum: 65_535 }],
  ['max_inflight_bytes 100', 'ignored'],
  ['max_queued_messages 1000', 'mapped', 'limits', { sessionQueueMessagesMax: 1000 }],
  ['max_queued_messages 0', 'mapped', 'limits', { sessionQueueMessagesMax: 100_000_000 }],
  ['max_queued_bytes 100', 'mapped', 'limits', { sessionQueueBytesMax: 1024 }],
  ['max_packet_size 2000000', 'mapped', 'limits', { packetBytesMax: 2_000_000 }],
  ['max_packet_size 10', 'refused'],
  ['message_size_limit 1000', 'mapped', 'limits', { packetBytesMax: 66_536 }],
  ['message_size_limit 0', 'ignored'],
  ['message_size_limit 5', 'ignored', 'limits', { packetBytesMax: 500 }, `${open}max_packet_size 500\n`],
  ['memory_limit 2000000', 'mapped', 'limits', { queueMemoryBytesMax: 2_000_000 }],
  ['memory_limit 0', 'ignored'],
  ['max_keepalive 60', 'mapped', 'limits', { keepAliveSecondsMax: 60 }],
  ['persistent_client_expiration 2w', 'mapped', 'limits', { sessionExpirySecondsMax: 1_209_600 }],
  ['queue_qos0_messages true', 'ignored'],
  ['upgrade_outgoing_qos true', 'ignored'],
  ['retain_available false', 'mapped', 'limits', { retainedMessagesMax: 0 }],
  ['retain_available true', 'ignored'],
  ['check_retain_source true', 'ignored'],
  ['retain_expiry_interval 10', 'ignored'],
  ['sys_interval 0', 'mapped', 'limits', { sysIntervalSeconds: 0 }],
  ['set_tcp_nodelay true', 'ignored'],
  ['global_max_connections 5', 'mapped', 'limits', { connectionsMax: 5 }],
  ['global_max_clients 5', 'ignored'],
  ['packet_max_connect 5000', 'mapped', 'limits', { connectBytesMax: 5000 }],
  ['packet_max_auth 100', 'ignored'],
  ['packet_max_simple 100', 'ignored'],
  ['packet_max_sub 100', 'ignored'],
  ['packet_max_un 100', 'ignored'],
  ['enable_control_api true', 'ignored'],
  ['log_dest file /var/log/m.log', 'ignored'],
  ['log_dest none', 'mapped', 'log', { level: 'silent' }],
  ['log_dest none', 'mapped', 'log', undefined, `${open}log_dest stderr\n`],
  ['log_dest paper', 'refused'],
  ['log_facility 5', 'ignored'],
  ['log_type warning', 'mapped', 'log', { level: 'warn' }],
  ['log_type error', 'mapped', 'log', { level: 'info' }, `${open}log_type notice\n`],
  ['log_type websockets', 'ignored'],
  ['log_timestamp true', 'ignored'],
  ['log_timestamp_format %Y', 'ignored'],
  ['connection_messages false', 'ignored'],
  ['websockets_log_level 255', 'ignored'],
  ['websockets_headers_size 1024', 'ignored'],
  ['pid_file /run/m.pid', 'ignored'],
  ['user mosquitto', 'ignored'],
  ['allow_duplicate_messages true', 'ignored'],
  ['retry_interval 20', 'ignored'],
  ['connection north', 'later'],
  ['topic # both 0', 'later'],
]

for (const [line, type, key, value, before = open] of table) {
  test(`${before === open ? '' : `${before.trim().split('\n').join(', ')}, `}${line} is ${type}`, () => {
    const { rows, values } = read(before + line)
    const row = rows.find((each) => each.line === before.split('\n').length && each.name === line.split(' ')[0])
    assert.equal(row?.verdict.type, type)
    if (key !== undefined) assert.deepEqual(values[key], value)
  })
}

test('every directive that is known stands in the table, or belongs to a bridge', () => {
  const shown = new Set(table.map(([line]) => line.split(' ')[0]))
  const missing = Object.entries(knownDirectives).filter(([name, { scope }]) => scope !== 'bridge' && !shown.has(name))
  assert.deepEqual(
    missing.map(([name]) => name),
    ['include_dir', 'password_file', 'acl_file'],
  )
})

test('where only older ciphers are chosen, those of TLS 1.3 are as usual, and the other way round', () => {
  const listeners = (line: string) => String(read(`${secure}${line}\n`).values.listeners)
  assert.match(listeners('ciphers ECDHE-X'), /&ciphers=TLS_AES_256_GCM_SHA384:[A-Z0-9_:]+:ECDHE-X$/)
  assert.match(listeners('ciphers_tls1.3 TLS_X'), /&ciphers=TLS_X:ECDHE-[A-Za-z0-9!:+-]+$/)
})

test('of a bridge nothing is dropped in silence', () => {
  const { rows, faults: none } = read(`${open}connection north\naddress a.example\ntopic # in 1\nremote_password x\n`)
  assert.deepEqual(
    rows.filter(({ verdict }) => verdict.type === 'later').map(({ name }) => name),
    ['connection', 'address', 'topic', 'remote_password'],
  )
  assert.deepEqual(none, [])
})

test('what is no directive, and what is no value of one, is named with its line and what was probably meant', () => {
  const text = `${open}alow_anonymous true\n max_keepalive 70000\nlistener\tx\n  # a comment\npersistence yes\nuser\nport 1 2 3\n`
  assert.deepEqual(faults(text), [
    [3, 'alow_anonymous', 'the unknown directive "alow_anonymous"', 'did you mean allow_anonymous?'],
    [4, 'max_keepalive', '"70000"', 'correct the value, or remove the line'],
    [5, 'listener\tx', 'the unknown directive "listener\\tx"', 'part the name from its value by a blank, not by a tab'],
    [6, '#', 'the unknown directive "#"', 'begin the line with #, without a blank before it'],
    [7, 'persistence', '"yes"', 'correct the value, or remove the line'],
    [8, 'user', 'nothing behind it', 'correct the value, or remove the line'],
  ])
  assert.deepEqual(faults(`${open}pid_file /a\npid_file /b\n`), [
    [4, 'pid_file', 'it a second time', 'keep one of the two'],
  ])
  assert.match(String(faults('listener x\nallow_anonymous true\n')[0]?.[2]), /the port "x"/)
  assert.match(String(faults(`${open}certfile /c\n`)[0]?.[3]), /no key/)
})

test('a file that opens a listener and lets nobody in is refused, for Pabal would let this machine in', () => {
  const [fault] = read('listener 1883 127.0.0.1\n').faults
  assert.equal(fault?.line, 1)
  assert.match(fault?.expected ?? '', /nobody may connect/)
  const denied = read('allow_anonymous false\n').faults
  assert.deepEqual([denied.length, denied[0]?.key], [1, 'allow_anonymous'])
})

test('files that say who may come in and what they may do are never left out in silence', () => {
  for (const [name, key] of [
    ['password_file', 'passwordFile'],
    ['acl_file', 'aclFile'],
    ['plugin_opt_password_file', 'passwordFile'],
    ['plugin_opt_acl_file', 'aclFile'],
  ] as const) {
    const { faults: found, values } = read(`${open}${name} users\n`)
    const isTakenOver = JSON.stringify(values).includes(`"${key}":"/etc/mosquitto/users"`)
    assert.ok(isTakenOver, name)
    const parent = key === 'aclFile' ? 'access' : 'authentication'
    const isKey = knownKeys(configSchema({ directory: '', environment: {} }), [parent]).includes(key)
    assert.equal(found.length, isKey ? 0 : 1, name)
  }
})

test('a file that says nothing is a broker for this machine', () => {
  const { values, faults: none } = read('# nothing\n\n')
  assert.deepEqual([values, none], [{ listeners: ['tcp://127.0.0.1:1883'] }, []])
  assert.deepEqual(read('max_keepalive 10\n').values.listeners, ['tcp://127.0.0.1:1883'])
})

test('a listener whose clients are known by their certificates needs no users, and may differ in them from the others', () => {
  const named = `listener 8883 127.0.0.1\ncertfile /c\nkeyfile /k\ncafile /a\nrequire_certificate true\nuse_identity_as_username true\n`
  const alone = read(named)
  assert.deepEqual([alone.faults, alone.values.allowAnonymous, alone.values.authentication], [[], undefined, undefined])
  const beside = read(`per_listener_settings true\n${named}listener 1883 127.0.0.1\npassword_file /users\n`)
  assert.deepEqual([beside.faults, beside.values.authentication], [[], { passwordFile: '/users', rehash: false }])
  const rules = read(`per_listener_settings true\n${named}listener 1883 127.0.0.1\npassword_file /u\nacl_file /acl\n`)
  assert.match(rules.faults[0]?.expected ?? '', /acl_file is not the same for all listeners/)
})

test('with per_listener_settings the listeners must agree on who may connect', () => {
  const lines = ['per_listener_settings true', 'listener 1883', 'allow_anonymous true', 'listener 1884']
  const differing = read(lines.join('\n')).faults
  assert.deepEqual([differing.length, differing[0]?.line], [1, 4])
  assert.match(differing[0]?.expected ?? '', /allow_anonymous is not the same for all listeners/)
  const agreeing = read([...lines, 'allow_anonymous true'].join('\n'))
  assert.deepEqual([agreeing.faults, agreeing.values.allowAnonymous], [[], true])
  // Before the first listener it is for port 1883, which it opens.
  const first = read(['per_listener_settings true', 'allow_anonymous true', 'listener 1884'].join('\n'))
  assert.match(first.faults[0]?.expected ?? '', /not the same/)
})

test('the files of include_dir stand in its place, each begins anew with listeners, and faults name them', () => {
  const folder = join(directory, 'conf.d')
  mkdirSync(folder)
  writeFileSync(join(folder, 'b.conf'), 'max_keepalive 20\n')
  writeFileSync(join(folder, 'a.conf'), 'max_keepalive 10\nmax_topic_alias 3\nprot 1\n')
  writeFileSync(join(folder, 'README'), 'no configuration\n')
  const { values, faults: found, places } = read(`${open}include_dir ${folder}\nprotocol websockets\n`)
  assert.deepEqual(
    found.map(({ file: place, line, key }) => [place, line, key]),
    [[join(folder, 'a.conf'), 3, 'prot']],
  )
  assert.deepEqual(values.limits, { keepAliveSecondsMax: 20, topicAliasMaximum: 3 })
  const listeners = values.listeners as string[]
  assert.equal(listeners[0], 'ws://127.0.0.1:1883/mqtt')
  assert.match(listeners[1] ?? '', /^tcp:\/\/.*:1883$/)
  assert.equal(places.get('["limits","keepAliveSecondsMax"]')?.file, join(folder, 'b.conf'))
  assert.throws(
    () => read(`${open}include_dir ${folder}/none\n`),
    /mosquitto\.conf:3:1 {2}include_dir\n.*none, which cannot be read/,
  )
  writeFileSync(join(folder, 'a.conf'), `include_dir ${folder}\n`)
  assert.throws(() => read(`${open}include_dir ${folder}\n`), /10 folders within each other/)
})

test('a mosquitto.conf is known by its ending, or by its first line', () => {
  for (const [name, text, isOne] of [
    ['a.conf', 'anything', true],
    ['a.yaml', 'listener 1883\n', false],
    ['a', '# x\n\nlistener 1883\n', true],
    ['a', 'listeners:\n  - tcp://127.0.0.1:1883\n', false],
    ['a', '', false],
    ['a.txt', 'include_dir /x\n', true],
    ['a', 'constructor x\n', false],
  ] as const) {
    assert.equal(isMosquittoConf(name, text), isOne, `${name}: ${text}`)
  }
})
