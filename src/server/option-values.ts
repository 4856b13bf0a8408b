/**
 * The options of `createBroker` that are one value each, and which options there are: for programs whose types nobody checks.
 */
import { describeValue, type Reading, readFlag } from './config/reading.ts'
import type { BrokerOptions } from './options.ts'

type Read = (value: unknown) => Reading<unknown>

const callback = (example: string): Read => reading((value) => typeof value === 'function', 'a function', example)
const part = (method: string, expected: string, example: string): Read =>
  reading((value) => hasMethod(value, method), expected, `for example ${example}`)
const fields: Read = reading(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'an object',
  'write its fields in braces',
)

const readers: Readonly<Record<keyof BrokerOptions, Read>> = {
  listen: taken,
  allowAnonymous: readFlag,
  limits: fields,
  authenticate: callback("for example ({ userName }) => userName === 'alice'"),
  access: reading(
    (value) => value === null || (typeof value === 'object' && 'rules' in value && 'subscribing' in value),
    'rules that were read',
    'for example accessRules({ rules }) or mosquittoAcl(text)',
  ),
  authorize: callback("for example ({ action }) => action === 'subscribe'"),
  authorizeReceive: callback('for example ({ account, topic }) => topic.startsWith(account)'),
  permissions: fields,
  authenticationMethods: reading(
    (value) => Array.isArray(value) && value.every((each) => hasMethod(each, 'begin') && hasName(each)),
    'a list of Authentication Methods',
    'for example [scramSha256(credentials)]',
  ),
  responseTopicPrefix: reading((value) => typeof value === 'string', 'a text', "for example 'replies/'"),
  clientIdentifierScope: taken,
  clientIdentifiers: taken,
  store: part('append', 'a store', "sqlite('data') or memory()"),
  whenQueueFull: taken,
  deadLetterTopicName: taken,
  topics: taken,
  observers: fields,
  admin: (value) => (value === null ? taken(value) : adminPart(value)),
  tracing: readFlag,
  snapshotEveryBytes: reading(
    (value) => typeof value === 'number' && value >= 0,
    'a number of bytes',
    'the default is 67,108,864',
  ),
  acceptLoss: readFlag,
}

const adminPart = part('readCertificates', 'the HTTP API', "httpAdmin({ listen: 'http://127.0.0.1:18083' })")

/** By their names. What a value of its kind holds may be looked at elsewhere. */
export const optionReaders: ReadonlyMap<string, Read> = new Map(Object.entries(readers))

function reading(isRight: (value: unknown) => boolean, expected: string, advice: string): Read {
  return (value) => {
    if (isRight(value)) return taken(value)
    return { type: 'fault', found: typeof value === 'function' ? 'a function' : describeValue(value), expected, advice }
  }
}

function taken(value: unknown): Reading<unknown> {
  return { type: 'value', value }
}

function hasMethod(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function'
}

function hasName(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string'
}
