/**
 * How the tests of `topics.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

const topicFilter = 'src/core/routing/topic-filter.ts'
const topicName = 'src/core/routing/topic-name.ts'
const topicTree = 'src/core/routing/topic-tree.ts'
const utf8 = 'src/protocol/utf8.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'the wildcard in the Topic Name of a PUBLISH is found too late for the right Reason Code',
    file: 'src/protocol/topic-name-cache.ts',
    from: `name === null || name.includes('#') || name.includes('+')`,
    to: `name === null`,
    breaks: ['MQTT-4.7.0-1'],
  },
  {
    name: 'a Topic Name is checked like a Topic Filter',
    file: topicName,
    from: `const wildcardsAllowed = kind === 'Topic Filter'`,
    to: `const wildcardsAllowed = true`,
    breaks: ['MQTT-4.7.0-1', 'MQTT3-4.7.1-1'],
  },
  {
    name: '"#" may stand in any level of a Topic Filter',
    file: topicFilter,
    from: `if (code === hash && index !== last) {`,
    to: `if (false) {`,
    breaks: ['MQTT-4.7.1-1', 'MQTT3-4.7.1-2'],
  },
  {
    name: '"#" does not match the level above it',
    file: topicTree,
    from: `      // \`a/#\` matches \`a\` as well.\n      if (node.hashValue !== undefined) found.push(node.hashValue)`,
    to: ``,
    breaks: ['MQTT-4.7.1-1', 'MQTT3-4.7.1-2'],
  },
  {
    name: '"#" that is alone below its level does not match that level',
    file: topicFilter,
    from: `inFilter === filter.length || filter.charCodeAt(inFilter + 1) === hash`,
    to: `inFilter === filter.length`,
    breaks: ['MQTT-4.7.1-1', 'MQTT3-4.7.1-2'],
  },
  {
    name: 'a wildcard may share its level at one side',
    file: topicFilter,
    from: `if (startsLevel && endsLevel) continue`,
    to: `if (startsLevel || endsLevel) continue`,
    breaks: ['MQTT-4.7.1-1', 'MQTT3-4.7.1-2', 'MQTT-4.7.1-2', 'MQTT3-4.7.1-3'],
  },
  {
    name: '"+" does not match an empty level',
    file: topicTree,
    from: `const inner = entered(node.plusChild, topicName, found)`,
    to: `const inner = levelEnd > levelStart ? entered(node.plusChild, topicName, found) : null`,
    breaks: ['MQTT-4.7.1-2', 'MQTT3-4.7.1-3'],
  },
  {
    name: '"+" in a filter that is alone below its level does not match an empty level',
    file: topicFilter,
    from: `      inFilter += 1\n      while`,
    to: `      if (topicName[inName] === '/') return false\n      inFilter += 1\n      while`,
    breaks: ['MQTT-4.7.1-2', 'MQTT3-4.7.1-3'],
  },
  {
    name: 'a wildcard at the first level matches Topic Names that begin with "$"',
    file: topicTree,
    from: `const wildcardsCount = levelStart > 0 || topicName.charCodeAt(0) !== dollar`,
    to: `const wildcardsCount = true`,
    breaks: ['MQTT-4.7.2-1', 'MQTT3-4.7.2-1'],
  },
  {
    name: 'Retained Messages of Topic Names that begin with "$" are found by a wildcard at the first level',
    file: 'src/core/routing/topic-name-tree.ts',
    from: `return text.startsWith('$') ? this.#dollarRoot : this.#root`,
    to: `return this.#root`,
    breaks: ['MQTT-4.7.2-1', 'MQTT3-4.7.2-1'],
  },
  {
    name: 'an empty Topic Filter is read like any other',
    file: 'src/protocol/packets/subscriptions.ts',
    from: `if (topicFilter !== '') return topicFilter`,
    to: `return topicFilter`,
    breaks: ['MQTT-4.7.3-1', 'MQTT3-4.7.3-1'],
  },
  {
    name: 'U+0000 is read like any other character',
    file: utf8,
    from: `if (text.includes('\\u0000')) return null`,
    to: ``,
    breaks: ['MQTT-4.7.3-2', 'MQTT3-4.7.3-2'],
  },
  {
    name: 'a Topic Name or Topic Filter may have a byte more than the limit',
    file: topicName,
    from: `if (bytes > limits.topicBytesMax) {`,
    to: `if (bytes > limits.topicBytesMax + 1) {`,
    breaks: ['MQTT-4.7.3-3', 'MQTT3-4.7.3-3'],
  },
  {
    name: 'a Topic Name or Topic Filter must have a byte less than the limit',
    file: topicName,
    from: `if (bytes > limits.topicBytesMax) {`,
    to: `if (bytes >= limits.topicBytesMax) {`,
    breaks: ['MQTT-4.7.3-3', 'MQTT3-4.7.3-3'],
  },
  {
    name: 'text is normalised when it is decoded',
    file: utf8,
    from: `bytes.toString('utf8', start, end)`,
    to: `bytes.toString('utf8', start, end).normalize()`,
    breaks: ['MQTT-4.7.3-4', 'MQTT3-4.7.3-4'],
  },
  {
    name: 'a byte order mark is stripped from text',
    file: utf8,
    from: `bytes.toString('utf8', start, end)`,
    to: `bytes.toString('utf8', start, end).replace('\\ufeff', '')`,
    breaks: ['MQTT-4.7.3-4', 'MQTT3-4.7.3-4'],
  },
  {
    name: 'the levels of a Topic Name are compared without regard to case',
    file: topicTree,
    from: `topicName.startsWith(level, start)`,
    to: `topicName.toLowerCase().startsWith(level.toLowerCase(), start)`,
    breaks: ['MQTT-4.7.3-4', 'MQTT3-4.7.3-4'],
  },
  {
    name: 'a filter that is alone below its level is compared without regard to case',
    file: topicFilter,
    from: `if (filter.charCodeAt(inFilter) !== topicName.charCodeAt(inName)) return false`,
    to: `if (filter[inFilter]?.toLowerCase() !== topicName[inName]?.toLowerCase()) return false`,
    breaks: ['MQTT-4.7.3-4', 'MQTT3-4.7.3-4'],
  },
]

export const exemptions: Exemptions = {}
