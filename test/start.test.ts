/**
 * `pabal start` as a user runs it: a process of its own, its output, its exit code.
 */
import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { logLines } from './support/log-lines.ts'
import { temporaryDirectory } from './support/temporary-directory.ts'
import { openWire } from './support/wire-client.ts'

const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
const directory = temporaryDirectory()
const running = new Set<Started>()
/** V8 writes down what it compiles, in v8.log. */
const loggingCode = ['--log-code', '--no-logfile-per-isolate']
afterEach(() => {
  for (const started of running) started.child.kill('SIGKILL')
})

/** One `pabal start`, with what it has printed so far. */
class Started {
  readonly child: ChildProcessByStdio<null, Readable, Readable>
  readonly exited: Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>
  stdout = ''
  stderr = ''

  constructor(...flags: string[]) {
    // Tests run beside each other, and beside brokers of people who run them.
    const admin = flags.includes('--admin') ? [] : ['--admin', 'off']
    const ofV8 = flags.filter((flag) => loggingCode.includes(flag))
    const ours = flags.filter((flag) => !loggingCode.includes(flag))
    this.child = spawn(process.execPath, [...ofV8, main, 'start', ...admin, ...ours], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(this)
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.exited = once(this.child, 'close').then(([exitCode, signal]) => {
      running.delete(this)
      return { exitCode, signal }
    })
  }

  /** Resolves when the broker has said all it says at start. @throws an Error with its complaints if it ends instead. */
  async ready(): Promise<void> {
    while (!this.stdout.includes('Stop with Ctrl-C.\n')) {
      const ended = await Promise.race([this.exited, once(this.child.stdout, 'data').then(() => null)])
      if (ended !== null) throw new Error(`pabal start ended: ${this.stdout}${this.stderr}`)
    }
  }

  /** The port of the first TCP listener. */
  get port(): number {
    return Number(/Listening on tcp:\/\/127\.0\.0\.1:(\d+)/.exec(this.stdout)?.[1])
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal)
    return (await this.exited).exitCode
  }
}

const freePort = 'tcp://127.0.0.1:0'

async function refusal(...flags: string[]): Promise<string> {
  const started = new Started(...flags)
  // A broker that starts after all would never exit by itself.
  started.child.stdout.once('data', () => started.child.kill())
  const { exitCode } = await started.exited
  assert.equal(exitCode, 1, started.stdout + started.stderr)
  assert.equal(started.stdout, '')
  assert.doesNotMatch(started.stderr, /\n {4}at /)
  return started.stderr
}

/** CONNECT of a client called `test`: 5.0 with the properties given, or 3.1.1. */
function connectPacket(options: { version: 4 | 5; userName?: string; password?: string; properties?: Buffer }): Buffer {
  const text = (value: string | Buffer) => {
    const bytes = Buffer.from(value)
    return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])
  }
  const flags = 0x02 | (options.userName === undefined ? 0 : 0x80) | (options.password === undefined ? 0 : 0x40)
  const properties = options.properties ?? Buffer.alloc(0)
  const body = Buffer.concat([
    text('MQTT'),
    Buffer.from([options.version, flags, 0, 0]),
    ...(options.version === 5 ? [Buffer.from([properties.length]), properties] : []),
    text('test'),
    ...(options.userName === undefined ? [] : [text(options.userName)]),
    ...(options.password === undefined ? [] : [text(options.password)]),
  ])
  return Buffer.concat([Buffer.from([0x10, body.length]), body])
}

