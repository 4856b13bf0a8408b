import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isLoopback, type ListenAddress, ListenUrlError, parseListenUrl, type TlsFiles } from './listen-url.ts'

const tls: TlsFiles = {
  certFile: 'c.pem',
  keyFile: 'k.pem',
  others: [],
  caFile: null,
  crlFile: null,
  identity: null,
  passphraseFile: null,
  minVersion: 'TLSv1.2',
  ciphers: null,
}
const proxies: string[] = []
const ws = { path: '/mqtt', origins: [], proxies }

type Expected = ListenAddress extends infer Address
  ? Address extends unknown
    ? Omit<Address, 'url' | 'tellsPublisher'>
    : never
  : never

const accepted: [url: string, address: Expected][] = [
  ['tcp://127.0.0.1:1883', { transport: 'tcp', host: '127.0.0.1', port: 1883, proxies }],
  ['tcp://0.0.0.0', { transport: 'tcp', host: '0.0.0.0', port: 1883, proxies }],
  ['TCP://localhost:0/', { transport: 'tcp', host: 'localhost', port: 0, proxies }],
  ['tcp://[::1]:65535', { transport: 'tcp', host: '::1', port: 65_535, proxies }],
  ['tcp://[::]', { transport: 'tcp', host: '::', port: 1883, proxies }],
  ['tcp://my-broker_1.example.org:1', { transport: 'tcp', host: 'my-broker_1.example.org', port: 1, proxies }],
  ['tls://0.0.0.0?cert=c.pem&key=k.pem', { transport: 'tls', host: '0.0.0.0', port: 8883, proxies, tls }],
  [
    'tls://[::1]:1?key=%2Ftmp%2Fa+b.pem&cert=/x/%EC%BB%A4.pem&ca=a=b.pem&passphraseFile=p',
    {
      transport: 'tls',
      host: '::1',
      port: 1,
      proxies,
      tls: { ...tls, certFile: '/x/커.pem', keyFile: '/tmp/a+b.pem', caFile: 'a=b.pem', passphraseFile: 'p' },
    },
  ],
  [
    'tls://[::1]:1?cert=c.pem&key=k.pem&ca=a&crl=r&minVersion=1.3&ciphers=A%3AB',
    {
      transport: 'tls',
      host: '::1',
      port: 1,
      proxies,
      tls: { ...tls, caFile: 'a', crlFile: 'r', minVersion: 'TLSv1.3', ciphers: 'A:B' },
    },
  ],
  [
    'tls://[::1]:1?cert=c.pem&cert=d.pem&key=k.pem&key=l.pem',
    {
      transport: 'tls',
      host: '::1',
      port: 1,
      proxies,
      tls: { ...tls, others: [{ certFile: 'd.pem', keyFile: 'l.pem' }] },
    },
  ],
  ['ws://127.0.0.1', { transport: 'ws', host: '127.0.0.1', port: 8083, ...ws }],
  ['ws://127.0.0.1:80/', { transport: 'ws', host: '127.0.0.1', port: 80, ...ws, path: '/' }],
  [
    'ws://127.0.0.1/a/b%20c?origin=HTTPS://App.Example:443/&origin=http%3A%2F%2Flocalhost:8080',
    {
      transport: 'ws',
      host: '127.0.0.1',
      port: 8083,
      path: '/a/b%20c',
      proxies,
      origins: ['https://app.example', 'http://localhost:8080'],
    },
  ],
  ['wss://0.0.0.0?cert=c.pem&key=k.pem', { transport: 'wss', host: '0.0.0.0', port: 8084, ...ws, tls }],
  [
    'wss://0.0.0.0/?origin=http://a&cert=c.pem&key=k.pem',
    { transport: 'wss', host: '0.0.0.0', port: 8084, path: '/', origins: ['http://a'], proxies, tls },
  ],
  [
    'tcp://[::]?proxyFrom=10.0.0.0/8&proxyFrom=2001:db8::7',
    { transport: 'tcp', host: '::', port: 1883, proxies: ['10.0.0.0/8', '2001:db8::7'] },
  ],
  [
    'ws://127.0.0.1?proxyFrom=0.0.0.0/0',
    { transport: 'ws', host: '127.0.0.1', port: 8083, ...ws, proxies: ['0.0.0.0/0'] },
  ],
  ['unix:///run/pabal.sock', { transport: 'unix', path: '/run/pabal.sock' }],
  ['unix:///run/a%20b%3F.sock', { transport: 'unix', path: '/run/a b?.sock' }],
  [`unix:///${'x'.repeat(106)}`, { transport: 'unix', path: `/${'x'.repeat(106)}` }],
]

