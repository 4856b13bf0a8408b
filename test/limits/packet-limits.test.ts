/**
 * Limits that a packet breaks: whoever sends it is told which one and where it stands, the log has the same words, and it is counted.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { defaultLimits, type Limits } from '../../src/core/limits.ts'
import type { ControlPacket } from '../../src/protocol/index.ts'
import { startApi, type TestApi } from '../admin/api.ts'
import type { WireClient } from '../support/wire-client.ts'

interface Case {
  readonly limit: keyof Limits
  readonly is: number
  readonly what: string
  readonly reasonCode: number
  readonly words: RegExp
  /** Breaks it, and answers with what the broker has to say about that; null for nothing. */
  breakIt(api: TestApi): Promise<ControlPacket | null>
}

/** A client that is in does something, and hears of it. */
function client(act: (client: WireClient) => void): Case['breakIt'] {
  return async ({ at }) => {
    using client = await at.client(5)
    act(client)
    const answer = await client.nextOf('disconnect', 'suback', 'puback', 'pubrec')
    return answer.type === 'pubrec' ? await client.next('disconnect') : answer
  }
}

/** What comes first on a connection. */
function first(act: (client: WireClient, api: TestApi) => void): Case['breakIt'] {
  return async (api) => {
    using client = await api.at.open(5)
    act(client, api)
    return await client.next('connack')
  }
}

/** The same where it is closed without a word. */
function refusedUnanswered(act: (client: WireClient, api: TestApi) => void): Case['breakIt'] {
  return async (api) => {
    using client = await api.at.open(5)
    const refused = api.at.event('refused')
    act(client, api)
    await Promise.all([refused, client.closed()])
    return null
  }
}

const twoProperties = [
  ['a', '1'],
  ['b', '2'],
] as const
const deep = 'a/b/c/d'

const cases: readonly Case[] = [
  {
    ...{ limit: 'topicAliasMaximum', is: 2, what: 'a Topic Alias', reasonCode: 0x94 },
    words: /^Topic Alias 3 is above the Topic Alias Maximum of CONNACK, 2$/,
    breakIt: client((each) => each.publish({ topicName: 'a', properties: { topicAlias: 3 } })),
  },
  {
    ...{ limit: 'topicAliasBytesMax', is: 1024, what: 'a Topic Alias for a long name', reasonCode: 0x97 },
    words: /^the Topic Names of the Topic Aliases have more than 1024 bytes$/,
    breakIt: client((each) => each.publish({ topicName: 'a'.repeat(1025), properties: { topicAlias: 1 } })),
  },
  {
    ...{ limit: 'receiveMaximum', is: 1, what: 'a message more', reasonCode: 0x93 },
    words: /^more than 1 QoS 1 and 2 messages are unacknowledged/,
    breakIt: client((each) => {
      for (const packetId of [1, 2]) each.publish({ topicName: 'a', qos: 2, packetId })
    }),
  },
  {
    ...{ limit: 'packetBytesMax', is: 64, what: 'a PUBLISH', reasonCode: 0x95 },
    words: /^a packet of \d+ bytes; at most 64 are taken$/,
    breakIt: client((each) => each.publish({ topicName: 'a', payload: Buffer.alloc(100) })),
  },
  {
    ...{ limit: 'connectBytesMax', is: 64, what: 'a CONNECT', reasonCode: 0 },
    words: /^a packet of \d+ bytes; at most 64 are taken before CONNACK$/,
    // Nothing of it has been read that would say how to answer.
    breakIt: refusedUnanswered((each) => each.sendConnect({ password: Buffer.alloc(100) })),
  },
  {
    ...{ limit: 'propertiesMax', is: 1, what: 'a PUBLISH', reasonCode: 0x95 },
    words: /^more than 1 properties in PUBLISH$/,
    breakIt: client((each) => each.publish({ topicName: 'a', properties: { userProperties: twoProperties } })),
  },
  {
    ...{ limit: 'propertiesBytesMax', is: 64, what: 'a CONNECT', reasonCode: 0x95 },
    words: /^\d+ bytes of properties in CONNECT; at most 64 are taken$/,
    breakIt: first((each) => each.sendConnect({ properties: { userProperties: [['a', 'b'.repeat(100)]] } })),
  },
  {
    ...{ limit: 'topicBytesMax', is: 10, what: 'a Topic Name', reasonCode: 0x90 },
    words: /^the Topic Name has 11 bytes; at most 10 are allowed$/,
    breakIt: client((each) => each.publish({ topicName: 'a'.repeat(11) })),
  },
  {
    ...{ limit: 'topicLevelsMax', is: 3, what: 'a Topic Name', reasonCode: 0x90 },
    words: /^the Topic Name has 4 levels; at most 3 are allowed$/,
    breakIt: client((each) => each.publish({ topicName: deep })),
  },
  {
    ...{ limit: 'topicLevelsMax', is: 3, what: 'a Topic Filter', reasonCode: 0x8f },
    words: /^the Topic Filter has 4 levels; at most 3 are allowed$/,
    breakIt: client((each) => {
      const options = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
      each.send({
        ...{ type: 'subscribe', packetId: 1, properties: {} },
        subscriptions: [{ topicFilter: deep, ...options }],
      })
    }),
  },
  {
    ...{ limit: 'topicLevelsMax', is: 3, what: 'a Will Topic', reasonCode: 0x90 },
    words: /^Will Topic: the Topic Name has 4 levels; at most 3 are allowed$/,
    breakIt: first((each) => {
      const will = { topicName: deep, payload: Buffer.alloc(0), qos: 0, retain: false, properties: {} } as const
      each.sendConnect({ will })
    }),
  },
  {
    ...{ limit: 'topicLevelsMax', is: 3, what: 'where an answer is to go', reasonCode: 0x90 },
    words: /^Response Topic: the Topic Name has 4 levels; at most 3 are allowed$/,
    breakIt: client((each) =>
      each.publish({ topicName: '$pabal/who', qos: 1, packetId: 1, properties: { responseTopic: deep } }),
    ),
  },
  {
    ...{ limit: 'topicLevelsMax', is: 3, what: 'where a receipt is to go', reasonCode: 0x83 },
    words: /^the receipt cannot go to "a\/b\/c\/d": the Topic Name has 4 levels; at most 3 are allowed$/,
    breakIt: client((each) => {
      const userProperties = [['pabal-receipt', 'all']] as const
      each.publish({ topicName: 'a', qos: 1, packetId: 1, properties: { userProperties, responseTopic: deep } })
    }),
  },
  {
    ...{ limit: 'connectSecondsMax', is: 5, what: 'a client without a CONNECT', reasonCode: 0 },
    words: /^no CONNECT within 5 seconds$/,
    breakIt: refusedUnanswered((_, { at }) => at.advanceBy(6)),
  },
]