async function answerTo(port: number, packet: Buffer): Promise<{ socket: Socket; answer: Buffer }> {
  const socket = connect(port, '127.0.0.1')
  socket.write(packet)
  const [answer] = await once(socket, 'data')
  return { socket, answer }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`it says where it listens, stays, and ${signal} stops it with exit code 0`, async () => {
    const started = new Started('--listen', freePort, '--listen', 'ws://127.0.0.1:0/mqtt')
    await started.ready()
    assert.match(
      started.stdout,
      /^Pabal \d+\.\d+\.\d+ on Node \d+\.\d+\.\d+\nListening on tcp:\/\/127\.0\.0\.1:\d+\nListening on ws:\/\/127\.0\.0\.1:\d+\/mqtt\nDurability: fsync: what is acknowledged is on the disk\nData: .+\/data\nStop with Ctrl-C\.\n$/,
    )
    assert.equal(await started.stop(signal), 0)
    assert.match(started.stdout, /\nStopped\.\n$/)
    assert.deepEqual(
      logLines(started.stderr).map(({ level, event }) => [level, event]),
      [
        ['info', 'started'],
        ['info', 'stopping'],
        ['info', 'stopped'],
      ],
    )
  })
}

test('a 5.0 client is told that the server is shutting down, with DISCONNECT 0x8B', async () => {
  const started = new Started('--listen', freePort)
  await started.ready()
  const { socket, answer } = await answerTo(started.port, connectPacket({ version: 5 }))
  assert.equal(answer[0], 0x20)
  assert.equal(answer[3], 0)
  const farewell = once(socket, 'data')
  const exitCode = started.stop()
  const [disconnect] = await farewell
  assert.equal(disconnect[0], 0xe0)
  assert.equal(disconnect[2], 0x8b)
  socket.end()
  assert.equal(await exitCode, 0)
})

test('a listener that other machines can reach does not start without authentication, and the fix is printed', async () => {
  const stderr = await refusal('--listen', 'tcp://0.0.0.0:0')
  assert.match(stderr, /^Pabal cannot start\.\n\nOther machines can reach this listener/)
  assert.match(stderr, /tcp:\/\/0\.0\.0\.0:0/)
  assert.match(stderr, /--allow-anonymous/)
  assert.match(stderr, /authentication:/)
})

test('users of the configuration file can log in, others cannot', async () => {
  writeFileSync(join(directory, 'alice.password'), 'green tea\n')
  const config = join(directory, 'users.yaml')
  writeFileSync(
    config,
    `listeners:\n  - ${freePort}\nauthentication:\n  users:\n    - userName: alice\n      passwordFile: alice.password\n`,
  )
  const started = new Started('--config', config)
  await started.ready()
  const attempts: [packet: Buffer, code: number][] = [
    [connectPacket({ version: 5, userName: 'alice', password: 'green tea' }), 0],
    [connectPacket({ version: 5, userName: 'alice', password: 'coffee' }), 0x86],
    [connectPacket({ version: 5 }), 0x86],
    [connectPacket({ version: 4, userName: 'alice', password: 'green tea' }), 0],
    [connectPacket({ version: 4, userName: 'bob', password: 'green tea' }), 4],
  ]
  for (const [packet, code] of attempts) {
    const { socket, answer } = await answerTo(started.port, packet)
    assert.equal(answer[0], 0x20)
    assert.equal(answer[3], code)
    socket.destroy()
  }
  // Authentication Method SCRAM-SHA-256 with client-first as Authentication Data: answered with AUTH.
  const method = Buffer.from('SCRAM-SHA-256')
  const first = Buffer.from('n,,n=alice,r=abc')
  const properties = Buffer.concat([
    Buffer.from([21, 0, method.length]),
    method,
    Buffer.from([22, 0, first.length]),
    first,
  ])
  const { socket, answer } = await answerTo(started.port, connectPacket({ version: 5, properties }))
  assert.equal(answer[0], 0xf0)
  assert.match(answer.toString('latin1'), /r=abc[^,]+,s=[^,]+,i=4096/)
  socket.destroy()
  assert.equal(await started.stop(), 0)
})

test('flags win over the configuration file', async () => {
  const config = join(directory, 'closed.yaml')
  writeFileSync(config, 'listeners:\n  - tcp://0.0.0.0:1\nlimits:\n  packetBytesMax: 1MiB\n')
  const started = new Started('--config', config, '--listen', freePort, '--limit', 'packetBytesMax=2KiB')
  await started.ready()
  const { socket, answer } = await answerTo(started.port, connectPacket({ version: 5 }))
  // Maximum Packet Size, property 39, announces the limit.
  assert.ok(answer.includes(Buffer.from([39, 0, 0, 0x08, 0])), answer.toString('hex'))
  socket.destroy()
  assert.equal(await started.stop(), 0)
})

