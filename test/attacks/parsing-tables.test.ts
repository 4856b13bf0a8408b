/**
 * What decoders get wrong, tried exhaustively on the decoder and the core themselves: each property in each packet, each string in
 * each field, each packet cut at each byte. Named after where others failed.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PacketDecoder, ProtocolViolation } from '../../src/protocol/index.ts'
import { runScript } from '../fuzz/guided.ts'
import { connects, encode, samples } from '../packets/generate.ts'
import { DrivenCore } from '../support/driven-core.ts'
import { connectPacket, field, packet, sized } from '../support/packet-hex.ts'

const limits = { connectBytesMax: 65_536, packetBytesMax: 65_536, propertiesMax: 100 }
const connect = connectPacket(5, 2, field('c'))

/** What becomes of a packet of 5.0, behind CONNECT unless it is one: null if it is taken, or the Reason Code. */
function verdict(digits: string): number | null {
  const decoder = new PacketDecoder({ role: 'server', ...limits })
  decoder.push(Buffer.from(digits.startsWith('10') ? digits : connect + digits, 'hex'))
  try {
    while (decoder.next() !== null);
    assert.equal(decoder.bufferedBytes, 0, 'the packet is whole')
    return null
  } catch (error) {
    assert.ok(error instanceof ProtocolViolation, String(error))
    return error.reasonCode
  }
}

/** Every packet of a client that has properties, around the properties given. */
const packets: Readonly<Record<string, (properties: string) => string>> = {
  connect: (properties) => connectPacket(5, 2, field('c'), properties),
  will: (properties) => connectPacket(5, 6, `${field('c')}${sized(properties)}${field('w')}${field('x')}`),
  publish: (properties) => packet('30', field('t'), sized(properties), '78'),
  puback: (properties) => packet('40', '0001', '00', sized(properties)),
  pubrec: (properties) => packet('50', '0001', '00', sized(properties)),
  pubrel: (properties) => packet('62', '0001', '00', sized(properties)),
  pubcomp: (properties) => packet('70', '0001', '00', sized(properties)),
  subscribe: (properties) => packet('82', '0001', sized(properties), field('t'), '00'),
  unsubscribe: (properties) => packet('a2', '0001', sized(properties), field('t')),
  disconnect: (properties) => packet('e0', '00', sized(properties)),
  // Authentication Data needs a method beside it.
  auth: (properties) => packet('f0', '18', sized(properties)),
}
const answers = ['puback', 'pubrec', 'pubrel', 'pubcomp', 'disconnect', 'auth']
const messages = ['publish', 'will']

/** Section 2.2.2.2: each property with a value, and the packets of a client it may stand in. */
const table: readonly (readonly [property: string, within: readonly string[]])[] = [
  ['0101', messages],
  ['0200000005', messages],
  [`03${field('x')}`, messages],
  [`08${field('r')}`, messages],
  [`09${field('x')}`, messages],
  ['0b05', ['subscribe']],
  ['1100000005', ['connect', 'disconnect']],
  [`12${field('x')}`, []],
  ['130005', []],
  [`15${field('x')}`, ['connect', 'auth']],
  ['1701', ['connect']],
  ['1800000005', ['will']],
  ['1901', ['connect']],
  [`1a${field('x')}`, []],
  [`1c${field('x')}`, []],
  [`1f${field('x')}`, answers],
  ['210005', ['connect']],
  ['220005', ['connect']],
  ['230005', ['publish']],
  ['2401', []],
  ['2501', []],
  [`26${field('n')}${field('v')}`, Object.keys(packets)],
  ['2700000100', ['connect']],
  ['2801', []],
  ['2901', []],
  ['2a01', []],
  ['0001', []],
  ['7e01', []],
]

test('EMQX #16354, #16515: each property is taken once in the packets of the table, and nowhere else', () => {
  for (const [property, within] of table) {
    for (const [name, around] of Object.entries(packets)) {
      const text = `property ${property} in ${name}`
      const isAllowed = within.includes(name)
      if (isAllowed) assert.equal(verdict(around(property)), null, text)
      else assert.ok([0x81, 0x82].includes(verdict(around(property)) ?? 0), text)
      const twice = verdict(around(property + property))
      if (isAllowed && property.startsWith('26')) assert.equal(twice, null, text)
      else assert.ok([0x81, 0x82].includes(twice ?? 0), `${text}, twice`)
    }
  }
})

