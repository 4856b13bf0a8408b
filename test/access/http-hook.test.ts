/**
 * A program that is asked over HTTP who may connect: what it is told, and every way in which it may fail, all of which refuse.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import type { AuthenticationRequest } from '../../src/server/authentication/authentication.ts'
import { httpHookAuthenticate } from '../../src/server/authentication/http-hook.ts'
import { loadConfig, parseConfig } from '../../src/server/config/config.ts'
import { ConfigError } from '../../src/server/config/config-fault.ts'
import { configuredOptions } from '../../src/server/config/configured-options.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startTestBroker } from '../support/test-broker.ts'

const directory = temporaryDirectory()

interface Asked {
  readonly body: Record<string, unknown>
  readonly headers: IncomingHttpHeaders
  readonly response: ServerResponse
}

interface Hook extends AsyncDisposable {
  readonly url: string
  readonly asked: Asked[]
}

async function hook(answer: (asked: Asked) => void): Promise<Hook> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const one = { body: JSON.parse(Buffer.concat(chunks).toString()), headers: request.headers, response }
    asked.push(one)
    answer(one)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/auth`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

function say(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body)
}

const request: AuthenticationRequest = {
  ...{ clientIdentifier: 'c', userName: 'ann', password: Buffer.from('tea'), protocolVersion: 5 },
  ...{ remoteAddress: '10.0.0.1:1', listener: 'tcp://127.0.0.1:1883', userProperties: [] },
}

async function verdictOf(url: string, more: { timeoutSeconds?: number; concurrency?: number } = {}, asked = request) {
  const authenticate = httpHookAuthenticate({ url, token: null, timeoutSeconds: 3, concurrency: 5, ...more })
  const verdict = await authenticate(asked)
  if (typeof verdict === 'boolean') return verdict
  return verdict.type === 'accepted' ? verdict.account : verdict.reasonCode
}

test('it is told what is known of the client, and its answer is the account', async () => {
  await using program = await hook(({ response, body }) => {
    say(response, 200, JSON.stringify({ result: body.userName === 'eve' ? 'deny' : 'allow', account: 'kitchen' }))
  })
  const file = join(directory, 'pabal.yaml')
  writeFileSync(join(directory, 'token'), 'canary\n')
  writeFileSync(file, `authentication: {http: {url: '${program.url}', token: 'file:token'}}\n`)
  const { authenticate } = await configuredOptions(loadConfig(file))
  assert.ok(authenticate !== undefined)
  await using running = await startTestBroker({ authenticate })
  const client = await running.client(5, { userName: 'ann', clientIdentifier: 'c', password: Buffer.from('tea') })
  const [asked] = program.asked
  assert.deepEqual(asked?.body, {
    ...{ clientIdentifier: 'c', userName: 'ann', password: 'tea', protocolVersion: 5 },
    ...{ remoteAddress: client.address, listener: running.url },
  })
  assert.equal(asked?.headers.authorization, 'Bearer canary')
  const eve = await running.open(4)
  assert.equal((await eve.connect({ userName: 'eve', password: Buffer.from([0xff]) })).reasonCode, 4)
  assert.equal(program.asked[1]?.body.passwordBase64, '/w==')
})

test('it may say which groups the client is in, and until when', async () => {
  const answer = { result: 'allow', account: 'ann', groups: ['ops'], expiresAt: 1_800_000_000 }
  await using program = await hook(({ response }) => say(response, 200, JSON.stringify(answer)))
  const ask = httpHookAuthenticate({ url: program.url, token: null, timeoutSeconds: 3, concurrency: 1 })
  const terms = { groups: ['ops'], expiresAtMs: 1_800_000_000_000 }
  assert.deepEqual(await ask(request), { type: 'accepted', account: 'ann', ...terms })
})

test('without an account it is the User Name', async () => {
  await using program = await hook(({ response }) => say(response, 200, '{"result":"allow"}'))
  assert.equal(await verdictOf(program.url), 'ann')
})

test('EMQX #17589, #17674: whatever else it answers refuses, and so does no answer', async () => {
  const answers: ((response: ServerResponse) => void)[] = [
    (response) => say(response, 500, '{"result":"allow"}'),
    (response) => say(response, 204, ''),
    (response) => say(response, 404, '{"result":"allow"}'),
    (response) => say(response, 200, ''),
    (response) => say(response, 200, 'allow'),
    (response) => say(response, 200, 'null'),
    (response) => say(response, 200, '[]'),
    (response) => say(response, 200, '{"result":"ignore"}'),
    (response) => say(response, 200, '{"result":true}'),
    (response) => say(response, 200, '{"result":"allow","account":7}'),
    (response) => say(response, 200, '{"result":"allow","groups":"ops"}'),
    (response) => say(response, 200, '{"result":"allow","groups":["ops",""]}'),
    (response) => say(response, 200, '{"result":"allow","expiresAt":"tomorrow"}'),
    (response) => say(response, 200, `{"result":"allow","account":"${'a'.repeat(70_000)}"}`),
    (response) => response.writeHead(302, { location: '/elsewhere' }).end(),
    (response) => response.destroy(),
    (response) => response.writeHead(200, { 'content-length': '99' }).write('{"result":"allow"}'),
    () => {},
  ]
  for (const [index, answer] of answers.entries()) {
    await using program = await hook(({ response }) => answer(response))
    const timeoutSeconds = index < answers.length - 2 ? 3 : 0.1
    assert.equal(await verdictOf(program.url, { timeoutSeconds }), 0x88, `answer ${index}`)
  }
  // Where it leads, somebody else may say what he likes.
  const elsewhere = (response: ServerResponse) => response.writeHead(307, { location: `${other.url}` }).end()
  await using other = await hook(({ response }) => say(response, 200, '{"result":"allow","account":"admin"}'))
  await using leading = await hook(({ response }) => elsewhere(response))
  assert.deepEqual([await verdictOf(leading.url), other.asked.length], [0x88, 0])
  await using gone = await hook(() => {})
  await gone[Symbol.asyncDispose]()
  assert.equal(await verdictOf(gone.url), 0x88)
})

test('so many requests are under way at once, and the rest waits', async () => {
  let [running, most] = [0, 0]
  await using program = await hook(({ response }) => {
    running += 1
    most = Math.max(most, running)
    setImmediate(() => {
      running -= 1
      say(response, 200, '{"result":"allow"}')
    })
  })
  const authenticate = httpHookAuthenticate({ url: program.url, token: null, timeoutSeconds: 3, concurrency: 2 })
  const verdicts = await Promise.all(Array.from({ length: 20 }, () => authenticate(request)))
  assert.deepEqual([verdicts.length, most <= 2], [20, true])
  await using silent = await hook(() => {})
  const slow = httpHookAuthenticate({ url: silent.url, token: null, timeoutSeconds: 0.2, concurrency: 1 })
  const flood = Array.from({ length: 1003 }, () => slow(request))
  assert.deepEqual(await flood.at(-1), {
    ...{ type: 'refused', reasonCode: 0x89 },
    reasonString: 'too many clients are logging in; try again in a moment',
  })
})

test('clients that send neither name nor password, and only those, are let in without a question if everybody may come in', async () => {
  await using program = await hook(({ response }) => say(response, 200, '{"result":"deny"}'))
  const options = { url: program.url, token: null, timeoutSeconds: 3, concurrency: 5 }
  const anonymous = { ...request, userName: null, password: null }
  assert.deepEqual(await httpHookAuthenticate(options, true)(anonymous), { type: 'accepted', account: '' })
  assert.equal(program.asked.length, 0)
  const denied = { type: 'refused', reasonCode: 0x86 }
  assert.partialDeepStrictEqual(await httpHookAuthenticate(options)(anonymous), denied)
  for (const half of [
    { ...anonymous, userName: 'ann' },
    { ...anonymous, password: Buffer.from('tea') },
  ]) {
    assert.partialDeepStrictEqual(await httpHookAuthenticate(options, true)(half), denied)
  }
  assert.equal(program.asked.length, 3)
})

test('passwords leave this machine by https alone, and there is one place where users are known', () => {
  const faultsOf = (http: string, more = '') => {
    try {
      parseConfig(`authentication: {http: ${http}${more}}\n`, 'p.yaml')
      return ''
    } catch (error) {
      assert.ok(error instanceof ConfigError)
      return error.faults.map(({ key, found, advice }) => `${key}: ${found}; ${advice}`).join('\n')
    }
  }
  assert.match(
    faultsOf("{url: 'http://login.example/x'}"),
    /authentication\.http\.url: .*; passwords would go over the network/,
  )
  assert.equal(faultsOf("{url: 'https://login.example/x', timeout: 1s, concurrency: 1}"), '')
  assert.equal(faultsOf("{url: 'http://[::1]:80/x'}"), '')
  assert.match(faultsOf("{url: 'https://a/x'}", ', passwordFile: x'), /http beside passwordFile/)
  assert.match(faultsOf("{url: 'https://a/x', timeout: 0s, concurrency: 5000}"), /http\.timeout.*\n.*http\.concurrency/)
})
