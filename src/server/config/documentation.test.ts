/**
 * docs/operating/configuration.md says what the code does, and the examples beside it are configurations.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { defaultLimits, fixedLimits, limitRanges } from '../../core/limits.ts'
import { createBroker } from '../embedded-broker.ts'
import { parseConfig } from './config.ts'
import { ConfigError } from './config-fault.ts'
import { eachKey, keyTree } from './config-keys.ts'
import { configSchema, knownKeys } from './config-schema.ts'
import { configuredOptions } from './configured-options.ts'
import { readEnvironment } from './environment.ts'
import { keyDescriptions } from './key-descriptions.ts'
import { formatPath } from './key-path.ts'
import { limitDescriptions } from './limit-descriptions.ts'
import { formatLimit, limitNames } from './limit-value.ts'

const readPage = (name: string): string =>
  readFileSync(new URL(`../../../docs/operating/${name}`, import.meta.url), 'utf8')
const page = readPage('configuration.md')

/** The text of every fenced block in a language. */
function blocks(language: string, text = page): string[] {
  return [...text.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map((match) => match[1] ?? '')
}

test('the table of limits has every limit with its default and its range', () => {
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\S+) \| (\S+) \| (\S+) \| .+ \|$/gm)].map((match) =>
    match.slice(1, 5),
  )
  const expected = limitNames.map((name) => {
    const [lowest, highest] = limitRanges[name]
    return [name, ...[defaultLimits[name], lowest, highest].map((value) => formatLimit(name, value))]
  })
  assert.deepEqual(rows, expected)
})

test('the limits that wait for the next start are named', () => {
  const [, row = ''] = /^\| (`receiveMaximum`.*) \| At the next start/m.exec(page) ?? []
  assert.deepEqual(row.replaceAll('`', '').split(', '), [...fixedLimits])
})

test('the tables describe every key in the words of the published schema', () => {
  const rows = new Map([...page.matchAll(/^\| `([\w.[\]]+)` \| (.+) \|$/gm)].map((match) => [match[1], match[2] ?? '']))
  const withoutLinks = (text: string) => text.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1')
  for (const [name] of eachKey(keyTree(configSchema({ directory: '.', environment: {} })))) {
    const description = keyDescriptions[name]
    if (description === undefined) continue
    const row = withoutLinks(rows.get(name) ?? rows.get(name.replace('authentication.', '')) ?? '')
    assert.ok(row === description || row.startsWith(`${description} |`) || row.startsWith(`${description}: see `), name)
  }
  for (const [name, description] of Object.entries(limitDescriptions)) {
    assert.ok(withoutLinks(rows.get(name) ?? '').endsWith(` | ${description}`), name)
  }
})

test('every key is in a table', () => {
  const schema = configSchema({ directory: '.', environment: {} })
  const keys = [
    ...knownKeys(schema, []),
    ...knownKeys(schema, ['authentication']),
    ...knownKeys(schema, ['authentication', 'users', 0]).map((key) => `users[].${key}`),
    ...knownKeys(schema, ['topics', 0]).map((key) => `topics[].${key}`),
    ...knownKeys(schema, ['log']).map((key) => `log.${key}`),
    ...knownKeys(schema, ['access']).map((key) => `access.${key}`),
    ...knownKeys(schema, ['access', 'rules', 0]).map((key) => `access.rules[].${key}`),
    ...knownKeys(schema, ['observers']).map((key) => `observers.${key}`),
  ]
  for (const key of keys) assert.ok(page.includes(`\n| \`${key}\` |`), key)
})

test('the example is a configuration, apart from its password file', () => {
  const [, example = ''] = blocks('yaml')
  const config = parseConfig(example.replace(/passwordFile: .*/, `scram: ${scram}`), 'pabal.yaml')
  assert.equal(config.authentication?.users.length, 2)
})

test('the example of rules for Topic Filters is a configuration', () => {
  const [, , example = ''] = blocks('yaml')
  const { topics } = parseConfig(example, 'pabal.yaml')
  assert.deepEqual(
    topics?.map(({ filter, whenNobody }) => [filter, whenNobody]),
    [
      ['commands/+/restart', 'reject'],
      ['commands/#', 'hold'],
      ['debug/#', 'accept'],
    ],
  )
})

test('every example of when-nobody-listens.md is a configuration that a broker takes', async () => {
  const examples = blocks('yaml', readPage('when-nobody-listens.md'))
  assert.ok(examples.length >= 5)
  for (const example of examples) createBroker(await configuredOptions(parseConfig(example, 'pabal.yaml')))
})

test('every example of a variable stands for the key beside it', () => {
  const rows = [...page.matchAll(/^\| `(PABAL_\w+)=(.+?)` \| `([^`]+)`/gm)].map((match) => match.slice(1, 4))
  assert.ok(rows.length >= 7)
  for (const [variable = '', value = '', key = ''] of rows) {
    const tree = keyTree(configSchema({ directory: '/', environment: {} }))
    const { overrides, faults } = readEnvironment(tree, { [variable]: value }, '/', () => false)
    assert.deepEqual(faults, [], variable)
    assert.deepEqual(
      overrides.map(({ path }) => formatPath(path)),
      [key],
    )
  }
})

test('the example of a fault is what is printed', () => {
  const [example = ''] = blocks('text')
  assert.throws(
    () => parseConfig('limits:\n  packetBytesMax: 2GiB\n', 'pabal.yaml'),
    (error) => error instanceof ConfigError && `${error.message}\n` === example,
  )
})

const key = Buffer.alloc(32).toString('base64')
const scram = `SCRAM-SHA-256$4096:AAAAAAAAAAAAAAAA$${key}:${key}`
