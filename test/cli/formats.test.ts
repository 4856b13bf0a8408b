/**
 * What `-F`, `-v`, `-N` and `--pretty` print: the same messages through Debian's tool and through our printer.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { MqttClient } from '../../src/cli/client/mqtt-client.ts'
import { openChannel } from '../../src/cli/client/open-channel.ts'
import { parseJson, printJson } from '../../src/cli/mosquitto/json-payload.ts'
import { MessagePrinter } from '../../src/cli/mosquitto/message-printer.ts'
import type { Moment, ReceivedMessage } from '../../src/cli/mosquitto/received-message.ts'
import { strftime } from '../../src/cli/mosquitto/strftime.ts'
import { publish } from '../../src/protocol/packets/publish.ts'
import { startBroker, type TestBroker } from './broker.ts'
import { assertNoDifferences } from './golden.ts'
import { normalise, runDebian } from './tools.ts'

process.env.TZ = 'Asia/Seoul'
let broker: TestBroker

const noise = Buffer.from([
  0x62, 0x00, 0x01, 0xff, 0xfe, 0x22, 0x5c, 0x0a, 0x09, 0x2f, 0x7f, 0xc3, 0xa9, 0x1f, 0x08, 0x0d,
])
/** Retained messages by Topic Name; the same ones reach both printers. */
const messages: Readonly<Record<string, { payload: Buffer; flags: string }>> = {
  'format/full': {
    payload: Buffer.from('hello world'),
    flags: `-D publish content-type text/x -D publish correlation-data corr -D publish payload-format-indicator 1
      -D publish response-topic re/sp -D publish user-property k1 v1 -D publish user-property k2 v2
      -D publish user-property k1 v3`,
  },
  'format/plain': { payload: Buffer.from('plain'), flags: '' },
  'format/커피': { payload: Buffer.from('커피는 맥심'), flags: '' },
  'format/noise': { payload: noise, flags: '' },
  'format/json': {
    payload: Buffer.from('{"a": [1,2.50,1e3,"x\\u00e9\\/"],"b":null , "c":true,"d":{},"e":[]}'),
    flags: '',
  },
}
const formats = [
  '%A|%C|%D|%E|%F|%l|%m|%P|%p|%q|%R|%r|%S|%t|%x|%X|%%',
  '%10A|%10C|%10D|%10E|%10F|%10l|%10m|%10P|%10p|%10q|%10R|%10r|%10S|%10t|%10x|%10X|%10%',
  '%-10A|%-10C|%-10D|%-10E|%-10F|%-10l|%-10m|%-10P|%-10p|%-10q|%-10R|%-10r|%-10S|%-10t|%-10x|%-10X|',
  '%010A|%010C|%010E|%010F|%010l|%010m|%010P|%010p|%010q|%010R|%010r|%010S|%010t|%010x|%010X|',
  '%10.3A|%10.3C|%10.3E|%10.3F|%10.3l|%10.3m|%10.3p|%10.3R|%10.3S|%10.3t|%10.3x|%10.3X|',
  '%.3C|%.3R|%.3t|%.3p|%.3l|%.3x|%.2E|%-10.3t|%-10.3C|%-010l|%-010x|%0U|%010t|%.0t|%5.t|%.t|%-.2t|',
  '%30x|%-30x|%030x|%.2x|%30.2x|%3x|%4x|%5x|%7x|%08x|%04p|%-2p|%3p|%005l|%0.3l|%00.3l|',
  '%30I|%-30I|%10.4I|%040I|%35U|%-35U|',
  '%j',
  '%5j%J',
  'a%Jb',
  'a\\tb\\nc\\rd\\ae\\vf\\0g\\eh\\\\i@@',
  '@Y-@m-@d @z @Z',
  '@a @A @b @B @C @d @D @e @F @g @G @h @j @m @n @p @P @t @u @U @V @w @W @x @y @Y @+ @%',
  '@Q@E@O@!@f@i@q@v@L@J@K@o',
  'é %t ü @ü',
  '',
]

before(async () => {
  broker = await startBroker()
  for (const [topicName, { payload, flags }] of Object.entries(messages)) {
    const words = ['-h', '127.0.0.1', '-p', String(broker.port), '-r', '-q', '1', '-t', topicName, '-s']
    const properties = flags.split(/\s+/).filter((word) => word !== '')
    await runDebian('pub', [...words, ...properties], { input: payload })
  }
})

after(() => broker.stop())

