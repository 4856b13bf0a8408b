import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from './config.ts'
import { ConfigError } from './config-fault.ts'
import { configuredOptions } from './configured-options.ts'

test('every key of a rule reaches the options of createBroker, in its unit', async () => {
  const config = parseConfig(
    `
topics:
  - filter: orders/+/new
    whenNobody: dead-letter
    tellsPublisher: false
    rejectReasonCode: 0x97
    rejectOlder: accept-and-count
    deadLetterTopic: lost/orders
    heldMessagesMax: 5
    heldBytesMax: 64KiB
    heldSecondsMax: 2h
    whenQueueFull: drop-newest
    ack: on-delivery-to-all
    ackSecondsMax: 1min
    wake: true
observers:
  filters: []
`,
    'pabal.yaml',
  )
  const { topics, observers } = await configuredOptions(config)
  assert.deepEqual(topics, [
    {
      filter: 'orders/+/new',
      whenNobody: 'dead-letter',
      tellsPublisher: false,
      rejectReasonCode: 0x97,
      rejectOlder: 'accept-and-count',
      deadLetterTopicName: 'lost/orders',
      heldMessagesMax: 5,
      heldBytesMax: 65_536,
      heldSecondsMax: 7200,
      whenQueueFull: 'drop-newest',
      acknowledge: 'on-delivery-to-all',
      acknowledgeSecondsMax: 60,
      wake: true,
    },
  ])
  assert.deepEqual(observers, { filters: [] })
})

const rule = (lines: string) => `topics:\n  - ${lines.replaceAll('\n', '\n    ')}\n`
const withField = (line: string) => rule(`filter: a\n${line}`)

