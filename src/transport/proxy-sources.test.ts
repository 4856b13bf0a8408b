import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProxySources, readRange } from './proxy-sources.ts'

const sources = new ProxySources(['192.0.2.7', '10.0.0.0/8', '2001:db8::/32', '198.51.100.128/25'])

for (const [address, isIncluded] of [
  ['192.0.2.7', true],
  ['::ffff:192.0.2.7', true],
  ['192.0.2.8', false],
  ['10.255.0.1', true],
  ['11.0.0.1', false],
  ['198.51.100.127', false],
  ['198.51.100.128', true],
  ['::ffff:198.51.100.127', false],
  ['::ffff:198.51.100.128', true],
  ['2001:db8:ffff::1', true],
  ['2001:db9::1', false],
  ['::ffff:0a00:1', true],
  ['', false],
  ['10.0.0', false],
] as const) {
  test(`"${address}" is ${isIncluded ? '' : 'not '}among them`, () =>
    assert.equal(sources.include(address), isIncluded))
}

test('none means nobody, and /0 everybody of its family', () => {
  assert.equal(new ProxySources([]).include('127.0.0.1'), false)
  const all = new ProxySources(['0.0.0.0/0'])
  assert.equal(all.include('203.0.113.9'), true)
  assert.equal(all.include('2001:db8::1'), false)
})

test('a range is an address with at most as many bits as it has', () => {
  assert.deepEqual(readRange('::/128'), { address: '::', prefix: 128, family: 'ipv6' })
  for (const text of ['10.0.0.0/33', '::/129', '10.0.0.0/', '/8', 'a.example', 'fe80::1%eth0/64', '10.0.0.0/8/8']) {
    assert.equal(readRange(text), null, text)
  }
})