/** The retained message as our own client gets it. */
async function receive(topicName: string, protocolVersion: 4 | 5): Promise<ReceivedMessage> {
  const received = Promise.withResolvers<ReceivedMessage>()
  const settings = { clientIdentifier: '', cleanStart: true, keepAliveSeconds: 60, userName: null, password: null }
  const client = new MqttClient(
    { ...settings, protocolVersion, will: null, properties: {}, inFlightMax: 20 },
    { onMessage: (message) => received.resolve(message) },
  )
  const place = { host: '127.0.0.1', port: broker.port, bindAddress: null, noDelay: false, proxy: null }
  await client.connect(await openChannel({ ...place, tls: null, webSocket: false }))
  const subscription = { topicFilter: topicName, qos: 1, noLocal: false, retainAsPublished: false } as const
  await client.subscribe(
    [{ ...subscription, retainHandling: 0 }],
    protocolVersion === 5 ? { subscriptionIdentifier: 7 } : {},
  )
  const message = await received.promise
  await client.disconnect()
  return message
}

async function compare(
  version: 4 | 5,
  variants: readonly { words: string[]; printer: MessagePrinter }[],
): Promise<void> {
  const differences: string[] = []
  for (const topicName of Object.keys(messages)) {
    const message = await receive(topicName, version)
    for (const { words, printer } of variants) {
      const common = ['-h', '127.0.0.1', '-p', String(broker.port), '-t', topicName, '-C', '1', '-q', '1']
      const versionWords = version === 5 ? ['-D', 'subscribe', 'subscription-identifier', '7'] : ['-V', '311']
      const theirs = normalise(await runDebian('sub', [...common, ...versionWords, ...words]))
      const { bytes, complaint } = printer.print(message)
      const stderr = Buffer.from(complaint).toString('latin1')
      const ours = normalise({ stdout: bytes.toString('latin1'), stderr, code: 0 })
      if (JSON.stringify(theirs) === JSON.stringify(ours)) continue
      differences.push(`${topicName} ${words.join(' ')}\n  ${JSON.stringify(theirs)}\n  ${JSON.stringify(ours)}`)
    }
  }
  assertNoDifferences(differences)
}

const plain = { format: null, isVerbose: false, isPretty: false, endsLines: true, jsonShape: '2.0' } as const

for (const version of [4, 5] as const) {
  test(`every sequence, flag, width and precision prints what the Debian tool prints, version ${version}`, async () => {
    const variants = formats.map((format) => {
      return { words: ['-F', format], printer: new MessagePrinter({ ...plain, format: Buffer.from(format) }, true) }
    })
    await compare(version, variants)
  })
}

test('plain, verbose, joined and pretty messages print as the Debian tool prints them', async () => {
  const pretty = { ...plain, isPretty: true }
  await compare(5, [
    { words: [], printer: new MessagePrinter(plain, true) },
    { words: ['-v'], printer: new MessagePrinter({ ...plain, isVerbose: true }, true) },
    { words: ['-N'], printer: new MessagePrinter({ ...plain, endsLines: false }, true) },
    { words: ['-v', '-N'], printer: new MessagePrinter({ ...plain, isVerbose: true, endsLines: false }, true) },
    { words: ['-F', '%j', '--pretty'], printer: new MessagePrinter({ ...pretty, format: Buffer.from('%j') }, true) },
    { words: ['-F', '%J', '--pretty'], printer: new MessagePrinter({ ...pretty, format: Buffer.from('%J') }, true) },
    {
      words: ['-F', '%p', '-N'],
      printer: new MessagePrinter({ ...plain, format: Buffer.from('%p'), endsLines: false }, true),
    },
  ])
})

const moment: Moment = { date: new Date('2026-11-23T23:28:39.027Z'), nanoseconds: 27_851_000 }

function print(format: string, message: ReceivedMessage, shape: '2.0' | '2.1', isDropIn = false): string {
  const printer = new MessagePrinter(
    { ...plain, format: Buffer.from(format), jsonShape: shape, endsLines: false },
    isDropIn,
  )
  return printer.print(message, moment).bytes.toString()
}

test('the JSON of mosquitto 2.1 has a boolean retain and a list of User Properties', () => {
  const userProperties = [
    ['a', '1'],
    ['a', '2'],
  ] as const
  const message = publish({
    topicName: 't',
    payload: Buffer.from('a\0b'),
    qos: 1,
    packetId: 9,
    retain: true,
    properties: { userProperties },
  })
  assert.equal(
    print('%j', message, '2.1'),
    '{"tst":"2026-11-24T08:28:39.027851Z+0900","topic":"t","qos":1,"retain":true,"payloadlen":3,"mid":9,' +
      '"properties":{"user-properties":[{"a":"1"},{"a":"2"}]},"payload":"a\\u0000b"}',
  )
  assert.equal(
    print('%j', message, '2.0'),
    '{"tst":"2026-11-24T08:28:39.027851Z+0900","topic":"t","qos":1,"retain":1,"payloadlen":3,"mid":9,' +
      '"properties":{"user-properties":{"a":"1","a":"2"}},"payload":"a"}',
  )
})