const refused: [text: string, fault: string][] = [
  ['topics: all\n', '1:9 topics | "all" | a list'],
  ['topics:\n  - alarms/#\n', '2:5 topics[0] | "alarms/#" | a mapping of keys to values'],
  [rule('whenNobody: hold'), '2:5 topics[0].filter | nothing | a Topic Filter'],
  [rule('filter: #'), '2:13 topics[0].filter | nothing | a Topic Filter'],
  [rule('filter: 5'), "2:13 topics[0].filter | 5 | a Topic Filter | put it in quotation marks: '5'"],
  [
    rule('filter: ""'),
    '2:13 topics[0].filter | "": the Topic Filter is empty; it needs at least one character | a Topic',
  ],
  [
    rule('filter: a/#/b'),
    '2:13 topics[0].filter | "a/#/b": "#" is character 3 of 5; it must be the last one | a Topic',
  ],
  [
    rule('filter: $share/g/a/+'),
    '2:13 topics[0].filter | "$share/g/a/+" | a Topic Filter without $share/ | write a/+:',
  ],
  [rule('filter: $SYS/#'), '2:13 topics[0].filter | "$SYS/#" | a Topic Filter that does not begin with $ | remove it'],
  [
    withField('whenNobody: hodl'),
    '3:17 topics[0].whenNobody | "hodl" | one of accept, report, reject, hold, dead-letter | did you mean hold?',
  ],
  [
    withField('whenNobdy: hold'),
    '3:5 topics[0].whenNobdy | the unknown key "whenNobdy" | one of filter, whenNobody | did you mean whenNobody?',
  ],
  [withField('acks: on-delivery'), '3:5 topics[0].acks | the unknown key "acks" | one of filter | did you mean ack?'],
  [withField('tellsPublisher: no'), '3:21 topics[0].tellsPublisher | "no" | true or false'],
  [
    withField('rejectReasonCode: 0x85'),
    '3:23 topics[0].rejectReasonCode | 0x85 | one of 0x80, 0x83, 0x87, 0x90, 0x97, 0x99 | write',
  ],
  [
    withField('rejectReasonCode: "0x83"'),
    '3:23 topics[0].rejectReasonCode | "0x83" | one of 0x80, 0x83, 0x87, 0x90, 0x97, 0x99 | write it as a number, without',
  ],
  [
    withField('rejectOlder: accept'),
    '3:18 topics[0].rejectOlder | "accept" | one of close, accept-and-count | did you mean accept-and-count?',
  ],
  [
    withField('deadLetterTopic: a/+'),
    '3:22 topics[0].deadLetterTopic | "a/+": the Topic Name holds "+"; wildcards are for Topic Filters only | a Topic Name',
  ],
  [
    withField('deadLetterTopic: $pabal/dead'),
    '3:22 topics[0].deadLetterTopic | "$pabal/dead" | a Topic Name that does not begin with $',
  ],
  ['deadLetterTopic: $SYS/lost\n', '1:18 deadLetterTopic | "$SYS/lost" | a Topic Name that does not begin with $'],
  [
    withField('heldMessagesMax: 0'),
    '3:22 topics[0].heldMessagesMax | 0 | 1 to 10,000,000 | write 1 or more; the default is 10000',
  ],
  [withField('heldBytesMax: 1kB'), '3:19 topics[0].heldBytesMax | "1kB", which is 1,000'],
  [withField('heldBytesMax: 1h'), '3:19 topics[0].heldBytesMax | "1h" | 1,024 to'],
  [withField('heldSecondsMax: -1'), '3:21 topics[0].heldSecondsMax | -1 | 0 to 4,294,967,295 seconds'],
  [
    withField('whenQueueFull: spil'),
    '3:20 topics[0].whenQueueFull | "spil" | one of spill, refuse | did you mean spill?',
  ],
  [
    withField('ack: on-deliver'),
    '3:10 topics[0].ack | "on-deliver" | one of on-receipt, on-delivery, on-delivery-to-all | did you mean on-delivery?',
  ],
  [
    withField('ackSecondsMax: 2h'),
    '3:20 topics[0].ackSecondsMax | "2h", which is 7,200 | 1 to 3,600 seconds | write 3600s or less; the default is 30s',
  ],
  [withField('wake: 1'), '3:11 topics[0].wake | 1 | true or false'],
  [
    'topics:\n  - filter: a/#\n  - filter: b\n  - filter: a/+/c\n',
    '4:13 topics[2].filter | "a/+/c" behind "a/#" (topics[0]), which matches all of it | a rule that some message comes to | move it before topics[0]',
  ],
  [
    'topics:\n  - filter: a\n  - filter: a\n',
    '3:13 topics[1].filter | "a" once more, behind topics[0] | a rule that some message comes to | keep one of the two',
  ],
  ['observers: grafana\n', '1:12 observers | "grafana" | a mapping of keys to values'],
  [
    'observers:\n  acounts: [a]\n',
    '2:3 observers.acounts | the unknown key "acounts" | one of accounts, filters | did you mean accounts?',
  ],
  [
    'observers:\n  accounts: [7]\n',
    "2:14 observers.accounts[0] | 7 | the name of an account | put it in quotation marks: '7'",
  ],
  ['observers:\n  filters: [a#]\n', '2:13 observers.filters[0] | "a#": "#" at character 2 shares its level'],
  [
    'observers:\n  filters: [$share/g/a]\n',
    '2:13 observers.filters[0] | "$share/g/a" | a Topic Filter without $share/',
  ],
]
for (const [text, expected] of refused) {
  test(`refused: ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => parseConfig(text, 'pabal.yaml'),
      (error) => {
        assert.ok(error instanceof ConfigError)
        const [fault, ...others] = error.faults
        assert.deepEqual(others, [])
        assert.ok(fault !== undefined)
        const [place = '', found = '', expectation = '', advice = ''] = expected.split(' | ')
        assert.equal(`${fault.line}:${fault.column} ${fault.key}`, place)
        for (const [said, begins] of [
          [fault.found, found],
          [fault.expected, expectation],
          [fault.advice, advice],
        ] as const) {
          assert.ok(said.startsWith(begins), `${said} does not begin with ${begins}`)
        }
        return true
      },
    )
  })
}

test('faults of rules are reported together with all others, in the order of the file', () => {
  const text = `listeners: 5
topics:
  - {filter: '#', whenNobody: held}
  - {filter: a, rejectReasonCode: 5}
observers: {filters: ['##']}
`
  assert.throws(
    () => parseConfig(text, 'pabal.yaml'),
    (error) => {
      assert.ok(error instanceof ConfigError)
      const places = error.faults.map(({ line, key }) => `${line} ${key}`)
      assert.deepEqual(places, [
        '1 listeners',
        '3 topics[0].whenNobody',
        '4 topics[1].filter',
        '4 topics[1].rejectReasonCode',
        '5 observers.filters[0]',
      ])
      return true
    },
  )
})
