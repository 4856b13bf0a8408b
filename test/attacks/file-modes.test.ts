/**
 * CVE-2017-9868 and its kin: what the broker and its commands write is for their user alone, whatever the umask says. And what they
 * write or read is where they were told to, whatever a request says.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { hashPassword } from '../../src/index.ts'
import { makeSelfSigned } from '../../src/transport/self-signed.test.ts'
import { temporaryFolder } from '../admin/api.ts'
import { BrokerProcess, killBrokers } from '../power/broker-process.ts'
import { logLines } from '../support/log-lines.ts'
import { openWire } from '../support/wire-client.ts'
import { logIn } from './admin-login.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
afterEach(killBrokers)

/** With a umask that takes nothing away. */
function open(...words: string[]): [string, ...string[]] {
  return ['/bin/sh', '-c', 'umask 000; exec "$@"', 'sh', process.execPath, main, ...words]
}

function run(...words: string[]): string {
  const [program, ...rest] = open(...words)
  return execFileSync(program, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 })
}

function start(directory: string): Promise<BrokerProcess> {
  const configuration =
    'listeners: [tcp://127.0.0.1:0]\nadmin: http://127.0.0.1:0\ndata: kept/data\nlog: {audit: audit.log}\n'
  const file = join(directory, 'pabal.yaml')
  writeFileSync(file, configuration)
  return new BrokerProcess(open('start', '--config', file)).ready()
}

/** Lines of the log about events of such names. */
function about(broker: BrokerProcess, ...endings: string[]) {
  return logLines(broker.stderr).filter(({ event }) => endings.some((ending) => event.endsWith(ending)))
}

/** The mode of everything in a directory, and of itself. */
function modes(path: string): string[] {
  const status = lstatSync(path)
  const own = `${(status.mode & 0o777).toString(8)} ${path}`
  if (!status.isDirectory()) return [own]
  return [own, ...readdirSync(path).flatMap((name) => modes(join(path, name)))]
}

function onlyForTheOwner(path: string, leastFiles: number): void {
  const found = modes(path)
  assert.ok(found.length >= leastFiles, found.join('\n'))
  assert.deepEqual(
    found.filter((each) => !/^[67]00 /.test(each)),
    [],
  )
}

test('mosquitto CVE-2017-9868: the data directory, its log, passwords, keys, audit log and backups are for the owner alone', async () => {
  using folder = temporaryFolder()
  const broker = await start(folder.path)
  const client = await openWire(`tcp://127.0.0.1:${broker.port}`, 5)
  await client.connect()
  client.publish({ topicName: 'a', payload: Buffer.from('kept'), qos: 1, packetId: 1, retain: true })
  await client.next('puback')
  const { url, headers } = await logIn(broker.stdout)
  const made = await fetch(`${url}/api/v1/api_key`, {
    ...{ method: 'POST', headers },
    body: JSON.stringify({ name: 'k', scopes: ['observe'] }),
  })
  assert.ok(made.ok)
  const backup = join(folder.path, 'backup.db')
  run('backup', backup, '--data', join(folder.path, 'kept/data'))
  assert.match(readdirSync(join(folder.path, 'kept/data')).join(' '), /admin\.json .*pabal\.db-wal/)
  for (const path of ['kept', 'backup.db', 'audit.log'])
    onlyForTheOwner(join(folder.path, path), path === 'kept' ? 7 : 1)
  await broker.kill()
  // It was so from the beginning: nothing had to be closed.
  assert.deepEqual(about(broker, 'OpenToOthers', 'ClosedToOthers'), [])
  const restored = join(folder.path, 'restored')
  run('restore', backup, '--data', restored)
  run('restore', backup, '--data', restored, '--force')
  onlyForTheOwner(restored, 4)
})

