import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Ban, type BanKind, BanList, type Bannable, banKinds, isOf, whoFault } from './ban-list.ts'
import { parseAddress } from './ip-address.ts'

function banOf(as: BanKind, who: string, untilMs = Number.POSITIVE_INFINITY): Ban {
  return { as, who, reason: '', by: 'a test', atMs: 0, untilMs }
}

function client(fields: Partial<Omit<Bannable, 'address'>> & { address?: string }): Bannable {
  const { address, ...names } = fields
  const number = address === undefined ? null : parseAddress(address)
  return { clientIdentifier: null, userName: null, account: null, ...names, address: number }
}

test('a ban keeps out whom it names, by each kind, and nobody else', () => {
  const bans = new BanList()
  bans.put(banOf('clientid', 'c'))
  bans.put(banOf('username', 'u'))
  bans.put(banOf('peerhost', '2001:db8::1'))
  bans.put(banOf('peerhost_net', '10.0.0.0/8'))
  const found = (fields: Parameters<typeof client>[0]) => bans.find(client(fields), 0)?.as ?? null
  assert.equal(found({ clientIdentifier: 'c' }), 'clientid')
  assert.equal(found({ userName: 'u' }), 'username')
  assert.equal(found({ account: 'u' }), 'username')
  assert.equal(found({ address: '2001:0db8:0::1' }), 'peerhost')
  assert.equal(found({ address: '10.20.30.40' }), 'peerhost_net')
  assert.equal(found({ address: '::ffff:10.20.30.40' }), 'peerhost_net')
  assert.equal(found({ clientIdentifier: 'u', userName: 'c', account: 'c', address: '11.0.0.1' }), null)
  assert.equal(bans.size, 4)
})

test('a ban that is over keeps nobody out, from its very millisecond on', () => {
  for (const as of banKinds) {
    const who = as === 'peerhost' ? '::1' : as === 'peerhost_net' ? '::/16' : 'x'
    const bans = new BanList()
    bans.put(banOf(as, who, 1000))
    const whoever = client({ clientIdentifier: 'x', userName: 'x', address: '::1' })
    assert.equal(bans.find(whoever, 999)?.as, as)
    assert.equal(bans.find(whoever, 1000), null)
  }
})

test('of one that is over and one that is not, the other one keeps a client out', () => {
  const bans = new BanList()
  bans.put(banOf('clientid', 'c', 10))
  bans.put(banOf('peerhost_net', '10.0.0.0/8', 10))
  bans.put(banOf('peerhost_net', '10.1.0.0/16'))
  assert.equal(bans.find(client({ clientIdentifier: 'c', address: '10.1.2.3' }), 20)?.who, '10.1.0.0/16')
})

test('whatever is banned and lifted, a client is found exactly if one of the bans is of it', () => {
  const whoOf = (as: BanKind) =>
    as === 'peerhost'
      ? fc.constantFrom('10.0.0.1', '10.0.0.2', '::1', '::ffff:10.0.0.1')
      : as === 'peerhost_net'
        ? fc.constantFrom('10.0.0.0/8', '10.0.0.1/8', '10.0.0.1/32', '::/0', '::1/64', '11.0.0.0/8')
        : fc.constantFrom('a', 'b', '__proto__', 'constructor')
  const step = fc.constantFrom(...banKinds).chain((as) => fc.tuple(fc.boolean(), fc.constant(as), whoOf(as)))
  const name = fc.option(fc.constantFrom('a', 'b', '__proto__', 'constructor', 'toString'))
  const someone = fc.record({ clientIdentifier: name, userName: name, account: name })
  const address = fc.constantFrom('10.0.0.1', '10.0.0.3', '11.0.0.1', '::1', '::2', '2001:db8::1')
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), someone, address, (steps, names, from) => {
      const bans = new BanList()
      for (const [puts, as, who] of steps) puts ? bans.put(banOf(as, who)) : bans.delete(as, who)
      const all = [...bans.values()]
      assert.equal(all.length, bans.size)
      const whoever: Bannable = { ...names, address: parseAddress(from) }
      assert.equal(
        bans.find(whoever, 0) !== null,
        all.some((ban) => isOf(ban)(whoever)),
      )
    }),
    { numRuns: 5000 },
  )
})

test('a hundred thousand bans cost whoever connects no more looks than one ban does', () => {
  const bans = new BanList()
  for (let index = 0; index < 25_000; index++) {
    const [high, low] = [index >> 8, index & 255]
    bans.put(banOf('clientid', `c${index}`))
    bans.put(banOf('username', `u${index}`))
    bans.put(banOf('peerhost', `10.1.${high}.${low}`))
    bans.put(banOf('peerhost_net', `172.${high}.${low}.0/24`))
  }
  assert.equal(bans.size, 100_000)
  const looks = countLooks(() =>
    bans.find(client({ clientIdentifier: 'c', userName: 'u', account: 'a', address: '1.2.3.4' }), 0),
  )
  assert.equal(looks, 5, 'three names, the address, and one length of prefix')
})

function countLooks(look: () => unknown): number {
  const { get } = Map.prototype
  let looks = 0
  Map.prototype.get = function (this: Map<unknown, unknown>, key: unknown) {
    looks += 1
    return get.call(this, key)
  }
  try {
    look()
  } finally {
    Map.prototype.get = get
  }
  return looks
}

test('what cannot be banned is told with what is expected', () => {
  assert.match(whoFault('peerhost', '10.0.0.0/8') ?? '', /an address/)
  assert.match(whoFault('peerhost_net', '10.0.0.1') ?? '', /a range/)
  assert.match(whoFault('clientid', '') ?? '', /a Client Identifier/)
  for (const who of ['a\u0000b', '\ud800', 'x'.repeat(65_536)])
    assert.match(whoFault('username', who) ?? '', /a User Name/)
  assert.equal(whoFault('clientid', '"><script>'), null)
})