test('rules of the configuration file decide what is answered when nobody listens', async () => {
  const config = join(directory, 'rules.yaml')
  writeFileSync(
    config,
    `listeners: [${freePort}, '${freePort}?report=off']
topics:
  - {filter: doors/quiet, whenNobody: reject, rejectOlder: accept-and-count}
  - {filter: doors/#, whenNobody: reject, rejectReasonCode: 0x87}
  - {filter: debug/#, whenNobody: accept}
observers: {filters: [doors/+]}
`,
  )
  const started = new Started('--config', config)
  await started.ready()
  const urls = [...started.stdout.matchAll(/Listening on (tcp:.+)/g)].map((match) => match[1] ?? '')
  assert.equal(urls.length, 2)
  const answers = async (url: string, topicName: string, version: 4 | 5) => {
    using client = await openWire(url, version)
    await client.connect()
    client.publish({ topicName, qos: 1, packetId: 1 })
    const puback = await client.nextOrClosed('puback')
    return puback === null ? 'closed' : puback.reasonCode
  }
  const [telling = '', silent = ''] = urls
  using observer = await openWire(telling, 5)
  await observer.connect()
  await observer.subscribe('doors/+')
  assert.equal(await answers(telling, 'doors/1', 5), 0x87)
  assert.equal(await answers(silent, 'doors/1', 5), 0x87)
  assert.equal(await answers(telling, 'doors/1', 4), 'closed')
  assert.equal(await answers(telling, 'doors/quiet', 4), 0)
  assert.equal(await answers(telling, 'debug/1', 5), 0)
  assert.equal(await answers(telling, 'others', 5), 0x10)
  assert.equal(await answers(silent, 'others', 5), 0)
  using listener = await openWire(telling, 5)
  await listener.connect()
  await listener.subscribe('doors/1', { qos: 0 })
  assert.equal(await answers(telling, 'doors/1', 5), 0)
  assert.equal(await started.stop(), 0)
})

test('a rule that no message can come to is refused with its place', async () => {
  const config = join(directory, 'unreachable.yaml')
  writeFileSync(config, "topics:\n  - filter: '#'\n  - filter: doors/+\n    whenNobody: hold\n")
  const stderr = await refusal('--config', config)
  assert.match(
    stderr,
    /unreachable\.yaml:3:13 {2}topics\[1\]\.filter\n {2}found {5}"doors\/\+" behind "#" \(topics\[0\]\)/,
  )
})

test('faults of the flags and of the file are reported together', async () => {
  const config = join(directory, 'faulty.yaml')
  writeFileSync(config, 'lisners: []\n')
  const stderr = await refusal('--config', config, '--durability', 'fsnc')
  assert.match(stderr, /^Pabal cannot start\.\n\n2 faults in the command line and /)
  assert.match(stderr, /did you mean fsync\?/)
  assert.match(stderr, /faulty\.yaml:1:1 {2}lisners/)
})

test('a port in use is named', async () => {
  await using other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  assert.ok(address !== null && typeof address === 'object')
  const stderr = await refusal('--listen', `tcp://127.0.0.1:${address.port}`)
  assert.match(stderr, new RegExp(`127\\.0\\.0\\.1:${address.port}`))
})

test('the data directory is created, and a file in its place is refused', async () => {
  const path = join(directory, 'deep', 'kept')
  const started = new Started('--listen', freePort, '--data', path)
  await started.ready()
  assert.ok(started.stdout.includes(`\nData: ${path}\n`))
  assert.ok(existsSync(join(path, 'pabal.db')))
  assert.equal(statSync(path).mode & 0o777, 0o700)
  assert.match(await refusal('--listen', freePort, '--data', path), /in use by another broker, process \d+\./)
  assert.equal(await started.stop(), 0)
  const file = join(directory, 'file')
  writeFileSync(file, '')
  assert.match(await refusal('--listen', freePort, '--data', file), /The data directory .*file is a file/)
})

