import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { crc32c } from './crc32c.ts'
import { type ProxiedClient, type ProxyHeader, ProxyHeaderFault, readProxyHeader } from './proxy-header.ts'

const signature = '0d0a0d0a000d0a515549540a'
const four = 'c0000201c0000202c488075b'
const six = `20010db8${'0'.repeat(23)}1${'0'.repeat(31)}1c488075b`
const known = (address: string, port: number): ProxiedClient => ({ type: 'known', address, port })
const text = (line: string) => Buffer.from(line, 'latin1')
const binary = (rest: string) => Buffer.from(signature + rest, 'hex')
/** With the checksum of the whole between what stands before and behind it. */
const checked = (before: string, behind = '') => {
  const zeros = binary(`${before}03000400000000${behind}`)
  return Buffer.from(zeros.toString('hex').replace('03000400000000', `030004${hex(crc32c(zeros))}`), 'hex')
}
const damagedAt = (at: number, bytes: Buffer) => bytes.fill(0x77, at, at + 1)
const hex = (checksum: number) => checksum.toString(16).padStart(8, '0')
const unixAddresses = '2f'.repeat(216)

const accepted: [name: string, bytes: Buffer, client: ProxiedClient][] = [
  ['TCP4 in text', text('PROXY TCP4 192.0.2.1 192.0.2.2 50312 1883\r\n'), known('192.0.2.1', 50312)],
  ['TCP6 in text', text('PROXY TCP6 2001:db8:0:0::1 ::1 0 65535\r\n'), known('2001:db8::1', 0)],
  ['TCP6 with an IPv4 address in it', text('PROXY TCP6 ::ffff:192.0.2.1 ::1 5 6\r\n'), known('192.0.2.1', 5)],
  [
    'the longest text',
    text(`PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`),
    known('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 65535),
  ],
  ['UNKNOWN', text('PROXY UNKNOWN\r\n'), { type: 'unknown' }],
  ['UNKNOWN with addresses', text('PROXY UNKNOWN 192.0.2.1 x 7\r\n'), { type: 'unknown' }],
  ['IPv4 in bytes', binary(`2111000c${four}`), known('192.0.2.1', 50312)],
  ['IPv6 in bytes', binary(`21210024${six}`), known('2001:db8::1', 50312)],
  [
    'IPv4 within IPv6 in bytes',
    binary(`21210024${'0'.repeat(20)}ffffc0000201${'0'.repeat(32)}c488075b`),
    known('192.0.2.1', 50312),
  ],
  ['additions', binary(`21110017${four}0500020102ee0003616263`), known('192.0.2.1', 50312)],
  ['an empty addition', binary(`2111000f${four}040000`), known('192.0.2.1', 50312)],
  ['the longest additions', binary(`21110ff0${four}040fe1${'00'.repeat(4065)}`), known('192.0.2.1', 50312)],
  ['a checksum', checked(`21110013${four}`), known('192.0.2.1', 50312)],
  [
    'a checksum behind and before other additions',
    checked(`2111001b${four}040001ff`, '05000161'),
    known('192.0.2.1', 50312),
  ],
  ['a checksum, of IPv6', checked(`2121002b${six}`), known('2001:db8::1', 50312)],
  ['the proxy itself, with a wrong checksum', binary(`20110013${four}03000400000000`), { type: 'proxy' }],
  ['a Unix socket', binary(`213100d8${unixAddresses}`), { type: 'unknown' }],
  ['datagrams', binary(`2112000c${four}`), { type: 'unknown' }],
  ['no family', binary('21000000'), { type: 'unknown' }],
  ['no family, and a stream', binary('21010000'), { type: 'unknown' }],
  ['no family, and what would be addresses', binary(`21010024${six}`), { type: 'unknown' }],
  [
    'an IPv6 address that only looks as if one of IPv4 were in it',
    text('PROXY TCP6 ::ffff:1:2:3 ::1 5 6\r\n'),
    known('::ffff:1:2:3', 5),
  ],
  ['no family, and something', binary('21000003ffffff'), { type: 'unknown' }],
  ['the proxy itself', binary('20000000'), { type: 'proxy' }],
  ['the proxy itself, with addresses', binary(`2011000c${four}`), { type: 'proxy' }],
]

for (const [name, bytes, client] of accepted) {
  test(`${name}: read as soon as it is whole, and not a byte more than it`, () => {
    for (let length = 0; length < bytes.length; length++) assert.equal(readProxyHeader(bytes.subarray(0, length)), null)
    assert.deepEqual(readProxyHeader(bytes), { size: bytes.length, client })
    assert.deepEqual(readProxyHeader(Buffer.concat([bytes, text('\r\nPROXY')])), { size: bytes.length, client })
  })
}

/** `length`: with so many bytes it is refused, with one less it is waited for. */
const refused: [name: string, bytes: Buffer, length: number, message: RegExp][] = [
  ['MQTT', Buffer.from('101000044d515454', 'hex'), 1, /does not begin with/],
  ['TLS', Buffer.from('160301', 'hex'), 1, /does not begin with/],
  ['HTTP', text('POST / HTTP/1.1\r\n'), 2, /does not begin with/],
  ['small letters', text('proxy TCP4'), 1, /does not begin with/],
  ['a signature with a wrong end', Buffer.from(`${signature.slice(0, -2)}0b21`, 'hex'), 12, /does not begin with/],
  ['a line without end', text(`PROXY UNKNOWN${' '.repeat(200)}`), 107, /within 107 bytes/],
  ['a line that ends too late', text(`PROXY UNKNOWN${' '.repeat(93)}\r\n`), 107, /within 107 bytes/],
  ['an unknown family in text', text('PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n'), 36, /neither TCP4/],
  ['nothing in text', text('PROXY \r\n'), 8, /neither TCP4/],
  ['no addresses', text('PROXY TCP4\r\n'), 12, /two addresses/],
  ['no ports', text('PROXY TCP4 192.0.2.1 192.0.2.2\r\n'), 32, /two addresses/],
  ['something behind the ports', text('PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n'), 38, /two addresses/],
  ['two spaces', text('PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n'), 37, /two addresses/],
  ['IPv6 as TCP4', text('PROXY TCP4 ::1 ::1 1 2\r\n'), 24, /of TCP4/],
  ['IPv4 as TCP6', text('PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n'), 36, /of TCP6/],
  ['an address with a zone', text('PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n'), 33, /of TCP6/],
  ['an address with leading zeros', text('PROXY TCP4 192.0.2.010 192.0.2.2 1 2\r\n'), 38, /of TCP4/],
  ['a destination that is no address', text('PROXY TCP4 192.0.2.1 192.0.2.256 1 2\r\n'), 38, /two addresses/],
  ['a destination of the other family', text('PROXY TCP6 ::1 192.0.2.1 1 2\r\n'), 30, /two addresses/],
  ['a source of the other family', text('PROXY TCP4 ::1 192.0.2.1 1 2\r\n'), 30, /two addresses/],
  ['a destination port too high', text('PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n'), 40, /two ports/],
  ['a destination port that is none', text('PROXY TCP4 192.0.2.1 192.0.2.2 1 x\r\n'), 36, /two ports/],
  ['a port too high', text('PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n'), 40, /two ports/],
  ['a port with a leading zero', text('PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n'), 37, /two ports/],
  ['version 1 in bytes', binary('11110000'), 16, /unknown version/],
  ['an unknown command', binary('22110000'), 16, /unknown command/],
  ['an unknown family in bytes', binary('21410000'), 16, /unknown family/],
  ['an unknown protocol', binary('21130000'), 16, /unknown family/],
  ['too many bytes', binary('21110ff1'), 16, /has 4097 bytes, more than 4096/],
  ['the most bytes there could be', binary('2111ffff'), 16, /has 65551 bytes/],
  ['too short for IPv4', binary('2111000b0000000000000000000000'), 27, /too short/],
  ['too short for IPv6', binary(`21210023${'00'.repeat(35)}`), 51, /too short/],
  ['too short for a Unix socket', binary(`213100d7${'00'.repeat(215)}`), 231, /too short/],
  ['an addition longer than the header', binary(`21110010${four}05000261`), 32, /does not fit/],
  ['a wrong checksum', binary(`21110013${four}030004deadbeef`), 35, /checksum .* is wrong/],
  ['a damaged address with a checksum', damagedAt(20, checked(`21110013${four}`)), 35, /checksum .* is wrong/],
  ['a damaged addition with a checksum', damagedAt(31, checked(`21110017${four}040001ff`)), 39, /checksum .* is wrong/],
  ['a checksum of three bytes', binary(`21110012${four}030003000000`), 34, /no one checksum of 4 bytes/],
  ['two checksums', binary(`2111001a${four}${'03000400000000'.repeat(2)}`), 42, /no one checksum of 4 bytes/],
  ['half the head of an addition', binary(`2111000e${four}0500`), 30, /does not fit/],
]

for (const [name, bytes, length, message] of refused) {
  test(`${name}: refused at the byte that shows it`, () => {
    for (let fewer = 0; fewer < length; fewer++) assert.equal(readProxyHeader(bytes.subarray(0, fewer)), null)
    const isFault = { name: 'ProxyHeaderFault', message }
    assert.throws(() => readProxyHeader(bytes.subarray(0, length)), isFault)
    assert.throws(() => readProxyHeader(bytes), isFault)
  })
}

test('whatever comes, cut and damaged anywhere: a header within its bounds, a wait within its bounds, or a fault', () => {
  const whole = fc.constantFrom(...accepted.map(([, bytes]) => bytes), ...refused.map(([, bytes]) => bytes))
  const damage = fc.array(fc.tuple(fc.nat(63), fc.nat(255)), { maxLength: 3 })
  const property = fc.property(
    whole,
    damage,
    fc.nat(70),
    fc.uint8Array({ maxLength: 40 }),
    (header, hits, cut, tail) => {
      const damaged = Buffer.from(header)
      for (const [at, value] of hits) if (at < damaged.length) damaged[at] = value
      const bytes = Buffer.concat([damaged.subarray(0, Math.max(0, damaged.length - cut)), tail])
      const found = outcome(bytes)
      if (found === null) assert.ok(bytes.length < 4096)
      else if (found !== 'fault') {
        assert.ok(found.size <= bytes.length && found.size <= 4096)
        // Neither what comes later nor in how many pieces it comes makes a difference.
        assert.deepEqual(outcome(bytes.subarray(0, found.size)), found)
        for (const length of [1, found.size - 1]) assert.equal(outcome(bytes.subarray(0, length)), null)
      }
    },
  )
  fc.assert(property, { numRuns: 20_000 })
})

function outcome(bytes: Buffer): ProxyHeader | null | 'fault' {
  try {
    return readProxyHeader(bytes)
  } catch (error) {
    if (!(error instanceof ProxyHeaderFault)) throw error
    return 'fault'
  }
}
