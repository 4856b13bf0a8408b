/**
 * What `pabal sub` says of Subscriptions that the server refuses, also where it grants others.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessRules } from '../../src/index.ts'
import { runPabal } from '../support/pabal-command.ts'
import { startTestBroker } from '../support/test-broker.ts'

const access = accessRules({ rules: [{ allow: ['publish', 'subscribe'], topics: ['open/#'], anonymous: true }] })

test('sub names each Topic Filter that is refused, and goes on with the others', async () => {
  await using running = await startTestBroker({ access })
  await running.broker.publish({ topicName: 'open/1', payload: 'here', retain: true })
  const place = ['-h', '127.0.0.1', '-p', new URL(running.url).port, '-q', '1']
  const words = ['sub', ...place, '-t', 'open/#', '-t', 'shut/#', '-t', 'a/\u001b[2J', '-C', '1']
  const some = await runPabal(words)
  assert.deepEqual([some.out, some.code], ['here\n', 0])
  assert.equal(
    some.faults,
    'pabal sub: the server refuses the Subscription to "shut/#" (0x87 Not authorized)\n' +
      'pabal sub: the server refuses the Subscription to "a/\\u001b[2J" (0x87 Not authorized)\n' +
      'pabal sub: the server says: subscribing to shut/# is not allowed; subscribing to a/\\u{1b}[2J is not allowed\n',
  )
  const none = await runPabal(['sub', ...place, '-t', 'shut/#', '-V', '311'])
  assert.equal(
    none.faults,
    'All subscription requests were denied.\npabal sub: the server refuses the Subscription to "shut/#"\n',
  )
  assert.equal(none.code, 0x80)
})
