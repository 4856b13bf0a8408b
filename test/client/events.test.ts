/**
 * Events over `pabal/client`: they come as they happen, and the stream is opened again when it breaks.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError, PabalClient } from '../../src/client/index.ts'
import { startApi } from '../admin/api.ts'

/** A `fetch` whose streams break on command, and that is told to wait hardly at all before the next. */
function breakable() {
  let breakOff = (): void => {}
  let opened = 0
  const fetchBreakable: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    if (response.body === null || !response.ok) return response
    opened += 1
    const reader = response.body.getReader()
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        breakOff = () => controller.error(new TypeError('broken'))
      },
      pull: async (controller) => {
        const { done, value } = await reader.read()
        if (done) controller.close()
        // In pieces: an event is not what arrives at once.
        else {
          const bytes = Buffer.from(Buffer.from(value).toString().replace('retry: 2000', 'retry: 1'))
          controller.enqueue(bytes.subarray(0, 5))
          if (bytes.length > 5) controller.enqueue(bytes.subarray(5))
        }
      },
      cancel: () => reader.cancel(),
    })
    return new Response(body, response)
  }
  return { fetch: fetchBreakable, breakOff: () => breakOff(), opened: () => opened }
}

test('events come as they happen, and a stream that breaks is opened again and says so', async () => {
  await using api = await startApi()
  const line = breakable()
  const pabal = new PabalClient({ url: api.url, fetch: line.fetch })
  const seen: string[] = []
  const events = pabal.events({ types: ['connected', 'messageUnmatched'] })
  assert.partialDeepStrictEqual((await events.next()).value, { type: 'streamOpened', isAgain: false })
  await api.at.client(5, { clientIdentifier: '커피' })
  seen.push(String((await events.next()).value?.clientIdentifier))
  line.breakOff()
  for await (const event of events) {
    seen.push(event.type)
    if (event.isAgain === true) await api.at.broker.publish({ topicName: 'nobody' })
    if (event.type === 'messageUnmatched') break
  }
  assert.deepEqual([seen, line.opened()], [['커피', 'streamOpened', 'messageUnmatched'], 2])
})

test('a stream ends with its signal', async () => {
  await using api = await startApi()
  const pabal = new PabalClient({ url: api.url })
  const stop = new AbortController()
  const events = pabal.events({ signal: stop.signal })
  assert.equal((await events.next()).value?.type, 'streamOpened')
  const next = events.next()
  setImmediate(() => stop.abort())
  assert.deepEqual(await next, { done: true, value: undefined })
  assert.deepEqual(await pabal.events({ signal: stop.signal }).next(), { done: true, value: undefined })
})

test('what cannot be opened at all is an error at once', async () => {
  await using api = await startApi({}, {}, { login: 'needed' })
  const refused = new PabalClient({ url: api.url }).events()
  await assert.rejects(refused.next(), (error) => error instanceof ApiError && error.status === 401)
  const nowhere = new PabalClient({ url: 'http://127.0.0.1:1' }).events()
  await assert.rejects(nowhere.next(), TypeError)
})
