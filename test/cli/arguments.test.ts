/**
 * The argument reader against Debian's: the same command lines are wrong, for the same reason, in the same words.
 */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { dropInInvocation, nativeInvocation, type Tool } from '../../src/cli/mosquitto/invocation.ts'
import type { Options } from '../../src/cli/mosquitto/options.ts'
import { readArguments } from '../../src/cli/mosquitto/read-arguments.ts'
import { UsageError } from '../../src/cli/mosquitto/usage-error.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { argumentCases } from './argument-cases.ts'
import { freePort } from './broker.ts'
import { runDebian } from './tools.ts'

function read(tool: Tool, words: readonly string[], environment: Record<string, string> = {}): Options {
  const argumentBytes = words.map((word) => Buffer.from(word))
  return readArguments({ invocation: dropInInvocation(tool), argumentBytes, environment })
}

function readNative(tool: Tool, words: readonly string[], environment: Record<string, string> = {}): Options {
  const argumentBytes = words.map((word) => Buffer.from(word))
  return readArguments({ invocation: nativeInvocation(tool), argumentBytes, environment })
}

/** What is wrong with a command line in our eyes, as Debian's tool would print it; null if nothing. */
function ourComplaint(tool: Tool, words: readonly string[]): string | null {
  try {
    read(tool, words)
    return null
  } catch (error) {
    if (error instanceof UsageError) return error.bytes.toString('latin1')
    throw error
  }
}

const missing = /^Error: (Both topic and message|All of topic, message, and response topic) must be supplied\.\n/
const hint = /\nUse 'mosquitto_\w+ --help' to see usage\.\n$/

test('every command line is refused in the words of the Debian tool, or accepted as it does', async () => {
  // Nothing listens there, so whatever is accepted ends at once.
  const port = String(await freePort())
  const waiting = [...argumentCases]
  const differences: string[] = []
  const work = async (): Promise<void> => {
    for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
      const words = ['-h', '127.0.0.1', '-p', port, ...each.words]
      const { stderr } = await runDebian(each.tool, words)
      const theirs = hint.test(stderr) && !missing.test(stderr) ? stderr.replace(hint, '') : null
      const ours = ourComplaint(each.tool, words)
      if (ours !== theirs) {
        differences.push(
          `${each.tool} ${each.words.join(' ')}\n  Debian: ${JSON.stringify(theirs)}\n  ours:   ${JSON.stringify(ours)}`,
        )
      }
    }
  }
  await Promise.all([work(), work(), work()])
  assert.ok(argumentCases.length > 500)
  assert.deepEqual(differences, [])
})

test('every flag of pub is kept where the tool looks for it', () => {
  const words =
    `-A 127.0.0.2 -h example -p 1 -u user -P word -i id -k 9 -q 2 -V 5 -M 3 -x 7 -c -d -r -m text -t name --quiet
    --repeat 4 --repeat-delay 0.5 --nodelay --proxy socks5h://me:a%40b@proxy:99 --will-topic will --will-payload bye
    --will-qos 1 --will-retain --cafile ca --capath dir --cert cert --key key --keyform pem --ciphers suites
    --tls-version tlsv1.3 --tls-alpn mqtt --tls-use-os-certs --insecure --unix path`.split(/\s+/)
  const options = read('pub', words)
  const expected: Partial<Options> = {
    bindAddress: '127.0.0.2',
    host: 'example',
    port: 1,
    keepAliveSeconds: 9,
    qos: 2,
    protocolVersion: 5,
    inFlightMax: 3,
    sessionExpiryInterval: 7,
    cleanStart: false,
    isDebug: true,
    retain: true,
    messageMode: 'message',
    topicName: 'name',
    isQuiet: true,
    repeatCount: 4,
    repeatDelayMs: 500,
    noDelay: true,
    proxy: { host: 'proxy', port: 99, userName: 'me', password: 'a@b' },
    willTopicName: 'will',
    willQos: 1,
    willRetain: true,
    unixPath: 'path',
  }
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, Reflect.get(options, key)])), expected)
  assert.equal(String(options.message), 'text')
  assert.equal(String(options.userName), 'user')
  assert.equal(String(options.password), 'word')
  assert.equal(String(options.clientIdentifier), 'id')
  assert.equal(String(options.willPayload), 'bye')
  const { caFile, caPath, certificateFile, keyFile, keyForm, ciphers, version, alpn } = options.tls
  const tls = [caFile, caPath, certificateFile, keyFile, keyForm, ciphers, version, alpn]
  assert.deepEqual(tls, ['ca', 'dir', 'cert', 'key', 'pem', 'suites', 'tlsv1.3', 'mqtt'])
  assert.ok(options.tls.useOperatingSystemCertificates && options.tls.isInsecure)
})

