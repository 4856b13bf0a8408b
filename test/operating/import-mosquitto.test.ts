/**
 * A mosquitto.conf as an operator brings it along: imported, checked, started with as it is, and held against mosquitto itself.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../../src/server/config/config.ts'
import { readMosquittoConf } from '../../src/server/config/mosquitto/mosquitto-config.ts'
import { makeSelfSigned } from '../../src/transport/self-signed.test.ts'
import { runPabal } from '../support/pabal-command.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { StartedPabal } from './started-pabal.ts'

const directory = temporaryDirectory()
// mosquitto gives up being root before it reads some of its files.
chmodSync(directory, 0o755)

function write(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** As Debian ships it. */
const debian = `# Place your local configuration in /etc/mosquitto/conf.d/
#
# A full description of the configuration file is at
# /usr/share/doc/mosquitto/examples/mosquitto.conf.example

pid_file /run/mosquitto/mosquitto.pid

persistence true
persistence_location /var/lib/mosquitto/

log_dest file /var/log/mosquitto/mosquitto.log
`

test("Debian's file is imported: a table, and a file that pabal check-config takes", async () => {
  const file = write('debian.conf', debian)
  const { out, faults, code } = await runPabal(['import', 'mosquitto', file])
  assert.equal(code, 0)
  const rows = faults.split('\n').map((line) => line.replace(/ {2,}/g, ' | '))
  assert.equal(rows[1], `${file}:8 | persistence true | mapped | durability: fsync; at every message`)
  assert.match(rows[0] ?? '', /:6 \| pid_file \/run\/mosquitto\/mosquitto\.pid \| ignored \| the line/)
  assert.match(rows[2] ?? '', / \| mapped \| data: \/var\/lib\/mosquitto\/pabal; /)
  const yaml = write('debian.yaml', out)
  const { listeners, durability, data } = loadConfig(yaml)
  assert.deepEqual([listeners, durability, data], [['tcp://127.0.0.1:1883'], 'fsync', '/var/lib/mosquitto/pabal'])
  assert.equal((await runPabal(['check-config', yaml])).code, 0)
})

