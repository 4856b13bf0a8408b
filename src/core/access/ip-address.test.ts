import assert from 'node:assert/strict'
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseAddress, parseRange, remoteAddressNumber, startOf } from './ip-address.ts'

const characters = fc.constantFrom(...'0123456789abcdefF:.:.::')
const nearly = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.string({ unit: characters, maxLength: 40 }),
  fc
    .tuple(fc.ipV6(), fc.nat(40), characters)
    .map(([address, at, one]) => address.slice(0, at) + one + address.slice(at + 1)),
)

test('what is an address, is one for Node, too, and nothing else is', () => {
  fc.assert(
    fc.property(nearly, (text) => {
      assert.equal(parseAddress(text) !== null, isIP(text) !== 0, text)
    }),
    { numRuns: 20_000 },
  )
})

test('an address is in a range exactly when it is for Node', () => {
  const cases = fc.oneof(
    fc.tuple(fc.ipV4(), fc.ipV4(), fc.nat(32)),
    fc.tuple(fc.ipV6(), fc.ipV6(), fc.nat(128)),
    fc.tuple(fc.nat(128), fc.ipV6()).map(([bits, address]) => [address, address, bits] as const),
  )
  fc.assert(
    fc.property(cases, ([base, address, bits]) => {
      fc.pre(isIPv4(base) === isIPv4(address))
      const list = new BlockList()
      list.addSubnet(base, bits, isIPv6(base) ? 'ipv6' : 'ipv4')
      const range = parseRange(`${base}/${bits}`)
      const number = parseAddress(address)
      assert.ok(range !== null && number !== null)
      assert.equal(startOf(number, range.bits) === range.start, list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'))
    }),
    { numRuns: 5000 },
  )
})

test('an address has one number however it is written, also one of IPv4 within IPv6', () => {
  const same = [
    ['2001:db8::1', '2001:0DB8:0:0:0:0:0:1', '2001:db8:0:0::1'],
    ['192.0.2.1', '::ffff:192.0.2.1', '::ffff:c000:201'],
    ['::', '0:0:0:0:0:0:0:0'],
  ]
  for (const [first = '', ...others] of same) {
    for (const other of others) assert.equal(parseAddress(other), parseAddress(first), other)
  }
})

test('a range that is none is not taken for one', () => {
  for (const text of ['10.0.0.0', '10.0.0.0/33', '::/129', '/8', '10.0.0/8', '10.0.0.0/', '10.0.0.0/-1', '::1%lo/64']) {
    assert.equal(parseRange(text), null, text)
  }
})

test('the address of a connection is found in how it is written, and none behind a socket of the file system', () => {
  assert.equal(remoteAddressNumber('192.0.2.1:50312'), parseAddress('192.0.2.1'))
  assert.equal(remoteAddressNumber('[2001:db8::1]:50312'), parseAddress('2001:db8::1'))
  assert.equal(remoteAddressNumber('[fe80::1%eth0]:50312'), parseAddress('fe80::1'))
  assert.equal(remoteAddressNumber('[::ffff:192.0.2.1]:50312'), parseAddress('192.0.2.1'))
  assert.equal(remoteAddressNumber('unix:/run/pabal.sock'), null)
  assert.equal(remoteAddressNumber(''), null)
})