describe('a listen URL is read', () => {
  for (const [url, address] of accepted) {
    test(url, () => assert.deepEqual(parseListenUrl(url), { ...address, url, tellsPublisher: true }))
  }
})

describe('report=off is taken on every transport', () => {
  const files = 'cert=c.pem&key=k.pem'
  const urls = [
    'tcp://127.0.0.1?',
    `tls://127.0.0.1?${files}&`,
    'ws://127.0.0.1?',
    `wss://127.0.0.1?${files}&`,
    'unix:///s?',
  ]
  for (const url of urls) {
    test(url, () => {
      assert.equal(parseListenUrl(`${url}report=off`).tellsPublisher, false)
      assert.equal(parseListenUrl(`${url}report=on`).tellsPublisher, true)
    })
  }
})

const schemes = 'tcp://, tls://, ws://, wss:// or unix://'
const hosts = 'Write 127.0.0.1 for this machine only, 0.0.0.0 for every IPv4 address, [::] for every address.'
const tcpOnly = 'Write 1883, which is usual, or 0 for any that is free.'
const refused: [url: string, rest: string][] = [
  ['', `found no scheme, expected ${schemes}. Write for example tcp://127.0.0.1:1883.`],
  ['127.0.0.1:1883', `found no scheme, expected ${schemes}. Write for example tcp://127.0.0.1:1883.`],
  ['unix:/run/a.sock', `found no scheme, expected ${schemes}. Write for example tcp://127.0.0.1:1883.`],
  ['mqtt://127.0.0.1', `found the scheme mqtt://, expected ${schemes}. Write tcp:// instead.`],
  ['mqtts://127.0.0.1', `found the scheme mqtts://, expected ${schemes}. Write tls:// instead.`],
  ['http://127.0.0.1', `found the scheme http://, expected ${schemes}. Write ws:// instead.`],
  ['quic://127.0.0.1', `found the scheme quic://, expected ${schemes}. Write for example tcp://127.0.0.1:1883.`],
  ['tcp://', `found no host, expected an IPv4 address, a host name or [IPv6 address]. ${hosts}`],
  ['tcp://:1883', `found no host, expected an IPv4 address, a host name or [IPv6 address]. ${hosts}`],
  [
    'tcp://256.0.0.1:1',
    `found the host "256.0.0.1", expected an IPv4 address, a host name or [IPv6 address]. ${hosts}`,
  ],
  ['tcp://127.1', `found the host "127.1", expected an IPv4 address, a host name or [IPv6 address]. ${hosts}`],
  ['tcp://a..b', `found the host "a..b", expected an IPv4 address, a host name or [IPv6 address]. ${hosts}`],
  ['tcp://*:1883', `found the host "*", expected an IPv4 address, a host name or [IPv6 address]. ${hosts}`],
  ['tcp://[127.0.0.1]', `found the host "127.0.0.1", expected an IPv6 address in []. ${hosts}`],
  ['tcp://[]', `found no host, expected an IPv6 address in []. ${hosts}`],
  ['tcp://::1', 'found "::1", expected HOST:PORT. Put the address in brackets: [::1].'],
  ['tcp://[::1', 'found "[::1", expected HOST:PORT. Put an IPv6 address in brackets: [::1]:1883.'],
  ['tcp://127.0.0.1:', `found no port after the colon, expected a port from 0 to 65535. ${tcpOnly}`],
  ['tcp://127.0.0.1:65536', `found the port "65536", expected a port from 0 to 65535. ${tcpOnly}`],
  ['tcp://127.0.0.1:-1', `found the port "-1", expected a port from 0 to 65535. ${tcpOnly}`],
  ['tcp://127.0.0.1:1e3', `found the port "1e3", expected a port from 0 to 65535. ${tcpOnly}`],
  [
    'ws://127.0.0.1:mqtt',
    'found the port "mqtt", expected a port from 0 to 65535. Write 8083, which is usual, or 0 for any that is free.',
  ],
  [
    'tcp://127.0.0.1/mqtt',
    'found the path "/mqtt", expected no path. Leave it out: only ws://, wss:// and unix:// have one.',
  ],
  [
    'tcp://127.0.0.1?cert=a',
    'found the parameter "cert", expected one of proxyFrom, report. Correct the word, or leave it out.',
  ],
  ['unix:///a?reports=off', 'found the parameter "reports", expected only report. Correct the word, or leave it out.'],
  [
    'tcp://127.0.0.1?report=no',
    'found report "no", expected on or off. Write report=off if clients that come in here take it for a failure that nobody listens.',
  ],
  ...['10.0.0.0/33', '10.0.0/8', '::/129', '10.0.0.0/', '/8', 'proxy.example', 'fe80::1%eth0', '10.0.0.0/8,::1'].map(
    (range): [string, string] => [
      `tcp://127.0.0.1?proxyFrom=${encodeURIComponent(range)}`,
      `found proxyFrom "${range}", expected the address of a proxy, or a range of addresses. Write for example proxyFrom=192.0.2.7, or proxyFrom=10.0.0.0/8; once for each.`,
    ],
  ),
  [
    'unix:///a?proxyFrom=::1',
    'found the parameter "proxyFrom", expected only report. Correct the word, or leave it out.',
  ],
  ['tcp://127.0.0.1?report', 'found report without a value, expected report=VALUE. Add the value.'],
  ['tcp://127.0.0.1?report=off&report=on', 'found report twice, expected it once. Leave one of them out.'],
  ['mqtt://127.0.0.1?x', `found the scheme mqtt://, expected ${schemes}. Write tcp:// instead.`],
  ['tcp://127.0.0.1#x', 'found "#x", expected nothing behind the query. Write # inside a value as %23.'],
  ['tls://127.0.0.1', tlsMissing('no cert and no key', 'cert=FILE and key=FILE')],
  ['tls://127.0.0.1?key=k.pem', tlsMissing('no cert', 'cert=FILE')],
  ['wss://127.0.0.1?cert=c.pem', tlsMissing('no key', 'key=FILE')],
  ['tls://127.0.0.1?cert=&key=k', 'found cert without a value, expected cert=VALUE. Add the value.'],
  ['tls://127.0.0.1?cert&key=k', 'found cert without a value, expected cert=VALUE. Add the value.'],
  [
    'tls://127.0.0.1?cert=a&key=k&crl=r',
    'found crl without ca, expected both, or neither. Name the authorities whose client certificates are accepted as ca=.',
  ],
  [
    'tls://127.0.0.1?cert=a&key=k&minVersion=1.1',
    'found minVersion "1.1", expected 1.2 or 1.3. Write minVersion=1.3, or leave it out for TLS 1.2 and 1.3.',
  ],
  [
    'tls://127.0.0.1?cert=a&key=k&cert=b',
    'found cert 2 times and key 1 times, expected a key for each certificate. Write them in the same order.',
  ],
  ['tls://127.0.0.1?cert=a&key=k&ca=b&ca=c', 'found ca twice, expected it once. Leave one of them out.'],
  [
    'tls://127.0.0.1?crt=a',
    'found the parameter "crt", expected one of cert, key, ca, crl, passphraseFile, identity, minVersion, ciphers, proxyFrom, report. Correct the word, or leave it out.',
  ],
  [
    'ws://127.0.0.1?cert=a',
    'found the parameter "cert", expected one of origin, proxyFrom, report. Correct the word, or leave it out.',
  ],
  [
    'tls://127.0.0.1?cert=a&&key=b',
    'found an empty parameter, expected one of cert, key, ca, crl, passphraseFile, identity, minVersion, ciphers, proxyFrom, report. Correct the word, or leave it out.',
  ],
  [
    'tls://127.0.0.1?cert=%zz&key=k',
    'found "%zz", expected % followed by two hexadecimal digits. Write a % itself as %25.',
  ],
  ['ws://127.0.0.1?origin=app.example', originFault('app.example')],
  ['ws://127.0.0.1?origin=https://a/b', originFault('https://a/b')],
  ['ws://127.0.0.1?origin=*', originFault('*')],
  ['ws://127.0.0.1?origin=https://a?b', originFault('https://a?b')],
  ['ws://127.0.0.1?origin=https://a/%23b', originFault('https://a/#b')],
  // What has no origin is for browsers as `null`, which every file and every sandboxed page is, too.
  ['ws://127.0.0.1?origin=file:///', originFault('file:///')],
  ['ws://127.0.0.1?origin=null', originFault('null')],
  [
    'ws://127.0.0.1/커피',
    'found the path "/커피", expected a path of printable ASCII characters. Write other characters percent-encoded, as browsers do.',
  ],
  [
    'unix://run/pabal.sock',
    'found "run" before the path, expected unix:// followed by an absolute path. Write three slashes: unix:///run/pabal.sock.',
  ],
  ...['unix://', 'unix:///run/a%00.sock'].map((url): [string, string] => [
    url,
    'found no name of a file, expected unix:// followed by an absolute path. Write for example unix:///run/pabal.sock.',
  ]),
  [
    'unix:///run/',
    'found no name of a file, expected unix:// followed by an absolute path. Write for example unix:///run/pabal.sock.',
  ],
  [
    `unix:///${'x'.repeat(107)}`,
    'found a path of 108 bytes, expected at most 107. Choose a shorter path: the system allows no more.',
  ],
]

