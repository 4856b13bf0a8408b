import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { limitRanges } from '../../core/limits.ts'
import { parseConfig } from './config.ts'
import { ConfigError } from './config-fault.ts'
import { eachKey, keyTree } from './config-keys.ts'
import { configSchema } from './config-schema.ts'
import { configJsonSchema, describeKey, formatJsonSchema } from './json-schema.ts'
import type { JsonSchema } from './leaf.ts'
import { limitNames, limitUnit } from './limit-value.ts'

const root = new URL('../../../', import.meta.url)
const schema = configJsonSchema()

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function list(value: unknown): readonly unknown[] {
  assert.ok(Array.isArray(value))
  return value
}

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isSchema,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  integer: Number.isInteger,
}

/** Keywords of the standard, read on their own: a value that is not of a keyword's kind passes it. */
const keywords: Readonly<Record<string, (argument: unknown, value: unknown, whole: JsonSchema) => boolean>> = {
  $schema: () => true,
  title: () => true,
  description: () => true,
  default: () => true,
  type: (type, value) => types[String(type)]?.(value) === true,
  enum: (values, value) => list(values).includes(value),
  minimum: (least, value) => typeof value !== 'number' || value >= Number(least),
  maximum: (most, value) => typeof value !== 'number' || value <= Number(most),
  minLength: (least, value) => typeof value !== 'string' || value.length >= Number(least),
  pattern: (pattern, value) => typeof value !== 'string' || new RegExp(String(pattern), 'u').test(value),
  minItems: (least, value) => !Array.isArray(value) || value.length >= Number(least),
  items: (items, value) => !Array.isArray(value) || value.every((entry) => isValid(items, entry)),
  anyOf: (schemas, value) => list(schemas).some((each) => isValid(each, value)),
  required: (keys, value) => !isSchema(value) || list(keys).every((key) => Object.hasOwn(value, String(key))),
  properties: (properties, value) =>
    !isSchema(value) ||
    !isSchema(properties) ||
    Object.entries(value).every(([key, each]) => isValid(properties[key] ?? {}, each)),
  additionalProperties: (isAllowed, value, { properties }) =>
    isAllowed !== false ||
    !isSchema(value) ||
    (isSchema(properties) && Object.keys(value).every((key) => key in properties)),
}

function isValid(each: unknown, value: unknown): boolean {
  assert.ok(isSchema(each))
  return Object.entries(each).every(([keyword, argument]) => {
    const check = keywords[keyword]
    assert.ok(check !== undefined, `the keyword ${keyword}`)
    return check(argument, value, each)
  })
}

test('the published file is what the shape makes', () => {
  const published = readFileSync(new URL('pabal.schema.json', root), 'utf8')
  assert.equal(published, formatJsonSchema(), 'make it again: pabal check-config --schema > pabal.schema.json')
})

test('every key has a description', () => {
  const names = [...eachKey(keyTree(configSchema({ directory: '.', environment: {} })))].map(([name]) => name)
  for (const name of [...names, 'limits', 'observers', 'authentication']) assert.notEqual(describeKey(name), null, name)
})

test('every example in the documentation and the README is valid', () => {
  const pages = [
    'README.md',
    ...['configuration', 'listeners', 'when-nobody-listens', 'receipts'].map((name) => `docs/operating/${name}.md`),
  ]
  let count = 0
  for (const page of pages) {
    const text = readFileSync(new URL(page, root), 'utf8')
    for (const [, indent = '', block = ''] of text.matchAll(/^( *)```yaml\n(.*?)^ *```$/gms)) {
      const written = parse(`\n${block}`.replaceAll(`\n${indent}`, '\n'))
      assert.ok(isValid(schema, written), `${page}: ${block}`)
      count += 1
    }
  }
  assert.ok(count >= 9, `${count} examples`)
})

test('the default of a key is one of its values', () => {
  function visit(each: unknown): void {
    if (Array.isArray(each)) for (const child of each) visit(child)
    if (!isSchema(each)) return
    if ('default' in each) assert.ok(isValid(each, each.default), JSON.stringify(each))
    for (const child of Object.values(each)) visit(child)
  }
  visit(schema)
})

/** What the broker thinks of it. */
function isAccepted(text: string): boolean {
  try {
    parseConfig(text, 'pabal.yaml')
    return true
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return false
  }
}

const samples = [
  '{}',
  '[]',
  'lisners: []',
  'listeners: [tcp://127.0.0.1:1883, {url: "ws://127.0.0.1:8083/mqtt"}]',
  'listeners: [http://127.0.0.1]',
  'listeners: [1883]',
  'listeners: tcp://127.0.0.1:1883',
  'listeners: [{uri: "tcp://127.0.0.1:1883"}]',
  'allowAnonymous: yes',
  'allowAnonymous: true',
  'durability: fsnc',
  'syncIntervalMs: 0',
  'syncIntervalMs: 60000',
  'syncIntervalMs: 60001',
  'data: ""',
  'deadLetterTopic: $SYS/dead',
  'deadLetterTopic: dead/+',
  'deadLetterTopic: dead/letters',
  'topics: [{whenNobody: hold}]',
  'topics: [{filter: a/#, whenNobody: hld}]',
  'topics: [{filter: a/#, rejectReasonCode: 0x97, ackSecondsMax: 1min, heldBytesMax: 1 MiB}]',
  'topics: [{filter: a/#, rejectReasonCode: 0x81}]',
  'topics: [{filter: a/#, ackSecondsMax: 3601}]',
  'observers: {accounts: [1]}',
  'observers: {filters: []}',
  'limits: 5',
  'limits: {packetBytesMax: 4MiB, receiveMaximum: 1_000}',
  'limits: {packetBytesMax: 4XiB}',
  'limits: {packetBytesMax: 1.5}',
  'limits: {receiveMaximum: 5s}',
  'authentication: {users: []}',
  'authentication: {users: [{passwordHash: x}]}',
  'authentication: {users: [{userName: a, password: hunter2}]}',
  'authentication: {methods: [SCRAM-SHA-1]}',
  ...limitNames.flatMap((name) => {
    const [lowest, highest] = limitRanges[name]
    const units = { bytes: `${lowest}b`, seconds: `${lowest}S`, count: `"${lowest}"` }
    return [lowest, highest, lowest - 1, highest + 1, units[limitUnit(name)]].map(
      (value) => `limits: {${name}: ${value}}`,
    )
  }),
]

test('the schema says of a file what the broker says', () => {
  for (const text of samples) assert.equal(isValid(schema, parse(text)), isAccepted(text), text)
})
