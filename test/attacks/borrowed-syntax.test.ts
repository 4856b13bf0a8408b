/**
 * NATS 2026-22 (GHSA-qrcv-3558-gj4f): text of a client that was written into another protocol, and meant something there. Pabal has no
 * broker behind it, but Topic Names stand in paths, lists, events and answers: each is there as what it is, and is told from the others.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApi } from '../admin/api.ts'

const crlf = '\r\n'
const names = [
  ...[
    'a b',
    ' ',
    'a.b',
    'a.*',
    'a.>',
    '>',
    '*',
    'a\rb',
    'a\nb',
    'a\tb',
    `a${crlf}PUB b 1${crlf}x${crlf}`,
    `a${crlf}${crlf}`,
  ],
  ...['a%2Fb', '%', '%00', '%2e%2e', '../..', 'a;b', 'a?b', 'a&b=c', "'; --", '"', '\\', '\\n', '{"a":1}'],
  ...['\u0001', '\u001b[2J', '\u2028', '\ufeff', 'a/b', 'a//b', '/', '//'],
]
const longest = 'x y.>*\r\n'.repeat(8191).slice(0, 65_000)

test('NATS 2026-22: Topic Names with blanks, line ends, dots and what other protocols take for syntax are told apart everywhere', async () => {
  await using api = await startApi({ limits: { topicBytesMax: 65_535 } })
  using client = await api.at.client(5, { clientIdentifier: 'c' })
  using watcher = await api.at.client(5)
  await watcher.subscribe('#', { qos: 0 })
  for (const [index, topicName] of [...names, longest].entries()) {
    const payload = Buffer.from(`of ${index}`)
    client.publish({ topicName, payload, qos: 1, packetId: 1, retain: true })
    assert.ok((await client.next('puback')).reasonCode < 0x80)
    const message = await watcher.message()
    assert.deepEqual([message.topicName, message.text], [topicName, `of ${index}`])
  }
  const listed: string[] = []
  for (let cursor = ''; cursor !== null; ) {
    const { body } = await api.get(`/retainer/messages?limit=10${cursor}`)
    listed.push(...body.data.map(({ topic }: { topic: string }) => topic))
    if (body.meta.cursor === null) break
    cursor = `&cursor=${encodeURIComponent(body.meta.cursor)}`
  }
  assert.deepEqual(listed.sort(), [...names, longest].sort())
  for (const [index, topicName] of names.entries()) {
    assert.equal(await client.subscribe(topicName, { qos: 0, retainHandling: 2 }), 0, JSON.stringify(topicName))
    const path = encodeURIComponent(topicName)
    const { status, body } = await api.get(`/retainer/message/${path}`)
    assert.equal(status, 200, JSON.stringify(topicName))
    assert.deepEqual([body.topic, body.payload], [topicName, `of ${index}`])
    const { body: who } = await api.get(`/topics/${path}/listeners`)
    const filters = who.data.map(({ topicFilter }: { topicFilter: string }) => topicFilter)
    assert.deepEqual([who.about.topic, filters.sort()], [topicName, ['#', topicName].sort()])
    assert.equal((await api.send('DELETE', `/clients/c/subscriptions/${path}`)).status, 204)
    assert.equal((await api.send('DELETE', `/retainer/message/${path}`)).status, 204)
  }
  const { body: left } = await api.get('/retainer/messages')
  assert.deepEqual(
    left.data.map(({ topic }: { topic: string }) => topic),
    [longest],
  )
  client.publish({ topicName: 'a\u0000b', qos: 0 })
  await client.refused(0x81)
})
