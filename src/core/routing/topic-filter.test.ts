import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseTopicFilter, topicFilterMatches } from './topic-filter.ts'
import { anyFilter, anyTopicName, processorMs } from './topic-tree-texts.test.ts'

const limits = { topicBytesMax: 1024, topicLevelsMax: 128 }
const widest = { topicBytesMax: 65_535, topicLevelsMax: 65_535 }

const accepted: [text: string, shareName: string | null, filter: string, hasWildcard: boolean][] = [
  ['a', null, 'a', false],
  ['/', null, '/', false],
  ['#', null, '#', true],
  ['+', null, '+', true],
  ['/+', null, '/+', true],
  ['+/+', null, '+/+', true],
  ['+/tennis/#', null, '+/tennis/#', true],
  ['sport/tennis/#', null, 'sport/tennis/#', true],
  ['sport/+/player1', null, 'sport/+/player1', true],
  ['$SYS/#', null, '$SYS/#', true],
  ['$share', null, '$share', false],
  ['$shared/a/b', null, '$shared/a/b', false],
  ['$share/group/a/b', 'group', 'a/b', false],
  ['$share/group/#', 'group', '#', true],
  ['$share/group//', 'group', '/', false],
  ['$share/a b$/+/x', 'a b$', '+/x', true],
]
for (const [text, shareName, filter, hasWildcard] of accepted) {
  test(`the Topic Filter "${text}" is valid`, () => {
    assert.deepEqual(parseTopicFilter(text, limits), { type: 'filter', shareName, filter, hasWildcard })
  })
}

const refused: [text: string, statement: string][] = [
  ['', 'MQTT-4.7.3-1'],
  ['a\0', 'MQTT-4.7.3-2'],
  ['x'.repeat(1025), 'MQTT-4.7.3-3'],
  ['/'.repeat(128), 'MQTT-4.7.3-3'],
  ['a/#/b', 'MQTT-4.7.1-1'],
  ['sport/tennis#', 'MQTT-4.7.1-1'],
  ['sport/tennis/#/ranking', 'MQTT-4.7.1-1'],
  ['#a', 'MQTT-4.7.1-1'],
  ['##', 'MQTT-4.7.1-1'],
  ['+#', 'MQTT-4.7.1-2'],
  ['a+', 'MQTT-4.7.1-2'],
  ['+a', 'MQTT-4.7.1-2'],
  ['sport+', 'MQTT-4.7.1-2'],
  ['a/++/b', 'MQTT-4.7.1-2'],
  ['$share/', 'MQTT-4.8.2-1'],
  ['$share//a', 'MQTT-4.8.2-1'],
  ['$share/group', 'MQTT-4.8.2-2'],
  ['$share/group/', 'MQTT-4.8.2-2'],
  ['$share/gr+up/a', 'MQTT-4.8.2-2'],
  ['$share/#/a', 'MQTT-4.8.2-2'],
  ['$share/group/a/#/b', 'MQTT-4.7.1-1'],
  ['$share/group/a+', 'MQTT-4.7.1-2'],
]
for (const [text, statement] of refused) {
  test(`[${statement}] the Topic Filter ${JSON.stringify(text.slice(0, 30))} is refused with a reason`, () => {
    const fault = parseTopicFilter(text, limits)
    assert.ok(fault.type === 'fault')
    assert.equal(fault.statement, statement)
    assert.ok(fault.reason.length > 20)
  })
}

const matching: [filter: string, matches: string[], others: string[]][] = [
  [
    'sport/tennis/player1/#',
    ['sport/tennis/player1', 'sport/tennis/player1/ranking', 'sport/tennis/player1/score/wimbledon'],
    ['sport/tennis', 'sport/tennis/player10', 'sport/tennis/player2'],
  ],
  ['sport/#', ['sport', 'sport/', 'sport/a/b'], ['sports', '/sport']],
  ['#', ['a', '/', 'a/b/c', '/a'], ['$SYS', '$SYS/uptime', '$']],
  ['sport/tennis/+', ['sport/tennis/player1', 'sport/tennis/'], ['sport/tennis', 'sport/tennis/player1/ranking']],
  ['sport/+', ['sport/', 'sport/a'], ['sport', 'sport/a/b']],
  ['+', ['finance', 'a'], ['/finance', 'a/', '$SYS']],
  ['+/+', ['/finance', 'a/b', '/'], ['finance', 'a/b/c', '$SYS/a']],
  ['/+', ['/finance', '/'], ['finance', '//', 'a/finance']],
  ['+/monitor/Clients', ['a/monitor/Clients'], ['$SYS/monitor/Clients']],
  ['$SYS/#', ['$SYS', '$SYS/a/b'], ['SYS/a', '$SYSTEM']],
  ['$SYS/monitor/+', ['$SYS/monitor/Clients'], ['$SYS/monitor']],
  ['a/+', ['a/$b', 'a/b'], ['$a/b']],
  ['+/#', ['a', 'a/b', '/'], ['$a', '$a/b']],
  ['a//b', ['a//b'], ['a/b', 'a/+/b', 'a/x/b']],
  ['test/topic/+', ['test/topic/', 'test/topic/x'], ['test/topic']],
  ['ACCOUNTS', ['ACCOUNTS'], ['Accounts', 'ACCOUNTS/', 'ACCOUNT']],
  ['caf\u00e9', ['caf\u00e9'], ['cafe\u0301']],
]
for (const [filter, matches, others] of matching) {
  test(`"${filter}" matches what section 4.7 says and nothing else`, () => {
    for (const topicName of matches) assert.equal(topicFilterMatches(filter, topicName), true, topicName)
    for (const topicName of others) assert.equal(topicFilterMatches(filter, topicName), false, topicName)
  })
}

/** Section 4.7 once more, level by level and in the plainest words: slow, recursive and easy to check by eye. */
function plainlyMatches(filter: string[], topicName: string[]): boolean {
  const [wanted, ...filterRest] = filter
  const [found, ...nameRest] = topicName
  if (wanted === '#') return true
  if (wanted === undefined || found === undefined) return wanted === found
  return (wanted === '+' || wanted === found) && plainlyMatches(filterRest, nameRest)
}

test('matching agrees with the plainest reading of section 4.7', () => {
  fc.assert(
    fc.property(anyFilter, anyTopicName, (filter, topicName) => {
      const isHidden = /^[+#]/.test(filter) && topicName.startsWith('$')
      const expected = !isHidden && plainlyMatches(filter.split('/'), topicName.split('/'))
      assert.equal(topicFilterMatches(filter, topicName), expected)
    }),
    { numRuns: 5000 },
  )
})

test('filters and names of 32,767 slashes are read and matched in less than 50 ms', () => {
  const slashes = '/'.repeat(32_767)
  const pluses = `${'+/'.repeat(32_766)}+`
  const spentMs = processorMs(() => {
    assert.equal(parseTopicFilter(slashes, widest).type, 'filter')
    assert.equal(parseTopicFilter(pluses, widest).type, 'filter')
    assert.equal(parseTopicFilter(pluses, limits).type, 'fault')
    assert.equal(topicFilterMatches(slashes, slashes), true)
    assert.equal(topicFilterMatches(pluses, slashes), false)
    assert.equal(topicFilterMatches(`${pluses}/+`, slashes), true)
  })
  assert.ok(spentMs < 50)
})
