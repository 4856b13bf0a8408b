import assert from 'node:assert/strict'
import { test } from 'node:test'
import { topicNameFault, topicTextFault } from './topic-name.ts'
import { processorMs } from './topic-tree-texts.test.ts'

const limits = { topicBytesMax: 1024, topicLevelsMax: 128 }
const widest = { topicBytesMax: 65_535, topicLevelsMax: 65_535 }

for (const topicName of [
  'a',
  '/',
  '//',
  '/finance',
  'Accounts payable',
  '커피정보',
  'sport/tennis/player1',
  '$SYS/x',
  '😀',
]) {
  test(`the Topic Name "${topicName}" is valid`, () => {
    assert.equal(topicNameFault(topicName, limits), null)
  })
}

const faults: [description: string, topicName: string, sentence: RegExp, statement: string][] = [
  ['without a character', '', /is empty/, 'MQTT-4.7.3-1'],
  ['with U+0000', 'a/\0b', /U\+0000/, 'MQTT-4.7.3-2'],
  ['with +', 'a/+/b', /"\+".*Topic Filters only/, 'MQTT-3.3.2-2'],
  ['with #', 'a/#', /"#".*Topic Filters only/, 'MQTT-3.3.2-2'],
  ['with + inside a level', 'a+b', /"\+"/, 'MQTT-3.3.2-2'],
  ['with too many bytes', 'x'.repeat(1025), /has 1025 bytes; at most 1024 /, 'MQTT-4.7.3-3'],
  ['with too many bytes in few characters', '커'.repeat(342), /has 1026 bytes; at most 1024 /, 'MQTT-4.7.3-3'],
  ['with too many levels', 'a/'.repeat(128), /has 129 levels; at most 128 /, 'MQTT-4.7.3-3'],
  ['with half of a surrogate pair', 'a\ud83d', /surrogate/, 'MQTT-1.5.4-1'],
]
for (const [description, topicName, sentence, statement] of faults) {
  test(`a Topic Name ${description} is refused in words that say why [${statement}]`, () => {
    assert.match(topicNameFault(topicName, limits) ?? '', sentence)
    assert.equal(topicTextFault('Topic Name', topicName, limits)?.statement, statement)
  })
}

test('a Topic Name exactly at a limit is valid', () => {
  assert.equal(topicNameFault('x'.repeat(1024), limits), null)
  assert.equal(topicNameFault('/'.repeat(127), limits), null)
})

test('a name of 32,767 slashes is checked in less than 50 ms', () => {
  const topicName = '/'.repeat(32_767)
  const spentMs = processorMs(() => {
    assert.match(topicNameFault(topicName, { ...widest, topicLevelsMax: 128 }) ?? '', /has 32768 levels/)
    assert.equal(topicNameFault(topicName, widest), null)
  })
  assert.ok(spentMs < 50)
})