function reasonStringOf(packet: ControlPacket): string | undefined {
  return 'properties' in packet && 'reasonString' in packet.properties ? packet.properties.reasonString : undefined
}

for (const { limit, is, what, reasonCode, words, breakIt } of cases) {
  test(`${what} beyond ${limit} is refused by that name, which the log and the metrics have, too`, async () => {
    await using api = await startApi({ limits: { [limit]: is } })
    const logged: string[] = []
    api.at.broker.on('disconnected', ({ reason }) => logged.push(reason))
    api.at.broker.on('refused', ({ reason }) => logged.push(reason))
    const packet = await breakIt(api)
    const told = packet === null ? logged[0] : reasonStringOf(packet)
    const [, text = '', name] = /^(.*) \(limits\.(\w+)\)(?: \[MQTT-[0-9.-]+\])?$/.exec(told ?? '') ?? []
    assert.match(text, words, told)
    assert.equal(name, limit)
    if (packet?.type === 'suback') assert.deepEqual(packet.reasonCodes, [reasonCode])
    else if (packet !== null && 'reasonCode' in packet) assert.equal(packet.reasonCode, reasonCode)
    // Whose connection goes on is in the log of nobody.
    if (packet === null || packet.type === 'disconnect' || packet.type === 'connack') assert.deepEqual(logged, [told])
    const metrics: string = (await api.get('/metrics')).body
    const counts = [...metrics.matchAll(/^pabal_limit_reached_total\{limit="(\w+)"\} (\d+)$/gm)]
    assert.deepEqual(
      counts.map(([, counted, count]) => [counted, count]),
      [[limit.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), '1']],
    )
  })
}

/** Those that lower a wish, slow down, forget or tell less: nobody is refused for them. */
const refuseNobody = [
  'sentTopicAliasMaximum',
  'keepAliveSecondsMax',
  'sessionExpirySecondsMax',
  'overRateSecondsMax',
  'queueMemoryBytesMax',
  'wakeSecondsMin',
  'topicsSeenMax',
  'fateLogMessagesMax',
  'fateLogPerSecondMax',
  'messageEventsPerSecondMax',
  'clientHistoryEventsMax',
  'sysIntervalSeconds',
]

test('every limit that somebody can be refused for is counted by its name somewhere', () => {
  const root = fileURLToPath(new URL('../../src', import.meta.url))
  const sources = globSync('{core,protocol,server}/**/*.ts', { cwd: root })
    .filter((path) => !/\.test\.ts$|^server\/config\/|^core\/limits\.ts$/.test(path))
    .map((path) => readFileSync(`${root}/${path}`, 'utf8'))
  // A value is asked for without quotes; in quotes stands the name that is counted.
  const uncounted = Object.keys(defaultLimits).filter((name) => !sources.some((text) => text.includes(`'${name}'`)))
  assert.deepEqual(uncounted, refuseNobody)
})
