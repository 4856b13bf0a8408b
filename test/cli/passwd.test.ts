/**
 * `pabal passwd` and password files, against Debian's mosquitto_passwd and mosquitto in both directions.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { watch } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createBroker } from '../../src/index.ts'
import { loadConfig } from '../../src/server/config/config.ts'
import { ConfigError } from '../../src/server/config/config-fault.ts'
import { configuredOptions } from '../../src/server/config/configured-options.ts'
import { freePort } from '../access/free-port.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { openWire } from '../support/wire-client.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const directory = temporaryDirectory()
let count = 0

function newFile(text: string | null = ''): string {
  count += 1
  const file = join(directory, `${count}.passwd`)
  if (text !== null) writeFileSync(file, text)
  return file
}

function passwd(args: readonly string[], { input = '', as = 'pabal' } = {}) {
  const words = as === 'pabal' ? [main, 'passwd'] : [main]
  const env = { ...process.env, PABAL_INVOKED_AS: as }
  const { status, stdout, stderr } = spawnSync(process.execPath, [...words, ...args], { input, env, encoding: 'utf8' })
  return { status, stdout, stderr }
}

/** Reason Codes of CONNACK for these logins, at a broker that has the file. */
function logins(file: string, users: readonly (readonly [string, string])[], more = ''): Promise<number[]> {
  return withBroker(file, more, (url) => loginAll(url, users))
}

async function loginAll(url: string, users: readonly (readonly [string, string])[]): Promise<number[]> {
  const codes: number[] = []
  for (const [userName, password] of users) codes.push(await login(url, userName, password))
  return codes
}

async function withBroker<Result>(file: string, more: string, work: (url: string) => Promise<Result>): Promise<Result> {
  const config = join(directory, `${count}.yaml`)
  const authentication = `{passwordFile: ${file}${more}}`
  writeFileSync(config, `durability: memory\nlisteners: [tcp://127.0.0.1:0]\nauthentication: ${authentication}\n`)
  const broker = createBroker(await configuredOptions(loadConfig(config)))
  await broker.start()
  try {
    return await work(broker.urls[0] ?? '')
  } finally {
    await broker.stop()
  }
}

/** Resolves when the file has been put in the place of another. */
async function replaced(file: string): Promise<void> {
  for await (const { filename } of watch(directory)) if (filename === basename(file)) return
}

async function login(url: string, userName: string, password: string): Promise<number> {
  using client = await openWire(url, 5)
  return (await client.connect({ userName, password: Buffer.from(password) })).reasonCode
}

const wrong = 0x86

test('files of mosquitto_passwd, $7$ and $6$, log in as they are, and nobody else does', async () => {
  const file = newFile(null)
  execFileSync('mosquitto_passwd', ['-c', '-b', file, 'ann', 'green tea'])
  execFileSync('mosquitto_passwd', ['-H', 'sha512', '-b', file, 'bob', 'p:w'])
  const users = [
    ['ann', 'green tea'],
    ['bob', 'p:w'],
    ['ann', 'p:w'],
    ['bob', ''],
    ['eve', 'green tea'],
  ] as const
  const before = readFileSync(file, 'utf8')
  assert.deepEqual(await logins(file, users, ', rehash: false'), [0, 0, wrong, wrong, wrong])
  assert.equal(readFileSync(file, 'utf8'), before)
})

test('weak hashes are replaced at the first login, the file whole and private, and the password stays right', async () => {
  const file = newFile(null)
  execFileSync('mosquitto_passwd', ['-c', '-b', file, 'ann', 'green tea'])
  execFileSync('mosquitto_passwd', ['-b', file, 'eve', 'unused'])
  chmodSync(file, 0o644)
  const [, eve] = readFileSync(file, 'utf8').split('\n')
  writeFileSync(file, `# ours\n${readFileSync(file, 'utf8')}`)
  const users = [
    ['ann', 'green tea'],
    ['ann', 'tea'],
  ] as const
  await withBroker(file, '', async (url) => {
    const isReplaced = replaced(file)
    assert.deepEqual(await loginAll(url, users), [0, wrong])
    await isReplaced
    assert.deepEqual(await loginAll(url, users), [0, wrong])
  })
  const [comment, ann, unused] = readFileSync(file, 'utf8').split('\n')
  assert.deepEqual([comment, unused], ['# ours', eve])
  assert.match(ann ?? '', /^ann:\$(argon2id|scrypt)\$/)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.endsWith('.new')),
    [],
  )
  assert.deepEqual(await logins(file, users), [0, wrong])
})