test('every flag of sub is kept where the tool looks for it', () => {
  const words = `-t a -t b/# -T c -U d -C 5 -E -F %t -N -R -v -W 6 --pretty --random-filter 50 --remove-retained
    --retain-as-published --psk aabb --psk-identity me -I prefix`.split(/\s+/)
  const options = read('sub', words)
  assert.deepEqual([options.topicFilters, options.filtersOut, options.unsubscribeFilters], [['a', 'b/#'], ['c'], ['d']])
  assert.deepEqual([options.messageCount, options.timeoutSeconds, options.randomFilter], [5, 6, 500])
  assert.deepEqual(
    [options.endsLines, options.skipRetained, options.isVerbose, options.isPretty],
    [false, true, true, true],
  )
  assert.ok(options.exitOnceSubscribed && options.removeRetained && options.retainAsPublished)
  assert.deepEqual([String(options.format), options.clientIdentifierPrefix], ['%t', 'prefix'])
  assert.deepEqual([options.tls.pskHex, options.tls.pskIdentity], ['aabb', 'me'])
  assert.ok(read('sub', ['-t', 'a', '--retained-only']).retainedOnly)
})

test('the flags of mosquitto 2.1 are known in native mode', () => {
  const sub = '-t a --retain-handling never --message-rate --json-compat 2.0 --ws --no-tls --tls-keylog keys -S -w'
  const options = readNative('sub', sub.split(' '))
  assert.deepEqual(
    [options.retainHandling, options.showRate, options.jsonShape, options.webSocket],
    [2, true, '2.0', true],
  )
  assert.deepEqual(
    [options.tls.isOff, options.tls.keyLogFile, options.lookUpService, options.watch],
    [true, 'keys', true, true],
  )
  assert.ok(readNative('rr', ['-t', 'a', '-e', 'b', '-n', '--latency']).showLatency)
  assert.ok(readNative('pub', ['-t', 'a', '-n', '--require-subscribers', '-q', '1']).requireSubscribers)
  assert.throws(() => readNative('sub', ['-t', 'a', '--retain-handling', 'maybe']), UsageError)
  assert.throws(() => readNative('sub', ['-t', 'a', '--json-compat', '3']), UsageError)
})

test('drop-in mode begins with 3.1.1, rr and native mode with 5.0, and -D makes it 5.0', () => {
  assert.equal(read('pub', []).protocolVersion, 4)
  assert.equal(read('sub', ['-t', 'a']).protocolVersion, 4)
  assert.equal(read('rr', []).protocolVersion, 5)
  assert.equal(readNative('pub', []).protocolVersion, 5)
  assert.equal(read('pub', ['-V', '31', '-D', 'publish', 'content-type', 'x']).protocolVersion, 5)
  assert.equal(read('pub', ['-D', 'publish', 'content-type', 'x', '-V', '311']).protocolVersion, 4)
})

test('a URL gives host, port, user and topic, and later flags override it', () => {
  const options = read('sub', ['-L', 'mqtt://me:word@example:99/a/b', '-t', 'c', '-p', '7'])
  assert.deepEqual([options.host, options.port, options.topicFilters], ['example', 7, ['a/b', 'c']])
  assert.deepEqual([String(options.userName), String(options.password)], ['me', 'word'])
  assert.equal(read('pub', ['-L', 'mqtts://example/a']).port, 8883)
  assert.equal(read('pub', ['-L', 'mqtts://example/a']).tls.useOperatingSystemCertificates, true)
  assert.deepEqual(readNative('pub', ['-L', 'ws://[::1]:81/a']).host, '::1')
})

test('defaults files are read one flag a line, ours before theirs, and -o names another', () => {
  const home = temporaryDirectory()
  mkdirSync(join(home, '.config'))
  const theirs = join(home, '.config', 'mosquitto_pub')
  writeFileSync(theirs, '# a comment\n\n-h theirs\n  -i two  words \r\n-r\n-t topic name')
  const environment = { HOME: home }
  const options = read('pub', ['-q', '1'], environment)
  assert.deepEqual([options.host, options.retain, options.topicName, options.qos], ['theirs', true, 'topic name', 1])
  assert.equal(String(options.clientIdentifier), 'two  words ')
  assert.equal(readNative('pub', [], environment).host, 'theirs')
  writeFileSync(join(home, '.config', 'pabal_pub'), '-h ours\n')
  assert.equal(readNative('pub', [], environment).host, 'ours')
  assert.equal(read('pub', [], environment).host, 'theirs')
  assert.equal(read('pub', [], { HOME: home, XDG_CONFIG_HOME: '/nonexistent' }).host, null)
  assert.equal(readNative('pub', ['-o', theirs, '-h', 'typed'], environment).host, 'typed')
  assert.throws(() => readNative('pub', ['-o', '/nonexistent/file']), /Unable to read the defaults file/)
})

test('bytes of a message that are no text are kept', () => {
  const argumentBytes = [Buffer.from('-m'), Buffer.from([0xff, 0xfe]), Buffer.from('-t'), Buffer.from('a')]
  const options = readArguments({ invocation: dropInInvocation('pub'), argumentBytes, environment: {} })
  assert.deepEqual([...options.message], [0xff, 0xfe])
  const wrongTopic = [Buffer.from('-t'), Buffer.from([0xff])]
  assert.throws(
    () => readArguments({ invocation: dropInInvocation('pub'), argumentBytes: wrongTopic, environment: {} }),
    /Malformed UTF-8 in -t argument/,
  )
})
