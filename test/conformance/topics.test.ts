/**
 * Topic Names and Topic Filters, wildcards and what matches what: MQTT 5.0 and 3.1.1 section 4.7.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertMalformed, connectPacket, field, packet } from '../support/packet-hex.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'

const versions: readonly (4 | 5)[] = [4, 5]

function publishBytes(version: 4 | 5, topicName: string): string {
  return packet('30', `${field(topicName)}${version === 5 ? '00' : ''}`)
}

/** SUBSCRIBE or UNSUBSCRIBE of one Topic Filter. */
function filterBytes(version: 4 | 5, first: '82' | 'a2', topicFilter: string): string {
  return packet(first, `0001${version === 5 ? '00' : ''}${field(topicFilter)}${first === '82' ? '00' : ''}`)
}

async function refuses(broker: TestBroker, version: 4 | 5, bytes: string, reasonCode: number): Promise<void> {
  using client = await broker.client(version)
  client.sendBytes(bytes)
  await client.refused(reasonCode)
}

/** A CONNECT with that Will Topic. */
function willBytes(version: 4 | 5, willTopic: string): string {
  return connectPacket(version, 6, `${field('c')}${version === 5 ? '00' : ''}${field(willTopic)}${field('x')}`)
}

type Table = readonly (readonly [filter: string, ...topicNames: string[]])[]

/** Each Topic Filter gets live messages of exactly those Topic Names, out of all in the table: alone, and beside all others and some below. */
async function matches(table: Table): Promise<void> {
  await using broker = await startTestBroker()
  await matchAlone(broker, table)
  using other = await broker.client(5)
  // Of a shared group the other would be a member, and get some.
  for (const [filter] of table.filter(([text]) => !text.startsWith('$share/'))) {
    await other.subscribe(filter, { qos: 0 })
    await other.subscribe(`${filter.replace(/\/?#$/, '')}/below/+`, { qos: 0 })
  }
  await matchAlone(broker, table)
}

async function matchAlone(broker: TestBroker, table: Table): Promise<void> {
  const topicNames = new Set(table.flatMap(([, ...names]) => names))
  for (const version of versions) {
    for (const [filter, ...expected] of table) {
      using client = await broker.client(version)
      await client.subscribe(filter, { qos: 0 })
      for (const topicName of topicNames) client.publish({ topicName })
      client.send({ type: 'pingreq' })
      const got: string[] = []
      for (;;) {
        const next = await client.nextOf('publish', 'pingresp')
        if (next.type !== 'publish') break
        got.push(next.topicName)
      }
      assert.deepEqual(got.toSorted(), expected.toSorted(), filter)
    }
  }
}

/** Each Topic Filter is refused, and nothing is subscribed. */
async function neverGranted(filters: readonly string[], topicName: string): Promise<void> {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    for (const filter of filters) {
      assert.equal(await client.subscribe(filter), version === 5 ? 0x8f : 0x80, filter)
    }
    await broker.broker.publish({ topicName })
    await client.quiet()
  }
}

test('[MQTT-4.7.0-1] [MQTT3-4.7.1-1] a client cannot publish to a Topic Name with a wildcard, nor have it as Will Topic', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    for (const topicName of ['#', '+', 'a/#', 'a/+/b', 'a#', 'a+b']) {
      await refuses(broker, version, publishBytes(version, topicName), 0x81)
      await assertMalformed(broker, version, willBytes(version, topicName))
    }
  }
})

test('[MQTT-4.7.0-1] [MQTT3-4.7.1-1] code that embeds the broker cannot publish to a Topic Name with a wildcard', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    await client.subscribe('#')
    for (const topicName of ['#', '+', 'a/#', 'a/+/b', 'a#', 'a+b']) {
      await assert.rejects(broker.broker.publish({ topicName }), /wildcards are for Topic Filters only/)
    }
    await client.quiet()
  }
})

test('[MQTT-4.7.1-1] [MQTT3-4.7.1-2] "#" that is not alone in the last level is not granted', async () => {
  const filters = ['a#', '#a', '#/', '#/a', 'a/#/b', 'a/b#', 'a/#b', '##', '/#/', '#/#', '+/#/+', '$share/g/#/a']
  await neverGranted(filters, 'a')
})

test('[MQTT-4.7.1-1] [MQTT3-4.7.1-2] "#" matches any number of levels, and none', () =>
  matches([
    ['a/b/#', 'a/b', 'a/b/c', 'a/b/c/d', 'a/b/'],
    ['#', 'a/b', 'a/b/c', 'a/b/c/d', 'a/b/', 'x', '/', '/x', 'a/bc'],
    ['/#', '/', '/x'],
    ['+/bc/#', 'a/bc'],
  ]))

test('[MQTT-4.7.1-2] [MQTT3-4.7.1-3] "+" that does not fill a whole level is not granted', async () => {
  const filters = ['a+', '+a', 'a/b+', 'a/+b/c', '++', '+a/#', 'a/+#', '$share/g/a+', 'é+']
  await neverGranted(filters, 'a')
})