test('mosquitto CVE-2017-9868: what others could read of the data directory is closed to them at start, and it is said', async () => {
  using folder = temporaryFolder()
  const data = join(folder.path, 'kept/data')
  await (await start(folder.path)).kill()
  const files = readdirSync(data).filter((name) => !name.startsWith('owner'))
  for (const name of files) chmodSync(join(data, name), 0o664)
  chmodSync(data, 0o755)
  const broker = await start(folder.path)
  onlyForTheOwner(data, files.length + 1)
  await broker.kill('SIGTERM')
  const [line, ...more] = about(broker, 'OpenToOthers', 'ClosedToOthers')
  assert.deepEqual([line?.level, line?.event, more], ['warn', 'dataClosedToOthers', []])
  const expected = [`0755 ${data}`, ...files.map((name) => `0664 ${join(data, name)}`)]
  assert.deepEqual([...((line?.closed ?? []) as string[])].sort(), expected.sort())
  const again = await start(folder.path)
  await again.kill('SIGTERM')
  assert.deepEqual(about(again, 'OpenToOthers', 'ClosedToOthers'), [])
})

test('mosquitto CVE-2017-9868: what is there for others, or theirs, stays as it is, and it is said', async () => {
  using folder = temporaryFolder()
  const data = join(folder.path, 'kept/data')
  await (await start(folder.path)).kill()
  writeFileSync(join(data, 'notes.txt'), 'of somebody')
  for (const path of [data, join(data, 'notes.txt'), join(data, 'lock.db')]) chmodSync(path, 0o755)
  const isRoot = process.getuid?.() === 0
  // Whoever is not root can give nothing away.
  if (isRoot) chownSync(join(data, 'lock.db'), 1, 1)
  const victim = join(folder.path, 'victim')
  writeFileSync(victim, 'read by all')
  chmodSync(victim, 0o644)
  const link = join(data, 'pabal.db.before-restore-9')
  symlinkSync(victim, link)
  const broker = await start(folder.path)
  const open = [
    `0755 ${data}: other files are in it`,
    ...(isRoot ? [`0755 ${join(data, 'lock.db')}: it belongs to user 1`] : []),
    `0777 ${link}: it is no file but a link or something else`,
  ]
  await broker.kill('SIGTERM')
  const lines = about(broker, 'OpenToOthers', 'ClosedToOthers')
  assert.deepEqual(lines.find(({ event }) => event === 'dataOpenToOthers')?.open, open)
  assert.ok(
    lines.every(({ closed }) => (isRoot ? closed === undefined : String(closed) === `0755 ${join(data, 'lock.db')}`)),
  )
  assert.deepEqual(modes(victim), [`644 ${victim}`])
  assert.deepEqual(modes(join(data, 'notes.txt')), [`755 ${join(data, 'notes.txt')}`])
})