test('with durability memory nothing is written', async () => {
  const path = join(directory, 'unused')
  const started = new Started('--listen', freePort, '--durability', 'memory', '--data', path)
  await started.ready()
  assert.match(started.stdout, /\nDurability: memory: .* a restart forgets them\nStop/)
  assert.equal(await started.stop(), 0)
  assert.equal(existsSync(path), false)
})

test('--help teaches on standard output and exits with 0', async () => {
  const started = new Started('--help')
  assert.equal((await started.exited).exitCode, 0)
  for (const word of ['--listen', '--allow-anonymous', 'tls://', 'unix://', 'Examples:', 'pabal sub']) {
    assert.ok(started.stdout.includes(word), word)
  }
})

test('an unknown flag is refused with the nearest one', async () => {
  assert.match(
    await refusal('--lisen', freePort),
    /unknown option '--lisen'\n\(Did you mean --listen\?\)\nAll flags: pabal start --help\n$/,
  )
})

test('a flag of mosquitto is refused with what does it here, and a password in a listen URL is not repeated', async () => {
  const tail = 'All flags: pabal start --help\n'
  const port = "error: unknown option '-p'\nThe port stands in a listen URL: --listen tcp://127.0.0.1:1883\n"
  assert.equal(await refusal('-p', '1884'), `${port}${tail}`)
  assert.match(await refusal('-v'), /\nMore is logged with --log-level debug\.\nAll flags/)
  const url = await refusal('--listen', 'tcp://ann:geheim@127.0.0.1')
  assert.match(url, /--listen tcp:\/\/\.\.\.@127\.0\.0\.1\n {2}found {5}a user in "tcp:\/\/\.\.\.@127\.0\.0\.1"\n/)
  assert.doesNotMatch(url, /geheim/)
})

test('what Node has compiled is kept for the next start, in the cache of whoever runs it', async () => {
  const cache = join(directory, 'cache')
  const entries = () => readdirSync(cache, { recursive: true }).length
  const run = (environment: NodeJS.ProcessEnv) =>
    spawnSync(process.execPath, [main, 'check-config'], { cwd: directory, env: environment, encoding: 'utf8' })
  const environment = { PATH: process.env.PATH, XDG_CACHE_HOME: cache }
  assert.equal(run(environment).status, 0)
  const kept = entries()
  assert.ok(kept > 50, `${kept} files`)
  assert.equal(run(environment).status, 0)
  assert.equal(entries(), kept, 'the next start finds all of it')
  writeFileSync(join(directory, 'no-directory'), '')
  for (const broken of [{ XDG_CACHE_HOME: join(directory, 'no-directory') }, { HOME: '' }, { HOME: 'relative' }]) {
    const { status, stderr } = run({ PATH: process.env.PATH, ...broken })
    assert.deepEqual([status, stderr], [0, ''])
  }
})

test("V8's last compiler does not take what the first clients need", async () => {
  const started = new Started(...loggingCode, '--listen', freePort, '--durability', 'memory')
  await started.ready()
  const client = await openWire(`tcp://127.0.0.1:${started.port}`, 4)
  await client.connect()
  for (let times = 0; times < 20_000; times++) client.publish({ topicName: 'a', payload: Buffer.from('1') })
  client.publish({ topicName: 'a', payload: Buffer.from('1'), qos: 1, packetId: 1 })
  await client.next('puback')
  await started.stop()
  const log = readFileSync(join(directory, 'v8.log'), 'latin1')
  // The last word of an entry is V8's sign for the compiler: + is Maglev, * TurboFan.
  const compiled = [
    ...log.matchAll(/^code-creation,JS,.*,(\S+) file:\S+\/src\/(?:core|protocol|server)\/.*,([+*])'?$/gm),
  ]
  const by = (sign: string) => compiled.flatMap(([, name, compiler]) => (compiler === sign ? [name] : []))
  assert.ok(by('+').includes('decodePublish'), `${by('+')}`)
  assert.deepEqual(by('*'), [])
})
