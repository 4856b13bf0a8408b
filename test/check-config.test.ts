/**
 * `pabal check-config` as a user runs it: output, exit code, and that it agrees with `pabal start`.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeSelfSigned } from '../src/transport/self-signed.test.ts'
import { temporaryDirectory } from './support/temporary-directory.ts'

const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
const directory = temporaryDirectory()

function check(flags: string[], environment: Record<string, string> = {}, verb = 'check-config') {
  const { stdout, stderr, status } = spawnSync(process.execPath, [main, verb, ...flags], {
    cwd: directory,
    env: { ...process.env, ...environment },
    encoding: 'utf8',
    timeout: 20_000,
  })
  return { stdout, stderr, status }
}

writeFileSync(
  join(directory, 'good.yaml'),
  `listeners:
  - tcp://127.0.0.1:1883
topics:
  - filter: alarms/#
    whenNobody: hold
limits:
  packetBytesMax: 4096KiB
authentication:
  users:
    - userName: alice
      password: \${ALICE}
    - userName: bob
`,
)
const secrets = { ALICE: 'green tea', PABAL_AUTHENTICATION__USERS__1__PASSWORD: 'black tea' }

test('a configuration that a broker can start with is in order', () => {
  const { stdout, stderr, status } = check(['good.yaml'], secrets)
  assert.equal(stderr, '')
  assert.equal(stdout, 'good.yaml is in order: 8 values are given, the rest are defaults.\n')
  assert.equal(status, 0)
  assert.equal(
    check([]).stdout,
    'The configuration (no file) is in order: 0 values are given, the rest are defaults.\n',
  )
  assert.match(check([], { ...secrets, PABAL_CONFIG: 'good.yaml' }).stdout, /^good\.yaml is in order/)
})

test('a flag wins over the environment, the environment over the file, the file over the default', () => {
  writeFileSync(join(directory, 'layers.yaml'), 'limits:\n  receiveMaximum: 5\n')
  const shown = (flags: string[], environment: Record<string, string> = {}) => {
    const { stdout } = check([...flags, '--print'], environment)
    return /^limits\.receiveMaximum +(\S+) +(.+)$/m.exec(stdout)?.slice(1)
  }
  const [file, flag] = [['layers.yaml'], ['--limit', 'receiveMaximum=7']]
  const environment = { PABAL_LIMITS__RECEIVE_MAXIMUM: '6' }
  assert.deepEqual(shown([...file, ...flag], environment), ['7', '--limit receiveMaximum'])
  assert.deepEqual(shown(file, environment), ['6', 'PABAL_LIMITS__RECEIVE_MAXIMUM'])
  assert.deepEqual(shown(file), ['5', 'layers.yaml:2:19'])
  assert.deepEqual(shown([]), ['256', 'default'])
})

test('a pabal.yaml in the working directory is not read unless somebody names it', () => {
  writeFileSync(join(directory, 'pabal.yaml'), 'durability: fsnc\n')
  assert.equal(check([]).status, 0)
  assert.equal(check(['pabal.yaml']).status, 1)
})

test('everything that is wrong is said at once: of the file, the environment, the flags and between them', () => {
  writeFileSync(join(directory, 'bad.yaml'), 'durabilty: fsync\nlimits:\n  packetBytesMax: 2GiB\n')
  const { stdout, stderr, status } = check(['bad.yaml', '--durability', 'fsnc'], { PABAL_LISTNERS: 'x' })
  assert.equal(status, 1)
  assert.equal(stdout, '')
  const places = [...stderr.matchAll(/^(\S.*)\n {2}found/gm)].map((match) => match[1])
  assert.deepEqual(places, [
    'the command line  --durability fsnc',
    'bad.yaml:1:1  durabilty',
    'bad.yaml:3:19  limits.packetBytesMax',
    'the environment  PABAL_LISTNERS',
  ])
  assert.match(stderr, /did you mean durability\?/)
})

test('certificates are read, and a listener that is open to everybody by accident is named', () => {
  writeFileSync(
    join(directory, 'open.yaml'),
    'listeners:\n  - tls://127.0.0.1:8883?cert=none.pem&key=none.pem\n  - tcp://0.0.0.0:1883\n',
  )
  const { stderr, status } = check(['open.yaml'])
  assert.equal(status, 1)
  assert.match(stderr, /open\.yaml:2:5 {2}listeners\[0\]\n {2}found {5}the file .*none\.pem does not exist\n/)
  assert.match(stderr, /open\.yaml:3:5 {2}listeners\[1\]\n {2}found {5}tcp:\/\/0\.0\.0\.0:1883, which other machines/)
  assert.equal(check(['open.yaml', '--listen', 'tcp://127.0.0.1:1883']).status, 0)
})

test('an address of the HTTP API that cannot be used, and its certificate, are found before the start', () => {
  writeFileSync(join(directory, 'admin.yaml'), 'admin:\n  listen: http://0.0.0.0:18083\n')
  const exposed = check(['admin.yaml'])
  assert.equal(exposed.status, 1)
  assert.match(exposed.stderr, /admin\.yaml:2:11 {2}admin\.listen\n {2}found .*0\.0\.0\.0[\s\S]*expected {2}TLS/)
  const { stderr, status } = check(['--admin', 'https://127.0.0.1:18083?cert=none.pem&key=none.pem'])
  assert.equal(status, 1)
  assert.match(stderr, /--admin\n {2}found {5}the file .*none\.pem does not exist\n/)
})

test('paths in URLs start from the file, those of a flag and a variable where the command runs, as for pabal start', () => {
  const conf = join(directory, 'conf')
  mkdirSync(conf)
  makeSelfSigned(conf, 'own')
  const [listen, admin] = ['tls://127.0.0.1:0', 'https://127.0.0.1:0'].map(
    (url) => (name: string) => `${url}?cert=${name}.cert.pem&key=${name}.key.pem`,
  ) as [(name: string) => string, (name: string) => string]
  const write = (name: string) =>
    writeFileSync(join(conf, 'tls.yaml'), `listeners:\n  - ${listen(name)}\nadmin:\n  listen: ${admin(name)}\n`)
  write('own')
  const file = join('conf', 'tls.yaml')
  const { stderr, status } = check([file])
  assert.equal(stderr, '')
  assert.equal(status, 0)
  assert.equal(check(['--listen', listen('conf/own'), '--admin', admin('conf/own')]).status, 0)
  assert.equal(check([], { PABAL_LISTENERS: listen('conf/own'), PABAL_ADMIN: admin('conf/own') }).status, 0)
  const missing = (place: string, path: string) =>
    new RegExp(`${place}\n  found +the file ${join(directory, path)} does not exist\n`)
  const flags = check([file, '--listen', listen('own'), '--admin', admin('own')]).stderr
  for (const flag of ['--listen', '--admin']) assert.match(flags, missing(`the command line  ${flag}`, 'own.cert.pem'))
  write('none')
  const refused = check([file]).stderr
  assert.match(refused, missing(`${file}:2:5  listeners\\[0\\]`, 'conf/none.cert.pem'))
  assert.match(refused, missing(`${file}:4:11  admin\\.listen`, 'conf/none.cert.pem'))
  const start = (...given: string[]) =>
    check(['--config', file, '--durability', 'memory', ...given], {}, 'start').stderr
  assert.equal(start(), `Pabal cannot start.\n\n${refused}`)
  assert.match(start('--listen', listen('own')), missing('the command line  --listen', 'own.cert.pem'))
})

test('a Topic Filter that the limits do not allow is named', () => {
  writeFileSync(join(directory, 'long.yaml'), 'topics:\n  - filter: a/b/c/d\nlimits: {topicLevelsMax: 3}\n')
  const { stderr, status } = check(['long.yaml'])
  assert.equal(status, 1)
  assert.match(stderr, /long\.yaml:2:13 {2}topics\[0\]\.filter\n {2}found .*has 4 levels/)
})

test('--print shows every key with its value and where that comes from, and no secret', () => {
  const { stdout, status } = check(['good.yaml', '--print', '--limit', 'receiveMaximum=9'], secrets)
  assert.equal(status, 0)
  const line = (key: string) =>
    stdout
      .split('\n')
      .find((each) => each.startsWith(`${key} `))
      ?.replace(/ {2,}/g, ' | ')
  assert.equal(line('listeners[0]'), 'listeners[0] | tcp://127.0.0.1:1883 | good.yaml:2:5')
  assert.equal(line('durability'), 'durability | fsync | default')
  assert.equal(line('limits.packetBytesMax'), 'limits.packetBytesMax | 4MiB | good.yaml:7:19')
  assert.equal(line('limits.receiveMaximum'), 'limits.receiveMaximum | 9 | --limit receiveMaximum')
  assert.equal(line('topics[0].heldBytesMax'), 'topics[0].heldBytesMax | 64MiB | default: limits.heldBytesPerTopicMax')
  assert.equal(
    line('authentication.users[0].password'),
    `authentication.users[0].password | \${ALICE} | good.yaml:11:17`,
  )
  assert.equal(line('data'), `data | ${join(directory, 'data')} | default`)
  const account = 'authentication.users[0].account'
  assert.equal(line(account), `${account} | alice | default: authentication.users[0].userName`)
  assert.equal(line('authentication.methods'), 'authentication.methods | [SCRAM-SHA-512, SCRAM-SHA-256] | default')
  const bob = 'authentication.users[1].password'
  assert.equal(line(bob), `${bob} | (secret) | PABAL_AUTHENTICATION__USERS__1__PASSWORD`)
  assert.doesNotMatch(stdout, /tea/)
})

test('--json says the same to programs', () => {
  const good = JSON.parse(check(['good.yaml', '--json'], secrets).stdout)
  assert.equal(good.ok, true)
  const packetBytesMax = good.values.find((value: { key: string }) => value.key === 'limits.packetBytesMax')
  const source = { type: 'file', file: 'good.yaml', line: 7, column: 19, sameAs: null }
  assert.deepEqual(packetBytesMax, { key: 'limits.packetBytesMax', value: 4_194_304, source })
  const { stdout, status } = check(['good.yaml', '--json'])
  const bad = JSON.parse(stdout)
  assert.equal(status, 1)
  assert.equal(bad.ok, false)
  assert.deepEqual(
    bad.faults.map(({ file, line, column, key }: Record<string, unknown>) => [file, line, column, key]),
    [
      ['good.yaml', 11, 17, 'authentication.users[0].password'],
      ['good.yaml', 12, 7, 'authentication.users[1]'],
    ],
  )
})

test('two files are not one', () => {
  const { stderr, status } = check(['good.yaml', '--config', 'bad.yaml'])
  assert.equal(status, 1)
  assert.match(stderr, /two files; name one/)
})

test('pabal start reads the environment, too, and refuses with the same words', () => {
  const environment = { PABAL_DURABILITY: 'fsnc', PABAL_LISTNERS: 'x' }
  const started = check([], environment, 'start')
  assert.equal(started.status, 1)
  assert.equal(started.stderr, `Pabal cannot start.\n\n${check([], environment).stderr}`)
})

test('--schema prints the schema that is published', () => {
  const { stdout, status } = check(['--schema'])
  assert.equal(status, 0)
  assert.equal(stdout, readFileSync(new URL('../pabal.schema.json', import.meta.url), 'utf8'))
})