test('mosquitto CVE-2017-9868: files that secrets are taken from and others may read are named at start and by pabal doctor', async () => {
  using folder = temporaryFolder()
  const inFolder = (name: string): string => join(folder.path, name)
  const { certFile, keyFile } = makeSelfSigned(folder.path, 'server')
  const secrets = ['users', 'password', 'token', 'own'].map(inFolder)
  for (const path of secrets) writeFileSync(path, path.endsWith('users') ? '' : 'green tea\n')
  const users = '{userName: ann, password: file:password}, {userName: bob, passwordFile: own}'
  const text = `listeners: ['tls://127.0.0.1:0?cert=${certFile}&key=${keyFile}']\nadmin: off\ndurability: memory\nauthentication:
  passwordFile: users\n  users: [${users}]\n`
  const config = inFolder('pabal.yaml')
  writeFileSync(config, text)
  const named = async (mode: number): Promise<unknown[]> => {
    for (const path of [...secrets, keyFile, config]) chmodSync(path, mode)
    const broker = await new BrokerProcess(open('start', '--config', config)).ready()
    await broker.kill('SIGTERM')
    const lines = about(broker, 'secretOpenToOthers')
    return lines.map(({ file, mode: found }) => `${found} ${file}`).sort()
  }
  const read = [keyFile, inFolder('own'), inFolder('password'), inFolder('users')].sort()
  assert.deepEqual(
    await named(0o644),
    read.map((path) => `0644 ${path}`),
  )
  assert.deepEqual(await named(0o640), [])
  assert.deepEqual(
    await named(0o660),
    read.map((path) => `0660 ${path}`),
  )
  const examined = spawnSync(process.execPath, [main, 'doctor', '--config', config], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  for (const path of read)
    assert.match(examined.stdout, new RegExp(`found +${path}, mode 0660\\n.*\\n +do +chmod o=,g-w ${path}\\n`))
  // A hash that stands there itself makes a secret of the configuration.
  const hash = await hashPassword('green tea', { costLog2: 10, blockSize: 8, parallelism: 1 })
  writeFileSync(config, text.replace('password: file:password', `passwordHash: '${hash}'`))
  assert.deepEqual(
    await named(0o644),
    [...read.filter((path) => !path.endsWith('/password')), config].sort().map((path) => `0644 ${path}`),
  )
})

test('mosquitto CVE-2017-9868: a password file is for the owner alone, also one that was not', () => {
  using folder = temporaryFolder()
  const file = join(folder.path, 'passwords')
  run('passwd', '-H', 'sha512', '-c', '-b', file, 'alice', 'green tea')
  onlyForTheOwner(file, 1)
  writeFileSync(join(folder.path, 'wide'), readFileSync(file), { mode: 0o666 })
  run('passwd', '-H', 'sha512', '-b', join(folder.path, 'wide'), 'bob', 'black tea')
  onlyForTheOwner(join(folder.path, 'wide'), 1)
})

test('EMQX #17201: a backup writes over nothing and through no link, and a restore reads no more than the file it was given', async () => {
  using folder = temporaryFolder()
  const broker = await start(folder.path)
  const victim = join(folder.path, 'victim')
  const data = join(folder.path, 'kept/data')
  writeFileSync(victim, 'as it was')
  symlinkSync(victim, join(folder.path, 'link.db'))
  symlinkSync(join(folder.path, 'nowhere'), join(folder.path, 'dangling.db'))
  // Where the half-done copy will be.
  symlinkSync(victim, join(folder.path, 'good.db.partial'))
  for (const name of ['victim', 'link.db', 'dangling.db']) {
    assert.throws(() => run('backup', join(folder.path, name), '--data', data), name)
  }
  run('backup', join(folder.path, 'good.db'), '--data', data)
  await broker.kill()
  symlinkSync(victim, join(data, 'pabal.db.partial'))
  run('restore', join(folder.path, 'good.db'), '--data', data, '--force')
  assert.throws(() => run('restore', victim, '--data', data, '--force'))
  assert.equal(readFileSync(victim, 'utf8'), 'as it was')
  assert.ok(!existsSync(join(folder.path, 'nowhere')) && lstatSync(join(data, 'pabal.db')).isFile())
})

test('EMQX #17201: no path of a request leads to another file', async () => {
  using folder = temporaryFolder()
  const broker = await start(folder.path)
  const { url, headers } = await logIn(broker.stdout)
  const port = Number(new URL(url).port)
  const ups = ['../', '..%2f', '%2e%2e/', '..%5c', '..\\', '%252e%252e/', '....//']
  for (const up of ups) {
    for (const start of ['/', '/assets/', '/api/v1/backup/', '/api/docs/', '//']) {
      for (const file of [`${up.repeat(12)}etc/passwd`, `${up.repeat(3)}package.json`, `${up}index.html%00.js`]) {
        const socket = connect(port, '127.0.0.1')
        socket.write(
          `GET ${start}${file} HTTP/1.1\r\nHost: localhost\r\nCookie: ${headers.cookie}\r\nConnection: close\r\n\r\n`,
        )
        const answer = await text(socket)
        assert.match(answer, /^HTTP\/1\.1 4\d\d /, start + file)
        assert.doesNotMatch(answer, /root:|"devDependencies"/)
      }
    }
  }
})