test('[MQTT-4.7.1-2] [MQTT3-4.7.1-3] "+" matches exactly one level, an empty one too', () =>
  matches([
    ['a/b/+', 'a/b/c', 'a/b/d', 'a/b/'],
    ['+', 'x'],
    ['+/+', '/x', 'a/b', 'x/'],
    ['/+', '/x'],
    ['+/b/c', 'a/b/c'],
    ['a/+/c', 'a/b/c', 'a//c'],
    ['a/b/c/d/+'],
  ]))

test('[MQTT-4.7.2-1] [MQTT3-4.7.2-1] a Topic Filter that begins with a wildcard matches no Topic Name that begins with "$"', () =>
  matches([
    ['#', 'b', 'b/a', 'b/$x'],
    ['+', 'b'],
    ['+/a', 'b/a'],
    ['+/#', 'b', 'b/a', 'b/$x'],
    ['+/+', 'b/a', 'b/$x'],
    ['$share/g/#', 'b', 'b/a', 'b/$x'],
    ['$x/#', '$x', '$x/a'],
    ['$x/+', '$x/a'],
    ['$x/a', '$x/a'],
    ['b/+', 'b/a', 'b/$x'],
  ]))

test('[MQTT-4.7.2-1] [MQTT3-4.7.2-1] nor is it sent the Retained Messages of such a Topic Name', async () => {
  await using broker = await startTestBroker()
  for (const topicName of ['$x', '$x/a']) await broker.broker.publish({ topicName, payload: 'kept', retain: true })
  for (const version of versions) {
    using client = await broker.client(version)
    for (const filter of ['#', '+', '+/a', '+/#', '+/+']) await client.subscribe(filter, { qos: 0 })
    await client.quiet()
    await client.subscribe('$x/+', { qos: 0 })
    assert.equal((await client.message()).topicName, '$x/a')
    await client.quiet()
  }
})

test('[MQTT-4.7.3-1] [MQTT3-4.7.3-1] an empty Topic Name or Topic Filter closes the connection', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    await refuses(broker, version, publishBytes(version, ''), 0x82)
    await refuses(broker, version, filterBytes(version, '82', ''), 0x81)
    await refuses(broker, version, filterBytes(version, 'a2', ''), 0x81)
    await assertMalformed(broker, version, willBytes(version, ''))
    await assert.rejects(broker.broker.publish({ topicName: '' }), /is empty/)
  }
})

test('[MQTT-4.7.3-1] [MQTT3-4.7.3-1] one character is enough for a Topic Name and a Topic Filter', () =>
  matches(['a', '/', ' ', '$', '커', '😀'].map((character) => [character, character])))

test('[MQTT-4.7.3-2] [MQTT3-4.7.3-2] U+0000 in a Topic Name or Topic Filter closes the connection', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    for (const bad of ['\0', 'a/\0', '\0é']) {
      await refuses(broker, version, publishBytes(version, bad), 0x81)
      await refuses(broker, version, filterBytes(version, '82', bad), 0x81)
      await refuses(broker, version, filterBytes(version, 'a2', bad), 0x81)
      await assertMalformed(broker, version, willBytes(version, bad))
      await assert.rejects(broker.broker.publish({ topicName: bad }), /U\+0000/)
    }
  }
})

test('[MQTT-4.7.3-3] [MQTT3-4.7.3-3] Topic Names and Topic Filters may have 65,535 bytes and no more', async () => {
  await using broker = await startTestBroker({ limits: { topicBytesMax: 65_535 } })
  const longest = `${'커'.repeat(21_844)}/ab`
  assert.equal(Buffer.byteLength(longest), 65_535)
  for (const version of versions) {
    for (const filter of [longest, `${longest.slice(0, -2)}+`]) {
      using client = await broker.client(version)
      await client.subscribe(filter, { qos: 0 })
      client.publish({ topicName: longest })
      assert.equal((await client.message()).topicName, longest)
      for (const topicName of [`${longest}c`, `${longest}커`]) {
        await assert.rejects(broker.broker.publish({ topicName }), /at most 65535 are allowed/)
        await assert.rejects(
          broker.broker.subscribe(topicName, { qos: 0 }, () => {}),
          /at most 65535 are allowed/,
        )
      }
      await client.quiet()
    }
  }
})

test('[MQTT-4.7.3-4] [MQTT3-4.7.3-4] no character is normalised, changed or passed over when Topic Names are matched', () => {
  // Composed and decomposed, two signs for one letter, a ligature, full width, a byte order mark, a zero-width joiner.
  const words = [
    'é',
    'e\u0301',
    'E\u0301',
    '\u212b',
    '\u00c5',
    '\ufb01',
    'fi',
    'FI',
    '\uff26\uff29',
    '\ufefffi',
    'f\u200di',
  ]
  const spelled = ['a/b', 'A/b', 'a//b', '/a/b', 'a/b/', ' a/b', 'a/b ', 'a/./b', 'a/x/../b', 'a%2Fb', 'a\\b', 'a/b\t']
  return matches([
    ...[...words, ...spelled].map((name) => [name, name] as const),
    ...words.map((word) => [`+/${word}/#`, `1/${word}/2`] as const),
    ['only/Case/+', 'only/Case/1'],
    ['+/case/1', 'only/case/1'],
  ])
})
