import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { publish } from '../../protocol/packets/publish.ts'
import { ProtocolViolation } from '../../protocol/protocol-violation.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'
import { InboundTopicAliases, OutboundTopicAliases } from './topic-aliases.ts'

/** The Topic Name after resolving a PUBLISH with this name and alias. */
function resolved(aliases: InboundTopicAliases, topicName: string, topicAlias?: number): string {
  const packet = publish({ topicName, properties: topicAlias === undefined ? {} : { topicAlias } })
  aliases.resolve(packet)
  return packet.topicName
}

function refuses(aliases: InboundTopicAliases, topicName: string, topicAlias: number, code: number, statement: string) {
  assert.throws(
    () => resolved(aliases, topicName, topicAlias),
    (error) => error instanceof ProtocolViolation && error.reasonCode === code && error.statement === statement,
  )
}

test('[MQTT-3.3.2-12] every alias from 1 to the maximum is accepted and stands for the name it came with', () => {
  const aliases = new InboundTopicAliases(64)
  for (let alias = 1; alias <= 64; alias += 1) assert.equal(resolved(aliases, `name/${alias}`, alias), `name/${alias}`)
  for (let alias = 1; alias <= 64; alias += 1) assert.equal(resolved(aliases, '', alias), `name/${alias}`)
})

test('an alias that comes with another name stands for that one from then on', () => {
  const aliases = new InboundTopicAliases(1)
  resolved(aliases, 'first', 1)
  resolved(aliases, 'second', 1)
  assert.equal(resolved(aliases, '', 1), 'second')
})

test('a PUBLISH without an alias is left as it is and changes no mapping', () => {
  const aliases = new InboundTopicAliases(1)
  resolved(aliases, 'kept', 1)
  assert.equal(resolved(aliases, 'other'), 'other')
  assert.equal(resolved(aliases, '', 1), 'kept')
})

test('[MQTT-3.3.2-9] an alias above the announced maximum is refused with 0x94', () => {
  refuses(new InboundTopicAliases(3), 'a', 4, ReasonCode.TopicAliasInvalid, 'MQTT-3.3.2-9')
  refuses(new InboundTopicAliases(3), '', 65_535, ReasonCode.TopicAliasInvalid, 'MQTT-3.3.2-9')
  refuses(new InboundTopicAliases(0), 'a', 1, ReasonCode.TopicAliasInvalid, 'MQTT-3.3.2-9')
})

test('[MQTT-3.3.2-8] alias 0 is refused with 0x94', () => {
  refuses(new InboundTopicAliases(3), 'a', 0, ReasonCode.TopicAliasInvalid, 'MQTT-3.3.2-8')
})

test('[MQTT-3.3.2-7] an alias nothing was sent for on this connection is refused with 0x82', () => {
  const before = new InboundTopicAliases(3)
  resolved(before, 'a', 1)
  refuses(before, '', 2, ReasonCode.ProtocolError, 'MQTT-3.3.2-7')
  refuses(new InboundTopicAliases(3), '', 1, ReasonCode.ProtocolError, 'MQTT-3.3.2-7')
})

test('a name gets an alias when it repeats: first nothing, then name and alias, then the alias alone', () => {
  const aliases = new OutboundTopicAliases(2)
  assert.deepEqual(
    ['home/door', 'home/door', 'home/door', 'home/door'].map((name) => aliases.assign(name)),
    [0, 1, -1, -1],
  )
})

test('names that pass by once get no alias', () => {
  const aliases = new OutboundTopicAliases(4)
  for (let index = 0; index < 100; index += 1) assert.equal(aliases.assign(`once/${index}`), 0)
})

test('more names than are looked back on, in turns, do not drive each other out', () => {
  const aliases = new OutboundTopicAliases(2)
  for (let index = 0; index < 100; index += 1) assert.equal(aliases.assign(`turn/${index % 10}`), 0)
})

test('a name no longer than the property that would replace it gets no alias', () => {
  const aliases = new OutboundTopicAliases(4)
  for (let index = 0; index < 3; index += 1) assert.equal(aliases.assign('a/b'), 0)
})

test('a client that allows none is sent none', () => {
  const aliases = new OutboundTopicAliases(0)
  for (let index = 0; index < 3; index += 1) assert.equal(aliases.assign('home/door'), 0)
})

test('when all are taken, an alias that was not used lately changes its meaning', () => {
  const aliases = new OutboundTopicAliases(2)
  for (const name of ['busy', 'busy', 'idle', 'idle', 'busy']) aliases.assign(name)
  assert.deepEqual([aliases.assign('fresh'), aliases.assign('fresh')], [0, 2])
  assert.equal(aliases.assign('busy'), -1)
  assert.equal(aliases.assign('fresh'), -2)
  assert.equal(aliases.assign('idle'), 0)
})

test('[MQTT-3.3.2-11] the client understands every alias it is sent, and none is above the maximum', () => {
  const name = fc.integer({ min: 0, max: 12 }).map((index) => `name/${index}`)
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5 }), fc.array(name, { maxLength: 200 }), (maximum, names) => {
      const sender = new OutboundTopicAliases(maximum)
      const receiver = new InboundTopicAliases(maximum)
      for (const topicName of names) {
        const alias = sender.assign(topicName)
        if (alias === 0) continue
        assert.equal(resolved(receiver, alias > 0 ? topicName : '', Math.abs(alias)), topicName)
      }
    }),
  )
})
