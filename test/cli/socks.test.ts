/**
 * `--proxy socks5h://`: through a proxy, with and without a login, and what is said when it does not let the tool through.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startBroker, type TestBroker } from './broker.ts'
import { assertNoDifferences, compareAll, type GoldenCase } from './golden.ts'
import { type SocksSettings, startSocksProxy } from './socks-proxy.ts'
import { makeLinks, runDebian, runLinkIn, runPabal } from './tools.ts'

const links = makeLinks()
let broker: TestBroker

before(async () => {
  broker = await startBroker()
  await runDebian('pub', ['-h', '127.0.0.1', '-p', String(broker.port), '-r', '-t', 'kept', '-m', 'kept'])
})

after(async () => {
  links.remove()
  await broker.stop()
})

/** `login` stands in the URL; answers what the proxy was asked for. */
async function compare(login: string, settings: SocksSettings): Promise<readonly string[]> {
  const proxy = await startSocksProxy(settings)
  const lines = ['pub -t TOPIC -m x -q 2', 'sub -t kept -C 1 -W 2', 'rr -t TOPIC -e TOPIC -m x -q 2']
  const cases = lines.map((line): GoldenCase => {
    const [tool = '', ...words] = line.split(' ')
    if (tool !== 'pub' && tool !== 'sub' && tool !== 'rr') throw new Error(`no tool ${tool}`)
    return { tool, line: `OPEN --proxy socks5h://${login}127.0.0.1:${proxy.port} -d -i ID ${words.join(' ')}` }
  })
  assertNoDifferences(await compareAll(cases, broker, runLinkIn(links.directory)))
  await proxy.close()
  return proxy.requests.map((request) => request.replace(/:\d+$/, ''))
}

test('a SOCKS proxy puts the connection through', async () => {
  assert.deepEqual(await compare('', {}), Array(6).fill(' 127.0.0.1'))
})

test('a SOCKS proxy that asks for a login gets it, decoded', async () => {
  const requests = await compare('m%3Ae:w%25rd@', { credentials: 'm:e:w%rd' })
  assert.deepEqual(requests, Array(6).fill('m:e:w%rd 127.0.0.1'))
})

test('a SOCKS proxy that refuses the login, or wants one, is told of as the Debian tools do', async () => {
  assert.deepEqual(await compare('me:wrong@', { credentials: 'me:right' }), [])
  assert.deepEqual(await compare('', { credentials: 'me:right' }), [])
})

test('what a SOCKS proxy refuses to connect to is told of as the Debian tools do', async () => {
  for (const refusal of [1, 2, 4, 8]) await compare('', { refusal })
})

test('native mode says why the proxy did not connect', async () => {
  const proxy = await startSocksProxy({ refusal: 5 })
  const place = ['-h', 'name.invalid', '--proxy', `socks5h://127.0.0.1:${proxy.port}`]
  const { stderr } = await runPabal(['pub', ...place, '-t', 'a', '-m', 'x'])
  await proxy.close()
  assert.match(stderr, /^pabal pub: the proxy could not connect: /m)
  assert.deepEqual(proxy.requests, [' name.invalid:1883'])
})