/** Bytes that are no text of MQTT: U+0000, surrogates, overlong forms, beyond Unicode, cut and stray bytes. */
const badText = [
  ...['00', '6100', '0061', '610061', 'c080', 'c0af', 'c1bf', 'e08080', 'e0809f', 'e09fbf', 'f0808080', 'f08fbfbf'],
  ...['eda080', 'edadbf', 'edae80', 'edafbf', 'edb080', 'edbfbf', 'eda080edb080', '61eda08061'],
  ...['f4908080', 'f5808080', 'f8888080', 'fc8080808080', 'fe', 'ff', '80', 'bf', '8080', '6180', 'fffe'],
  ...['c2', 'c3', '61c3', 'e0a0', 'e282', 'ef', 'efbf', 'f0', 'f09f', 'f09f98', 'c328', 'e28228', 'f09f9828'],
]
/** Text like any other: a byte order mark, U+FFFF, control characters, the last of each length. */
const goodText = [
  'efbbbf',
  'efbbbf61',
  'efbfbf',
  'efbfbe',
  '7f',
  '01',
  '1f',
  'c280',
  'dfbf',
  'ed9fbf',
  'ee8080',
  'f48fbfbf',
]

function text(bytes: string): string {
  return field(Buffer.from(bytes, 'hex'))
}

/** Every string a client may send, around its bytes. */
const fields: Readonly<Record<string, (bytes: string) => string>> = {
  clientIdentifier: (bytes) => connectPacket(5, 2, text(bytes)),
  userName: (bytes) => connectPacket(5, 0x82, field('c') + text(bytes)),
  willTopic: (bytes) => connectPacket(5, 6, `${field('c')}00${text(bytes)}${field('x')}`),
  topicName: (bytes) => packet('30', text(bytes), '00'),
  topicFilter: (bytes) => packet('82', '0001', '00', text(bytes), '00'),
  unsubscribed: (bytes) => packet('a2', '0001', '00', text(bytes)),
  authenticationMethod: (bytes) => connectPacket(5, 2, field('c'), `15${text(bytes)}`),
  contentType: (bytes) => packet('30', field('t'), sized(`03${text(bytes)}`)),
  responseTopic: (bytes) => packet('30', field('t'), sized(`08${text(bytes)}`)),
  reasonString: (bytes) => packet('40', '0001', '00', sized(`1f${text(bytes)}`)),
  userPropertyName: (bytes) => packet('30', field('t'), sized(`26${text(bytes)}${field('v')}`)),
  userPropertyValue: (bytes) => packet('30', field('t'), sized(`26${field('n')}${text(bytes)}`)),
}

test('VerneMQ 1.12, mosquitto 2.0.16: bytes that are no text are refused in every field, and text is taken', () => {
  for (const [name, around] of Object.entries(fields)) {
    for (const bytes of badText) assert.equal(verdict(around(bytes)), 0x81, `${bytes} as ${name}`)
    for (const bytes of goodText) assert.equal(verdict(around(bytes)), null, `${bytes} as ${name}`)
  }
})

test('NanoMQ #2268, #2270, #1181, #1722: every packet cut at every byte is refused or taken by decoder and core, without an error of ours', () => {
  const driven = new DrivenCore()
  const seed = 20_261_125
  const first = encode(fc.sample(connects(5), { numRuns: 1, seed })[0] ?? assert.fail(), 5)
  const others = fc
    .sample(samples, { numRuns: 400, seed })
    .filter(({ role, version }) => role === 'server' && version === 5)
  const whole = others.map(({ packet: each }) => encode(each, 5))
  const ownConnects = fc.sample(connects(5), { numRuns: 30, seed }).map((each) => encode(each, 5))
  let cuts = 0
  for (const bytes of [...whole, ...ownConnects]) {
    // Only short packets have their Remaining Length in one byte.
    const bodyAt = (bytes[1] ?? 0) < 0x80 ? 2 : 3
    for (let end = bodyAt; end < bytes.length; end++) {
      const length = end - bodyAt
      const head = length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7]
      // Its Remaining Length says so, or says that there is more.
      const isShorter = Buffer.concat([bytes.subarray(0, 1), Buffer.from(head), bytes.subarray(bodyAt, end)])
      for (const cut of [isShorter, bytes.subarray(0, end)]) {
        cuts += 1
        const packets = (bytes[0] ?? 0) === 0x10 ? [cut] : [first, cut]
        runScript(driven, { version: 5, packets, ending: 'close' })
      }
    }
  }
  assert.ok(cuts > 5000, `${cuts}`)
})