test('an empty message is null in JSON and verbose output, and nothing in plain output', () => {
  const message = publish({ topicName: 't' })
  assert.match(print('%j', message, '2.1'), /"payload":null}$/)
  assert.match(print('%J', message, '2.1'), /"payload":null}$/)
  assert.equal(new MessagePrinter({ ...plain, isVerbose: true }, false).print(message).bytes.toString(), 't (null)\n')
  assert.equal(new MessagePrinter(plain, false).print(message).bytes.toString(), '\n')
})

test('native mode cuts no payload to a field width', () => {
  const message = publish({ topicName: 't', payload: Buffer.from('hello') })
  assert.equal(print('%3p|%7p|%-7p|%4x|%12x', message, '2.1'), 'hello|  hello|hello  |68656c6c6f|  68656c6c6f')
})

test('several Subscription Identifiers are all in the JSON', () => {
  const message = publish({ topicName: 't', properties: { subscriptionIdentifiers: [3, 300] } })
  assert.match(print('%j', message, '2.1'), /"properties":{"subscription-identifier":3,"subscription-identifier":300}/)
})

/** Left as sent, right as mosquitto-clients 2.0.11 printed it; null: not JSON in its eyes. */
const jsonPayloads: readonly (readonly [sent: string, printed: string | null])[] = [
  ['5', '5'],
  ['"x"', '"x"'],
  ['nul', null],
  ['{"a":1} x', null],
  ['[1,2', null],
  ['{"a":1,"a":2}', '{"a":1,"a":2}'],
  ['1.0', '1'],
  ['1e400', 'null'],
  ['-0', '-0'],
  ['123456789012345678901234567890', '1.2345678901234568e+29'],
  ['0.1', '0.1'],
  ['1e21', '1e+21'],
  ['"\\ud83d\\ude00 \\u0041"', '"😀 A"'],
  [' [ ] ', '[]'],
  ['{"":""}', '{"":""}'],
  ['3.14159265358979', '3.14159265358979'],
  ['3.141592653589793238', '3.1415926535897931'],
  ['0.000001', '1e-06'],
  ['1e-7', '1e-07'],
  ['-2147483649', '-2147483649'],
  ['01', '1'],
  ['+1', null],
  ['1.', '1'],
  ['.5', null],
  ['"a\tb"', '"a\\tb"'],
  ["{'a':1}", null],
  ['[1,]', null],
  ['{"a":1,}', null],
  ['1E15', '1e+15'],
  ['123456789012345678', '1.2345678901234568e+17'],
  ['12345678.9', '12345678.9'],
  ['[[[[]]]]', '[[[[]]]]'],
  ['"\\x"', null],
  ['"\\u0000z"', '""'],
  ['"\\ud83d"', null],
  ['truex', null],
  ['[1 2]', null],
  ['{"a" 1}', null],
  ['"\\/\\b\\f\\n\\r\\t\\u0001é"', '"/\\b\\f\\n\\r\\t\\u0001é"'],
  ['0x10', null],
  ['-', null],
  ['1e', null],
  ['[1-2]', null],
  ['1.5e3.2', null],
  ['\ufeff{"a":1}', '{"a":1}'],
  ['{"a":1}\0', null],
  ['{"a":[{"b":[]}]}', '{"a":[{"b":[]}]}'],
]

for (const [sent, printed] of jsonPayloads) {
  test(`a JSON payload ${JSON.stringify(sent)} prints as ${printed ?? 'no JSON'}`, () => {
    const value = parseJson(Buffer.from(sent))
    assert.equal(value === null ? null : Buffer.from(printJson(value, false), 'latin1').toString(), printed)
  })
}

test('JSON nested too deep is no JSON, and hurts nobody', () => {
  assert.notEqual(parseJson(Buffer.from('['.repeat(1000) + ']'.repeat(1000))), null)
  assert.equal(parseJson(Buffer.from('['.repeat(100_000))), null)
})

test('weeks at the turn of a year are those of the C library', () => {
  const all = (text: string): string =>
    'GgVUWju'
      .split('')
      .map((each) => strftime(each, new Date(text)))
      .join(' ')
  assert.equal(all('2027-01-01T12:00:00'), '2026 26 53 00 00 001 5')
  assert.equal(all('2024-12-30T12:00:00'), '2025 25 01 52 53 365 1')
  assert.equal(all('2023-01-01T12:00:00'), '2022 22 52 01 00 001 7')
})