test('what pabal passwd makes for mosquitto logs in there, and is what mosquitto_passwd goes on with', async () => {
  const file = newFile(null)
  assert.equal(passwd(['-H', 'sha512-pbkdf2', '-c', '-b', file, 'ann', 'green tea']).status, 0)
  assert.equal(passwd(['-H', 'sha512', '-b', file, 'bob', 'p:w']).status, 0)
  assert.equal(passwd(['-b', file, 'carol', 'c'], { as: 'mosquitto_passwd' }).status, 0)
  assert.match(readFileSync(file, 'utf8'), /^ann:\$7\$210000\$.*\nbob:\$6\$.*\ncarol:\$7\$101\$.*\n$/)
  execFileSync('mosquitto_passwd', ['-b', file, 'dan', 'd'])
  chmodSync(file, 0o644)
  const port = await freePort()
  const config = newFile(`listener ${port} 127.0.0.1\nallow_anonymous false\npassword_file ${file}\nuser root\n`)
  const mosquitto = spawn('mosquitto', ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  mosquitto.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  while (!said.includes(' running')) await once(mosquitto.stderr, 'data')
  const codes: number[] = []
  for (const [name, password] of [
    ['ann', 'green tea'],
    ['bob', 'p:w'],
    ['carol', 'c'],
    ['dan', 'd'],
    ['ann', 'x'],
  ]) {
    codes.push(await login(`tcp://127.0.0.1:${port}`, name ?? '', password ?? ''))
  }
  mosquitto.kill()
  assert.deepEqual(codes, [0, 0, 0, 0, 0x87])
})

test('users are added, changed and deleted, in a file of 0600; links stay links', async () => {
  const file = newFile(null)
  assert.equal(passwd(['-c', '-b', file, 'ann', 'one']).status, 0)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const link = join(directory, 'link')
  symlinkSync(file, link)
  assert.equal(passwd([link, 'bob'], { input: 'two\ntwo\n' }).stdout, 'Password: \nReenter password: \n')
  assert.equal(passwd(['-b', link, 'ann', 'other']).status, 0)
  assert.equal(passwd(['-H', 'scrypt', '-b', link, 'eve', 'three']).status, 0)
  assert.equal(passwd(['-D', link, 'eve']).status, 0)
  const users = [
    ['ann', 'other'],
    ['bob', 'two'],
    ['ann', 'one'],
    ['eve', 'three'],
  ] as const
  assert.deepEqual(await logins(link, users), [0, 0, wrong, wrong])
  assert.equal(passwd(['-c', '-b', file, 'zoe', 'z']).status, 0)
  assert.match(readFileSync(file, 'utf8'), /^zoe:\$(argon2id|scrypt)\$[^\n]*\n$/)
})

test('-U hashes what is no hash, and leaves the rest', async () => {
  const file = newFile('# shop\nann:green tea\nbob:p:w\n')
  assert.equal(passwd(['-U', file]).status, 0)
  const once = readFileSync(file, 'utf8')
  assert.match(once, /^# shop\nann:\$[^\n]*\nbob:\$[^\n]*\n$/)
  assert.equal(passwd(['-U', file]).status, 0)
  assert.equal(readFileSync(file, 'utf8'), once)
  assert.deepEqual(
    await logins(file, [
      ['ann', 'green tea'],
      ['bob', 'p:w'],
    ]),
    [0, 0],
  )
})

test('what is wrong is said as mosquitto_passwd says it, and changes nothing', () => {
  const bad = newFile('ann:$7$101$AAAA\n\nbob:x\n')
  const missing = join(directory, 'missing')
  const cases: [args: string[], stderr: RegExp, input?: string][] = [
    [
      ['-b', missing, 'ann', 'x'],
      /^Error: Unable to open password file .*missing\. no such file or directory\. To create it add -c\.\n$/,
    ],
    [
      ['-b', bad, 'z', 'z'],
      /^Error: Corrupt password file at line 1\. .* was not changed\. It has a hash that is none: /,
    ],
    [['-U', bad], /^Error: Corrupt password file at line 2\./],
    [['-D', newFile('# none\n'), 'ann'], /^Warning: User ann not found in password file\.\n$/],
    [['-b', bad, 'a:b', 'x'], /^Error: Username must not contain the ':' character\.\n$/],
    [['-b', bad, '#a', 'x'], /^Error: Username must be one line/],
    [['-b', bad, 'ann', ''], /^Error: Empty password\.\n$/],
    [['-c', '-D', bad, 'ann'], /^Error: -c and -D cannot be used together\.\n$/],
    [['-H', 'md5', '-b', bad, 'a', 'b'], /^Error: Unknown hash type 'md5'\. Known: /],
    [['-I', '5', '-b', bad, 'a', 'b'], /^Error: -I is for -H sha512-pbkdf2\.\n$/],
    [['-x', bad], /^Error: Unknown option '-x'\n$/],
    [[newFile(''), 'ann'], /^Error: Passwords do not match\.\n$/, 'one\ntwo\n'],
    [[newFile(''), 'ann'], /^Error: No password was given\.\n$/, 'one\n'],
  ]
  for (const [args, stderr, input = ''] of cases) {
    const ended = passwd(args, { input })
    assert.equal(ended.status, 1, args.join(' '))
    assert.match(ended.stderr, stderr)
  }
  assert.equal(readFileSync(bad, 'utf8'), 'ann:$7$101$AAAA\n\nbob:x\n')
  assert.equal(existsSync(missing), false)
  assert.match(passwd([]).stdout, /^pabal passwd manages password files/)
  assert.equal(passwd(['--help'], { as: 'mosquitto_passwd' }).status, 0)
})

test('mosquitto CVE-2018-12551: a blank or malformed line is a fault with line and column, never a user without a password', () => {
  const good = '$7$101$AAAAAAAAAAAAAAAA$'.concat('A'.repeat(86), '==')
  const file = newFile(`ann:${good}\n\nbob\n:x\ncarol:secret\ndan:$7$101$AAAA$AAAA\nann:${good}\neve:\nfred:$9$x\n`)
  const config = newFile(`authentication: {passwordFile: ${file}}\n`)
  try {
    loadConfig(config)
    assert.fail('it must not be read')
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    const places = error.faults.map(({ line, column, found }) => `${line}:${column} ${found.slice(0, 30)}`)
    assert.deepEqual(places, [
      '2:1 a blank line',
      '3:1 a line without a colon',
      '4:1 a line without a name',
      '5:7 a text that is no hash',
      '6:5 a hash that is none: the numbe',
      '7:1 a name that stands on line 1 a',
      '8:5 a text that is no hash',
      '9:6 a hash that is none: it does n',
    ])
    assert.doesNotMatch(error.message, /secret/)
  }
})
