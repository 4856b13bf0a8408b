import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { Building } from './app.ts'
import { LateHandler } from './late-handler.ts'
import type { RequestHandler } from './request-handler.ts'

const answerAll: RequestHandler = async (_, outgoing) => void outgoing.end('a room')

/** A late handler whose rooms are loaded by the test, behind a server. */
async function serve() {
  const faults: unknown[] = []
  // Nothing else of a building is needed before there are rooms.
  const building = { broker: { reportFault: (error: unknown) => void faults.push(error) } } as unknown as Building
  const loads: PromiseWithResolvers<RequestHandler>[] = []
  const late = new LateHandler(building, () => {
    const load = Promise.withResolvers<RequestHandler>()
    loads.push(load)
    return load.promise
  })
  const server = createServer((incoming, outgoing) => void late.answer(incoming, outgoing)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A server that listens on a port has such an address.
  const { port } = server.address() as AddressInfo
  const close = (): void => {
    server.close()
    server.closeAllConnections()
  }
  const requested = () => once(server, 'request')
  return { late, loads, faults, requested, url: `http://127.0.0.1:${port}/`, [Symbol.dispose]: close }
}

test('requests that come before the rooms are loaded are answered when they are, and load them once', async () => {
  using at = await serve()
  const first = at.requested()
  const answers = [fetch(at.url)]
  await first
  const second = at.requested()
  answers.push(fetch(at.url))
  await second
  assert.equal(at.loads.length, 1)
  at.loads[0]?.resolve(answerAll)
  for (const answer of answers) assert.equal(await (await answer).text(), 'a room')
  assert.equal(await (await fetch(at.url)).text(), 'a room')
  assert.equal(at.loads.length, 1)
})

test('a moment after the start the rooms are loaded though nobody asks, unless the API has stopped by then', async (t) => {
  using at = await serve()
  t.mock.timers.enable({ apis: ['setTimeout'] })
  at.late.loadSoon()
  t.mock.timers.tick(999)
  assert.equal(at.loads.length, 0)
  at.late.stop()
  t.mock.timers.tick(1)
  assert.equal(at.loads.length, 0)
  at.late.loadSoon()
  t.mock.timers.tick(1000)
  assert.equal(at.loads.length, 1)
})

test('rooms that cannot be loaded are reported once, and every request is told so', async () => {
  using at = await serve()
  const first = at.requested()
  const answer = fetch(at.url)
  await first
  at.loads[0]?.reject(new Error('a file is gone'))
  for (const { status, headers, body } of [await asProblem(await answer), await asProblem(await fetch(at.url))]) {
    assert.equal(status, 500)
    assert.equal(headers.get('content-type'), 'application/problem+json')
    assert.match(body.detail, /start it again/)
  }
  assert.deepEqual(at.faults.map(String), ['Error: a file is gone'])
})

async function asProblem(response: Response) {
  const { status, headers } = response
  return { status, headers, body: (await response.json()) as { detail: string } }
}