test('a folder is read, --out writes once and never over a file', async () => {
  write('mosquitto.conf', 'listener 1884 127.0.0.1\nallow_anonymous true\nconnection north\nremote_password hush\n')
  const path = join(directory, 'out.yaml')
  const first = await runPabal(['import', 'mosquitto', directory, '--out', path])
  assert.equal(first.code, 0)
  assert.match(
    first.out,
    /listener 1884 127\.0\.0\.1 +mapped +listeners\[0\]\n[\s\S]*remote_password \(secret\) +later/,
  )
  assert.match(first.out, /Written to .*out\.yaml\. Look at it, then: pabal check-config/)
  const written = readFileSync(path, 'utf8')
  assert.match(written, /^# yaml-language-server: /)
  assert.match(written, /# Not taken over, .*\n# connection north\n# remote_password \(secret\)\n/)
  assert.doesNotMatch(written + first.out, /hush/)
  const second = await runPabal(['import', 'mosquitto', directory, '--out', path])
  assert.equal(second.code, 1)
  assert.match(second.faults, /out\.yaml: it is there already\. Name another file as --out\.\n/)
  assert.equal(readFileSync(path, 'utf8'), written)
})

test('what would weaken security is refused with its line and the way out, by import, check-config and start', async () => {
  const file = write(
    'weak.conf',
    'listener 1883\nallow_anonymous true\nmount_point a/\nplugin /usr/lib/mosquitto_dynamic_security.so\n',
  )
  const { out, faults, code } = await runPabal(['import', 'mosquitto', file])
  assert.deepEqual([out, code], ['', 1])
  assert.match(faults, /weak\.conf:3 +mount_point a\/ +REFUSED +clients of this listener would share/)
  assert.match(
    faults,
    /2 faults in [\s\S]*weak\.conf:3:1 {2}mount_point\n {2}found {5}mount_point a\/\n {2}expected .*\n {2}do /,
  )
  assert.match(faults, /Nothing was written\.\n$/)
  for (const words of [
    ['check-config', file],
    ['start', '-c', file, '--durability', 'memory'],
  ]) {
    const refused = await runPabal(words)
    assert.equal(refused.code, 1)
    assert.match(refused.faults, /weak\.conf:4:1 {2}plugin\n {2}found .*\n {2}expected .*dynamic security plugin/)
  }
  const other = await runPabal(['import', 'emqx', file])
  assert.deepEqual(
    [other.code, other.faults],
    [1, 'pabal import: found emqx, expected mosquitto, the only broker it reads.\n'],
  )
  const missing = await runPabal(['import', 'mosquitto', join(directory, 'none.conf')])
  assert.match(missing.faults, /none\.conf\n {2}found .*none\.conf, which cannot be read: no such file or directory\n/)
})

interface Ran {
  readonly code: number | null
  readonly faults: string
}

/** What mosquitto says of a file: it is stopped once it runs. */
async function mosquitto(file: string): Promise<Ran> {
  const child = spawn('mosquitto', ['-v', '-c', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  let faults = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      faults += text
      // It forgets a SIGTERM that comes before its loop has begun.
      if (/\brunning\b/.test(faults)) child.kill('SIGKILL')
    })
  }
  const [code] = await once(child, 'close')
  return { code: /\brunning\b/.test(faults) ? 0 : code, faults }
}

/** Thirty directives and more that mean something here, and a client that uses them. */
function thirty(
  port: number,
  webPort: number,
  tlsPort: number,
  certificate: { certFile: string; keyFile: string },
): string {
  return `# A file of somebody who has tuned it for years
per_listener_settings false
allow_anonymous true
persistence true
persistence_location ${directory}
persistence_file m.db
autosave_interval 1800
autosave_on_changes false
max_inflight_messages 40
max_inflight_bytes 0
max_queued_messages 2000
max_queued_bytes 0
max_packet_size 200000
message_size_limit 0
memory_limit 0
max_keepalive 600
persistent_client_expiration 14d
queue_qos0_messages false
upgrade_outgoing_qos false
retain_available true
check_retain_source true
sys_interval 10
set_tcp_nodelay true
allow_zero_length_clientid true
auto_id_prefix auto-
connection_messages true
log_dest stderr
log_type error
log_type warning
log_type notice
log_type information
log_timestamp true
log_timestamp_format %Y-%m-%dT%H:%M:%S

listener ${port} 127.0.0.1
protocol mqtt
socket_domain ipv4
max_connections 100
max_qos 2
max_topic_alias 12

listener ${webPort} 127.0.0.1
protocol websockets
max_connections -1

listener ${tlsPort} 127.0.0.1
certfile ${certificate.certFile}
keyfile ${certificate.keyFile}
tls_version tlsv1.2
require_certificate false
`
}

test('a file with forty directives that mosquitto takes is started with as it is, and served from', async () => {
  const certificate = makeSelfSigned(directory, 'broker')
  chmodSync(certificate.keyFile, 0o644)
  const [port, webPort, tlsPort] = [await freePort(), await freePort(), await freePort()]
  const file = write('tuned.conf', thirty(port, webPort, tlsPort, certificate))
  assert.equal((await mosquitto(file)).code, 0)
  await using broker = new StartedPabal(['-c', file, '--admin', 'off'])
  await broker.shown(/Stop with Ctrl-C/)
  assert.match(
    broker.stdout,
    new RegExp(`tcp://127\\.0\\.0\\.1:${port}\\n[\\s\\S]*ws://127\\.0\\.0\\.1:${webPort}/mqtt`),
  )
  const sub = spawn('mosquitto_sub', ['-p', String(port), '-t', 'a/#', '-q', '1', '-C', '2', '-V', '5'])
  const ended = once(sub, 'close')
  let heard = ''
  sub.stdout.setEncoding('utf8').on('data', (text: string) => {
    heard += text
  })
  // Retained, so that it is heard whoever is first.
  for (const words of [
    ['-p', String(port), '-t', 'a/1', '-m', 'one'],
    ['-p', String(tlsPort), '-t', 'a/2', '-m', 'two', '--cafile', certificate.certFile],
  ]) {
    const pub = spawn('mosquitto_pub', ['-h', 'localhost', '-r', '-q', '1', ...words])
    assert.equal((await once(pub, 'close'))[0], 0)
  }
  await ended
  assert.deepEqual(heard.trim().split('\n').sort(), ['one', 'two'])
  const printed = await runPabal(['check-config', '--print', file])
  assert.match(printed.out, /limits\.keepAliveSecondsMax +600s? +.*tuned\.conf:16:1\n/)
  // Changed and read again, like any other.
  writeFileSync(file, readFileSync(file, 'utf8').replace('max_keepalive 600', 'max_keepalive 300'))
  broker.child.kill('SIGHUP')
  await broker.shown(/In force now: limits\.keepAliveSecondsMax\.\n/)
  writeFileSync(file, `${readFileSync(file, 'utf8')}mount_point x\n`)
  broker.child.kill('SIGHUP')
  await broker.shown(/stays in force[\s\S]*tuned\.conf:\d+:1 {2}mount_point/)
  assert.equal(await broker.stop(), 0)
})

test('of a bridge that is left out the log says so', async () => {
  const port = await freePort()
  const text = `listener ${port} 127.0.0.1\nallow_anonymous true\nconnection north\naddress 192.0.2.1\ntopic # out\n`
  const file = write('bridge.conf', text)
  await using broker = new StartedPabal(['-c', file, '--admin', 'off', '--durability', 'memory'])
  await broker.shown(/Stop with Ctrl-C/)
  await broker.shown(/"line":5/)
  assert.match(broker.stdout, /\nFrom a mosquitto\.conf: 2 lines taken over, 0 not needed, 3 not there yet \(each/)
  const left = broker.about('configurationLeftOut').map(({ level, line, directive }) => [level, line, directive])
  assert.deepEqual(left, [
    ['warn', 3, 'connection'],
    ['warn', 4, 'address'],
    ['warn', 5, 'topic'],
  ])
})

/** Behind a listener on a free port that everybody may use. */
const wrong = [
  'prot 3',
  '  # a comment that is none',
  'allow_anonymous yes',
  'max_keepalive 99999',
  'persistence',
  'max_qos 3',
  'persistent_client_expiration 3x',
  'persistent_client_expiration 0d',
  'log_type bogus',
  'log_dest bogus',
  'log_dest file',
  'listener 99999',
  'listener',
  'listener 0',
  'protocol http',
  'max_packet_size 10',
  'max_inflight_messages 70000',
  'pid_file /a\npid_file /b',
  'sys_interval -1',
  'memory_limit -1',
  'socket_domain ipv5',
  'upgrade_outgoing_qos 2',
  'user',
  'include_dir /none/of/them',
  'max_topic_alias 70000',
  'set_tcp_nodelay maybe',
  'certfile /none.pem\nkeyfile /none.pem',
] as const

test('what mosquitto refuses as wrong is refused here, too', async () => {
  for (const lines of wrong) {
    const file = write('wrong.conf', `listener ${await freePort()} 127.0.0.1\nallow_anonymous true\n${lines}\n`)
    const theirs = await mosquitto(file)
    assert.notEqual(theirs.code, 0, `mosquitto takes ${lines}: ${theirs.faults}`)
    const ours = await refusalOf(file)
    assert.match(ours, /wrong\.conf/, lines)
  }
})

/** What keeps a broker from starting with it; empty if nothing does. */
async function refusalOf(file: string): Promise<string> {
  try {
    const [fault] = readMosquittoConf(file, '/').faults
    if (fault !== undefined) return fault.file
  } catch (error) {
    return String(error)
  }
  // Files that it names are read by the check.
  return (await runPabal(['check-config', file])).faults
}