function tlsMissing(found: string, add: string): string {
  return `found ${found}, expected ?cert=FILE&key=FILE. Add ${add} behind the ?, each a PEM file.`
}

function originFault(origin: string): string {
  return `found the origin "${origin}", expected scheme, host and port of a web page. Write for example origin=https://app.example.`
}

describe('a listen URL is refused with what was found, what is expected and what to do', () => {
  for (const [url, rest] of refused) {
    test(url.length < 60 ? `"${url}"` : `a URL of ${url.length} characters`, () => {
      assert.throws(
        () => parseListenUrl(url),
        (error) => {
          assert.ok(error instanceof ListenUrlError)
          assert.equal(error.message, `The listen URL "${url}" cannot be used: ${rest}`)
          assert.equal(error.name, 'ListenUrlError')
          return true
        },
      )
    })
  }
})

test('a host name longer than a name may be is refused, and cut where it is repeated', () => {
  assert.throws(() => parseListenUrl(`tcp://${'a'.repeat(254)}`), /found the host "a{190}…, expected an IPv4 address/)
  assert.doesNotThrow(() => parseListenUrl(`tcp://${'a'.repeat(253)}`))
})

test('a password in a listen URL is refused and not repeated', () => {
  assert.throws(() => parseListenUrl('tcp://alice:secret@127.0.0.1'), {
    message:
      'The listen URL "tcp://...@127.0.0.1" cannot be used: found a user, expected only a host and a port. ' +
      'Leave out what stands before the @; users belong into the configuration file.',
  })
})

test('only listeners that this machine alone can reach are loopback', () => {
  const own = ['tcp://127.0.0.1', 'tcp://127.255.0.9', 'tcp://[::1]', 'ws://LocalHost', 'tcp://[::ffff:127.0.0.1]']
  for (const url of [...own, 'tcp://[0:0:0:0:0:0:0:1]', 'unix:///run/a.sock']) {
    assert.equal(isLoopback(parseListenUrl(url)), true, url)
  }
  const others = ['tcp://0.0.0.0', 'tcp://[::]', 'tcp://128.0.0.1', 'tcp://localhost.example', 'tcp://[fe80::1]']
  for (const url of [...others, 'tcp://127.example', 'tcp://[::2]', 'ws://192.168.0.1']) {
    assert.equal(isLoopback(parseListenUrl(url)), false, url)
  }
})
