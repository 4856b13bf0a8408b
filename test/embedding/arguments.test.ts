/**
 * What a host hands over to a running broker, wrong: it is said what, and nothing has happened.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../src/index.ts'
import { startTestBroker } from '../support/test-broker.ts'

const refusedMessages: readonly (readonly [what: string, given: unknown, text: RegExp])[] = [
  [
    'arguments as Aedes and MQTT.js take them',
    'a',
    /^cannot publish: found "a"; it takes one object, for example \{ topicName/,
  ],
  ['a topic instead of a topicName', { topic: 'a' }, /^cannot publish: its topicName is nothing; .* \(not topic\)$/],
  [
    'an object as payload',
    { payload: { a: 1 } },
    /^cannot publish to "a": the payload is a mapping .*JSON\.stringify\(it\)$/,
  ],
  ['a number as payload', { payload: 5 }, /the payload is 5; it must be a text or a Uint8Array$/],
  ['a QoS there is not', { qos: 3 }, /the QoS is 3; it must be 0, 1 or 2$/],
  ['a text as a flag', { retain: 'yes' }, /retain is "yes"; it must be true or false$/],
  ['a list of properties', { properties: [] }, /the properties are a list; they must be an object$/],
  ['a property there is not', { properties: { ttl: 1 } }, /there is no property ttl in PUBLISH$/],
  [
    'User Properties as an object',
    { properties: { userProperties: { unit: 'K' } } },
    /no value for User Property, which is a list of pairs of texts: \[\['name', 'value'\]\]$/,
  ],
  [
    'an interval below 0',
    { properties: { messageExpiryInterval: -1 } },
    /no value for Message Expiry Interval, which is a whole number from 0 to 4,294,967,295$/,
  ],
  [
    'a Response Topic with a wildcard',
    { properties: { responseTopic: 'a/#' } },
    /its Response Topic cannot be used: the Topic Name holds "#"/,
  ],
  // Nobody writes to it: it takes no memory.
  [
    'more than a packet holds',
    { payload: Buffer.alloc(268_000_001) },
    /has 268000001 bytes; at most 268000000 fit in a packet$/,
  ],
]

for (const [what, given, text] of refusedMessages) {
  test(`not published: ${what}`, async () => {
    await using tested = await startTestBroker({ listen: [] })
    const message =
      typeof given === 'object' && given !== null && !('topic' in given) ? { topicName: 'a', ...given } : given
    // What a program without types may hand over.
    await assert.rejects(tested.broker.publish(message as never), { message: text })
    assert.equal(tested.broker.tally.made, 0)
  })
}

type Arguments = Parameters<Broker['subscribe']>

const refusedSubscriptions: readonly (readonly [what: string, given: readonly unknown[], text: RegExp])[] = [
  ['a listener in the place of the options', ['a', () => {}], /"a": the listener comes third, behind the options/],
  ['no listener', ['a', {}], /the listener is nothing; it must be a function$/],
  [
    'a QoS in the place of the options',
    ['a', 1, () => {}],
    /the options are 1; they must be an object, for example \{ qos: 1 \}$/,
  ],
  ['a QoS there is not', ['a', { qos: 3 }, () => {}], /qos is 3; it must be 0, 1 or 2$/],
  [
    'an option there is not',
    ['a', { rh: 1 }, () => {}],
    /there is no option rh, but qos, noLocal, retainAsPublished, retainHandling$/,
  ],
  ['what is no Topic Filter', ['a/#/b', {}, () => {}], /"#" is character 3 of 5; it must be the last one$/],
  ['no Topic Filter', [undefined, {}, () => {}], /the Topic Filter is nothing; it must be a text$/],
]

for (const [what, given, text] of refusedSubscriptions) {
  test(`not subscribed: ${what}`, async () => {
    await using tested = await startTestBroker({ listen: [] })
    // As above.
    await assert.rejects(tested.broker.subscribe(...(given as Arguments)), { name: 'SubscribeFault', message: text })
    assert.equal(tested.broker.listeners('a').subscriptions, 0)
  })
}
