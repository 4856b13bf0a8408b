/**
 * Whoever subscribes and may not receive the message: shown over MQTT, on the command line and by the HTTP API, with the rule.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessRules } from '../../src/index.ts'
import { startApi } from '../admin/api.ts'
import { pabal } from '../support/pabal-command.ts'
import { startTestBroker } from '../support/test-broker.ts'
import { Asker } from '../who/asker.ts'

const access = accessRules({
  rules: [
    { allow: ['publish', 'subscribe'], topics: ['#'] },
    { deny: ['receive'], topics: ['orders/secret'], clients: ['bob'] },
  ],
})
const deniedBy = 'access.rules[1]: deny receive orders/secret'

test('who says of each subscriber whether it may receive the Topic Name, and by which rule', async () => {
  await using api = await startApi({ access })
  const running = api.at
  for (const clientIdentifier of ['ann', 'bob']) {
    await (await running.client(5, { clientIdentifier })).subscribe('orders/+', { qos: 1 })
  }
  const asker = await Asker.open(running, 5)
  const asked = await asker.ask('orders/secret')
  assert.partialDeepStrictEqual(asked.totals, { subscriptions: 2, online: 1, denied: 1, listeners: 1 })
  const verdicts = asked.subscribers.map(({ clientIdentifier, acl }) => ({ clientIdentifier, acl }))
  verdicts.sort((one, other) => String(one.clientIdentifier).localeCompare(String(other.clientIdentifier)))
  assert.deepEqual(verdicts, [
    { clientIdentifier: 'ann', acl: { allowed: true, rule: 'access.rules[0]: allow publish, subscribe #' } },
    { clientIdentifier: 'bob', acl: { allowed: false, rule: deniedBy } },
  ])
  assert.ok((await asker.ask({ filter: 'orders/+' })).subscribers.every(({ acl }) => acl === null))

  const { out, code } = await pabal(running, 'who', 'orders/secret')
  assert.match(out, /^1 listener to orders\/secret: 2 Subscriptions, 1 online, 0 offline, 1 denied\.\n/)
  assert.match(out, /^bob .* denied by "access\.rules\[1\]: deny receive orders\/secret"$/m)
  assert.equal(code, 0)

  const { body } = await api.get('/topics/orders%2Fsecret/listeners')
  const [bob] = body.data.filter((row: { clientIdentifier: string }) => row.clientIdentifier === 'bob')
  assert.deepEqual([bob.acl, body.about.totals.denied], [{ allowed: false, rule: deniedBy }, 1])
})

test('who is alone in being denied is nobody: the publisher is told so', async () => {
  await using api = await startApi({ access })
  const bob = await api.at.client(5, { clientIdentifier: 'bob' })
  await bob.subscribe('orders/#')
  const publisher = await api.at.client(5)
  publisher.publish({ topicName: 'orders/secret', payload: Buffer.from('x'), qos: 1, packetId: 1 })
  assert.equal((await publisher.next('puback')).reasonCode, 0x10)
  await bob.quiet()
  assert.equal((await pabal(api.at, 'who', 'orders/secret')).code, 16)
})

test('the next page of a long answer is not given to whoever may not observe any more', async () => {
  const listen = ['tcp://127.0.0.1:0']
  const everything = { allow: ['publish', 'subscribe', 'observe'], topics: ['#'] } as const
  await using running = await startTestBroker({ listen, access: accessRules({ rules: [everything] }) })
  for (const clientIdentifier of ['ann', 'bob', 'eve']) {
    await (await running.client(5, { clientIdentifier })).subscribe('t')
  }
  const asker = await Asker.open(running, 5)
  const first = await asker.ask({ topic: 't', limit: 1 })
  const second = await asker.ask({ cursor: first.cursor, limit: 1 })
  assert.deepEqual([first.subscribers.length, second.subscribers.length], [1, 1])
  const denied = { deny: ['observe'], topics: ['t'] } as const
  await running.broker.reload({ listen, access: accessRules({ rules: [everything, denied] }) })
  const third = await asker.ask({ cursor: second.cursor, limit: 1 })
  assert.match(JSON.stringify(third), /"error":.*the permission/)
})

test('who may look at some Topic Names sees no held message or dead letter of another one, also by its id', async () => {
  const access = accessRules({
    rules: [
      { allow: ['publish', 'subscribe'], topics: ['#'] },
      { allow: ['observe'], topics: ['public/#'] },
    ],
  })
  const topics = ['secret', 'public'].flatMap((name) => [
    { filter: `${name}/held`, whenNobody: 'hold' } as const,
    { filter: `${name}/dead`, whenNobody: 'dead-letter', deadLetterTopicName: 'public/letters' } as const,
  ])
  const authenticate = () => ({ type: 'accepted', account: 'ann' }) as const
  await using running = await startTestBroker({ access, topics, authenticate, limits: { requestsPerSecondMax: 1000 } })
  const publisher = await running.client(5, { clientIdentifier: 'publisher' })
  for (const topicName of topics.map(({ filter }) => filter)) {
    publisher.publish({ topicName, payload: Buffer.from(topicName), qos: 1, packetId: 1 })
    assert.equal((await publisher.next('puback')).reasonCode, 0x10)
  }
  const asker = await Asker.open(running, 5)
  for (const name of ['held', 'dead']) {
    const seen: string[] = []
    for (let id = 1; id <= 12; id++) {
      const answer = await asker.ask({ id, filter: 'public/#' }, name)
      if (answer.message !== undefined) seen.push(answer.message.topic)
    }
    assert.deepEqual(seen, [`public/${name}`])
    assert.match(JSON.stringify(await asker.ask({ id: 1 }, name)), /the permission \\"observe\\" for \\"#\\"/)
  }
})
