import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultLimits } from '../core/limits.ts'
import { checkOptions } from './option-faults.ts'
import type { BrokerOptions } from './options.ts'
import { memory, sqlite } from './stores.ts'

/** What a program without types hands over. */
function check(options: object) {
  return checkOptions(options)
}

test('options that are right are completed by the defaults', () => {
  const checked = checkOptions({ topics: [{ filter: 'a/#', whenNobody: 'hold', heldSecondsMax: 0 }] })
  assert.deepEqual(checked.limits, defaultLimits)
  assert.deepEqual(checked.topicRules, [{ filter: 'a/#', whenNobody: 'hold', heldSecondsMax: 0 }])
  assert.deepEqual(checked.observers, { accounts: new Set(), filters: new Set(['#', '+/#']) })
})

test('a field that is there and undefined is as good as none', () => {
  assert.deepEqual(check({ topics: [{ filter: 'a', wake: undefined }] }).topicRules, [{ filter: 'a' }])
})

test('observers that are given take the place of the default, each list for itself', () => {
  const named = checkOptions({ observers: { accounts: ['grafana'] } }).observers
  assert.deepEqual(named, { accounts: new Set(['grafana']), filters: new Set(['#', '+/#']) })
  assert.deepEqual(checkOptions({ observers: { filters: [] } }).observers.filters, new Set())
})

test('every option that is wrong is named at once', () => {
  const options = {
    limits: { receiveMaximum: 0, receiveMaximun: 5 },
    topics: [{ filter: '#' }, { filter: 'b', whenNobody: 'hodl', heldBytesMax: '1MiB' }, { fliter: 'c' }],
    observers: { filters: ['##'] },
  }
  assert.throws(
    () => check(options),
    (error) => {
      assert.ok(error instanceof Error)
      const [title, ...faults] = error.message.split('\n')
      assert.equal(title, 'createBroker cannot use 8 options:')
      assert.deepEqual(
        faults.map((fault) => fault.slice(2, fault.indexOf(':'))),
        [
          'limits.receiveMaximun',
          'limits.receiveMaximum',
          'topics[1].whenNobody',
          'topics[1].heldBytesMax',
          'topics[2].filter',
          'topics[2].fliter',
          'topics[1].filter',
          'observers.filters[0]',
        ],
      )
      return true
    },
  )
})

const listenUrls =
  'tcp://HOST:PORT, tls://HOST:PORT?cert=FILE&key=FILE, ws://HOST:PORT/PATH, wss:// likewise, or unix:///PATH'
const names = [
  ...['listen', 'allowAnonymous', 'limits', 'authenticate', 'access', 'authorize', 'authorizeReceive', 'permissions'],
  ...[
    'authenticationMethods',
    'responseTopicPrefix',
    'clientIdentifierScope',
    'clientIdentifiers',
    'store',
    'whenQueueFull',
  ],
  ...['deadLetterTopicName', 'topics', 'observers', 'admin', 'tracing', 'snapshotEveryBytes', 'acceptLoss'],
].join(', ')

const refused: [options: object, fault: string][] = [
  [{ listne: [] }, `listne: found an unknown option, expected one of ${names}; did you mean listen?`],
  [{ port: 1883 }, `port: found an unknown option, expected one of ${names}; remove it`],
  [
    { listen: 'tcp://127.0.0.1:0' },
    `listen: found "tcp://127.0.0.1:0", expected a list of listen URLs; for example ['tcp://127.0.0.1:1883']`,
  ],
  [
    { listen: ['mqtt://a:1'] },
    'listen[0]: found the scheme mqtt:// in "mqtt://a:1", expected tcp://, tls://, ws://, wss:// or unix://; write tcp:// instead',
  ],
  [{ listen: [1883] }, `listen[0]: found 1883, expected ${listenUrls}; for example tcp://127.0.0.1:1883`],
  [
    { authenticate: true },
    "authenticate: found true, expected a function; for example ({ userName }) => userName === 'alice'",
  ],
  [
    { authenticationMethods: [{ name: 'SCRAM-SHA-256' }] },
    'authenticationMethods: found a list, expected a list of Authentication Methods; for example [scramSha256(credentials)]',
  ],
  [
    { access: [] },
    'access: found a list, expected rules that were read; for example accessRules({ rules }) or mosquittoAcl(text)',
  ],
  [{ store: 'data' }, `store: found "data", expected a store; for example sqlite('data') or memory()`],
  [{ store: memory }, "store: found a function, expected a store; for example sqlite('data') or memory()"],
  [
    { admin: { listen: 'http://127.0.0.1:1' } },
    "admin: found a mapping of keys to values, expected the HTTP API; for example httpAdmin({ listen: 'http://127.0.0.1:18083' })",
  ],
  [{ limits: 5 }, 'limits: found 5, expected an object; write its fields in braces'],
  [
    { snapshotEveryBytes: '1MiB' },
    'snapshotEveryBytes: found "1MiB", expected a number of bytes; the default is 67,108,864',
  ],
  [
    { limits: { connectSecondsMax: '10s' } },
    'limits.connectSecondsMax: found "10s", expected a whole number from 1 to 3600; the default is 10',
  ],
  [
    { clientIdentifierScope: 'acount' },
    'clientIdentifierScope: found "acount", expected one of broker, account; did you mean account?',
  ],
  [
    { clientIdentifiers: ['%u', '%u*'] },
    'clientIdentifiers[1]: found "%u*", expected a character between %u and *; write %u-*, with a character that no account holds: else the account ann could take what is anna’s',
  ],
  [
    { clientIdentifiers: '%u' },
    `clientIdentifiers: found "%u", expected a list of texts; for example ['one', 'another']`,
  ],
  [
    { clientIdentifiers: [7] },
    "clientIdentifiers[0]: found 7, expected a text such as %u, or %u-*; put it in quotation marks: '7'",
  ],
  [
    { whenQueueFull: 'drop' },
    'whenQueueFull: found "drop", expected one of spill, refuse, drop-oldest, drop-newest, dead-letter; did you mean drop-oldest?',
  ],
  [
    { deadLetterTopicName: '$pabal/dead' },
    'deadLetterTopicName: found "$pabal/dead", expected a Topic Name that does not begin with $; for example dead-letters',
  ],
  [{ tracing: 'yes' }, 'tracing: found "yes", expected true or false; write true or false, without quotation marks'],
  [
    { topics: {} },
    "topics: found a mapping of keys to values, expected a list of rules; for example [{ filter: 'alarms/#', whenNobody: 'hold' }]",
  ],
  [{ topics: ['a'] }, `topics[0]: found "a", expected a rule; for example { filter: 'alarms/#', whenNobody: 'hold' }`],
  [
    { topics: [{}] },
    "topics[0].filter: found nothing, expected a Topic Filter; write one; if it begins with #, in quotation marks: '#'",
  ],
  [
    { topics: [{ filter: '$share/g/a' }] },
    'topics[0].filter: found "$share/g/a", expected a Topic Filter without $share/; write a: that is what its messages match',
  ],
  [
    { topics: [{ filter: 'a', rejectReasonCode: 0x10 }] },
    'topics[0].rejectReasonCode: found 0x10, expected one of 0x80, 0x83, 0x87, 0x90, 0x97, 0x99; write it as a number, without quotation marks; the default is 0x83',
  ],
  [
    { topics: [{ filter: 'a', acknowledgeSecondsMax: 0.5 }] },
    'topics[0].acknowledgeSecondsMax: found 0.5, expected a whole number from 1 to 3600; the default is 30',
  ],
  [
    { topics: [{ filter: 'a', whenNobdy: 'hold' }] },
    'topics[0].whenNobdy: found an unknown field, expected one of filter, whenNobody, tellsPublisher, rejectReasonCode, rejectOlder, deadLetterTopicName, heldMessagesMax, heldBytesMax, heldSecondsMax, whenQueueFull, acknowledge, acknowledgeSecondsMax, wake; did you mean whenNobody?',
  ],
  [
    { topics: [{ filter: '+/#' }, { filter: 'a' }] },
    'topics[1].filter: found "a" behind "+/#" (topics[0]), which matches all of it, expected a rule that some message comes to: the first whose filter matches decides; move it before topics[0], or remove it',
  ],
  [
    { observers: { accounts: 'grafana' } },
    `observers.accounts: found "grafana", expected a list of texts; for example ['one', 'another']`,
  ],
  [
    { permissions: { admin: [7] } },
    "permissions.admin[0]: found 7, expected the name of an account; put it in quotation marks: '7'",
  ],
  [
    { observers: { accounts: [''] } },
    'observers.accounts[0]: found "", expected the name of an account; write what the Sessions belong to: usually the User Name',
  ],
]
for (const [options, fault] of refused) {
  test(`refused: ${JSON.stringify(options)}`, () => {
    assert.throws(() => check(options), { message: `createBroker cannot use an option:\n  ${fault}` })
  })
}

test('what is no object is no options', () => {
  for (const options of [null, [], 'tcp://127.0.0.1:1883']) {
    // As above.
    assert.throws(() => checkOptions(options as never), /options: found .*, expected an object/)
  }
})

test('an option that is undefined is as good as none, and the HTTP API may be null', () => {
  assert.deepEqual(
    check({ listen: undefined, authenticate: undefined, admin: null, access: null }).limits,
    defaultLimits,
  )
})

test('a store is refused where it is made if its directory or an option is wrong', () => {
  // As above.
  assert.throws(() => sqlite(undefined as never), {
    message: /found nothing, expected a path, for example sqlite\('data'\)/,
  })
  assert.throws(() => sqlite(''), /found "", expected a path/)
  assert.throws(() => sqlite('data', { durability: 'memory', intervalMs: '1s', directory: 'x' } as never), {
    message:
      'sqlite cannot be used so: durability: found "memory", expected fsync or interval (with memory() nothing is kept); ' +
      'intervalMs: found "1s", expected a number of milliseconds; ' +
      'found the unknown option directory, expected one of durability, intervalMs, freeBytesMin, acceptLoss',
  })
})

test('a Topic Filter within the limits of the broker is taken, a longer one is not', () => {
  const topics: BrokerOptions['topics'] = [{ filter: 'a'.repeat(2000) }]
  assert.equal(checkOptions({ topics, limits: { topicBytesMax: 4096 } }).topicRules.length, 1)
  assert.throws(() => checkOptions({ topics }), /the Topic Filter has 2000 bytes; at most 1024 are allowed/)
})
