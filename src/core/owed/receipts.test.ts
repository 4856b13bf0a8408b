import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectPacket, DrivenCore, sent } from '../../../test/support/driven-core.ts'
import type { PublishProperties, Qos } from '../../protocol/control-packet.ts'
import type { Connection } from '../connection/connection.ts'
import type { Turn } from '../turn.ts'
import type { Receipt } from './receipt.ts'

const noSession = { properties: { sessionExpiryInterval: 0 } }

/** A publisher that gets receipts on its private Topic Name. */
function publisher(driven: DrivenCore, fields = {}): Connection {
  const connection = driven.connect('publisher', fields)
  driven.subscribe(connection, '$pabal/receipt/1/reply', { qos: 1 })
  return connection
}

function asking(wants: string, more: PublishProperties = {}): PublishProperties {
  const responseTopic = '$pabal/receipt/1/reply'
  return { responseTopic, correlationData: Buffer.from('c'), ...more, userProperties: [['pabal-receipt', wants]] }
}

function publishTo(driven: DrivenCore, connection: Connection, wants: string, qos: Qos = 1, packetId = 9): Turn {
  return driven.publish(connection, {
    topicName: 'a',
    qos,
    packetId: qos === 0 ? 0 : packetId,
    properties: asking(wants),
  })
}

function receipts(turn: Turn, connection: Connection): Receipt[] {
  return [...turn.now, ...turn.onceDurable].flatMap((outgoing) => {
    if (outgoing.type !== 'publish' || outgoing.connection !== connection) return []
    assert.equal(outgoing.message.publish.properties.contentType, 'application/json')
    assert.deepEqual(outgoing.message.publish.properties.correlationData, Uint8Array.of(99))
    return [JSON.parse(outgoing.message.publish.payload.toString())]
  })
}

function one(turn: Turn, connection: Connection): Receipt {
  const [receipt, ...more] = receipts(turn, connection)
  assert.ok(receipt !== undefined && more.length === 0, 'one receipt')
  return receipt
}

/** Nothing is owed any more, and the log keeps nothing for its sake. */
function assertNothingOwed({ state }: DrivenCore): void {
  assert.equal(state.owed.size, 0)
  assert.equal(state.endings.length, 0)
}

test('a receipt comes with the first acknowledgement, and only then', () => {
  const driven = new DrivenCore()
  const from = publisher(driven)
  const to = driven.connect('subscriber')
  driven.subscribe(to, 'a', { qos: 1 })
  const other = driven.connect('other')
  driven.subscribe(other, 'a', { qos: 2 })
  const turn = publishTo(driven, from, 'delivered')
  assert.deepEqual(sent(turn, from), ['puback 9 0'])
  assert.equal(receipts(turn, from).length, 0)
  driven.nowMs += 500
  const receipt = one(driven.acknowledge(to, 'puback', 1), from)
  const { id, deliveredTo, ...counts } = receipt
  assert.ok(id !== null && id > 0)
  assert.deepEqual(counts, {
    topicName: 'a',
    state: 'delivered',
    fate: 'routed',
    matched: 2,
    delivered: 1,
    sent: 0,
    pending: 1,
    failed: 0,
    reasons: {},
    publishedAtMs: 1_000_000,
    deliveredAtMs: 1_000_500,
    atMs: 1_000_500,
  })
  assert.equal(deliveredTo, undefined, 'who listens is not for everybody to know')
  assertNothingOwed(driven)
})

test('a receipt for all comes when every matched Session has acknowledged or its copy met another fate', () => {
  const driven = new DrivenCore()
  const from = publisher(driven)
  const first = driven.connect('first')
  driven.subscribe(first, 'a', { qos: 1 })
  const second = driven.connect('second')
  driven.subscribe(second, 'a', { qos: 2 })
  const third = driven.connect('third', noSession)
  driven.subscribe(third, 'a', { qos: 1 })
  const fourth = driven.connect('fourth')
  driven.subscribe(fourth, 'a', { qos: 0 })
  publishTo(driven, from, 'all', 2)
  assert.equal(receipts(driven.acknowledge(first, 'puback', 1), from).length, 0)
  assert.equal(receipts(driven.breakOff(third), from).length, 0)
  assert.equal(receipts(driven.acknowledge(second, 'pubrec', 1), from).length, 0, 'PUBREC is not the end')
  const receipt = one(driven.acknowledge(second, 'pubcomp', 1), from)
  assert.equal(receipt.state, 'complete')
  assert.deepEqual([receipt.matched, receipt.delivered, receipt.sent, receipt.pending, receipt.failed], [4, 2, 1, 0, 1])
  assert.deepEqual(receipt.reasons, { 'session-ended': 1 })
  assertNothingOwed(driven)
})

test('when nobody listens the receipt says so at once, and nothing is written down for it', () => {
  const driven = new DrivenCore()
  const from = publisher(driven, noSession)
  for (const qos of [0, 1, 2] as const) {
    const turn = publishTo(driven, from, 'delivered', qos, 9 + qos)
    const { state, fate, matched, id } = one(turn, from)
    assert.deepEqual({ state, fate, matched, id }, { state: 'nobody', fate: 'unmatched', matched: 0, id: null })
    assert.equal(turn.records.length, 0)
    driven.acknowledge(from, 'puback', qos + 1)
  }
  assertNothingOwed(driven)
})

test('copies at QoS 0 can only be reported as sent, also to a publisher at QoS 0', () => {
  const driven = new DrivenCore()
  const from = publisher(driven, noSession)
  const to = driven.connect('subscriber', noSession)
  driven.subscribe(to, 'a', { qos: 0 })
  for (const qos of [0, 1] as const) {
    const { state, sent, pending, matched } = one(publishTo(driven, from, 'all', qos), from)
    assert.deepEqual({ state, sent, pending, matched }, { state: 'sent', sent: 1, pending: 0, matched: 1 })
  }
  assertNothingOwed(driven)
})

test('a message that expires, or is too large, has failed for that reason', () => {
  const driven = new DrivenCore()
  const from = publisher(driven)
  const small = driven.connect('small', { properties: { sessionExpiryInterval: 1000, maximumPacketSize: 20 } })
  driven.subscribe(small, 'a', { qos: 1 })
  const away = driven.connect('away')
  driven.subscribe(away, 'a', { qos: 1 })
  driven.breakOff(away)
  const properties = asking('delivered', { messageExpiryInterval: 10 })
  const turn = driven.publish(from, { topicName: 'a', qos: 1, packetId: 1, payload: Buffer.alloc(100), properties })
  assert.equal(receipts(turn, from).length, 0)
  driven.nowMs += 11_000
  const origin = { remoteAddress: '', listener: '', assignedClientIdentifier: '', tellsPublisher: true }
  const connection = driven.core.open({}, origin, driven.nowMs)
  const back = driven.receive(connection, connectPacket('away', {}))
  const { state, reasons, failed } = one(back, from)
  assert.deepEqual({ state, reasons, failed }, { state: 'nobody', reasons: { 'too-large': 1, expired: 1 }, failed: 2 })
  assertNothingOwed(driven)
})

test('a copy that moves on in its shared group stays pending', () => {
  const driven = new DrivenCore()
  const from = publisher(driven)
  const first = driven.connect('first', noSession)
  driven.subscribe(first, '$share/g/a', { qos: 1 })
  publishTo(driven, from, 'all')
  for (const fields of [{}, noSession]) {
    const next = driven.connect(`next ${fields === noSession}`, fields)
    driven.subscribe(next, '$share/g/a', { qos: 1 })
  }
  assert.equal(receipts(driven.breakOff(first), from).length, 0)
  const [open] = driven.state.owed.all()
  assert.equal(open?.pending, 1)
  const holder = ['next false', 'next true'].find((id) => driven.session(id).outbound.inFlightMessages === 1) ?? ''
  const { connection } = driven.session(holder)
  assert.ok(connection !== null)
  const { state, delivered, failed } = one(driven.acknowledge(connection, 'puback', 1), from)
  assert.deepEqual({ state, delivered, failed }, { state: 'complete', delivered: 1, failed: 0 })
  assertNothingOwed(driven)
})

test('who only observes is nobody to wait for', () => {
  const driven = new DrivenCore()
  const from = publisher(driven)
  const monitor = driven.connect('monitor')
  driven.subscribe(monitor, '#', { qos: 1 })
  assert.equal(one(publishTo(driven, from, 'all'), from).state, 'nobody')
  const to = driven.connect('subscriber')
  driven.subscribe(to, 'a', { qos: 1 })
  publishTo(driven, from, 'delivered')
  assert.equal(receipts(driven.acknowledge(monitor, 'puback', 2), from).length, 0)
  const { matched, delivered, pending } = one(driven.acknowledge(to, 'puback', 1), from)
  assert.deepEqual({ matched, delivered, pending }, { matched: 1, delivered: 1, pending: 0 })
  assertNothingOwed(driven)
})

test('what cannot be understood is refused with words, and at QoS 0 comes through without a receipt', () => {
  const driven = new DrivenCore()
  const from = publisher(driven)
  const to = driven.connect('subscriber')
  driven.subscribe(to, 'a', { qos: 1 })
  const cases: [code: number, properties: PublishProperties][] = [
    [0x83, asking('some')],
    [0x83, { userProperties: [['pabal-receipt', 'all']] }],
    [
      0x83,
      {
        responseTopic: 'x',
        userProperties: [
          ['pabal-receipt', 'all'],
          ['pabal-receipt', 'all'],
        ],
      },
    ],
    [
      0x83,
      {
        userProperties: [
          ['pabal-receipt', 'all'],
          ['pabal-receipt-topic', 'x/+'],
        ],
      },
    ],
    [
      0x87,
      {
        userProperties: [
          ['pabal-receipt', 'all'],
          ['pabal-receipt-topic', '$SYS/x'],
        ],
      },
    ],
    [
      0x87,
      {
        userProperties: [
          ['pabal-receipt', 'all'],
          ['pabal-receipt-topic', '$pabal/events/x'],
        ],
      },
    ],
  ]
  for (const [code, properties] of cases) {
    const turn = driven.publish(from, { topicName: 'a', qos: 1, packetId: 3, properties })
    assert.deepEqual(sent(turn, from), [`puback 3 ${code}`])
    assert.deepEqual(sent(turn, to), [])
    const quiet = driven.publish(from, { topicName: 'a', payload: Buffer.from('0'), properties })
    assert.deepEqual(sent(quiet, from), [])
    assert.deepEqual(sent(quiet, to), ['publish a 0 qos 0'])
  }
  assertNothingOwed(driven)
})

test('what is owed is bounded for each Session and in all; above it 0x97', () => {
  const driven = new DrivenCore({ owedMessagesPerSessionMax: 2, owedMessagesMax: 3 })
  const from = publisher(driven)
  const other = driven.connect('other')
  const to = driven.connect('subscriber')
  driven.subscribe(to, 'a', { qos: 1 })
  const answers = [from, from, from, other, other].map((connection, index) =>
    sent(publishTo(driven, connection, 'all', 1, index + 1), connection).join(),
  )
  assert.deepEqual(answers, ['puback 1 0', 'puback 2 0', 'puback 3 151', 'puback 4 0', 'puback 5 151'])
  assert.equal(sent(driven.publish(from, { topicName: 'a', qos: 1, packetId: 8 }), from).join(), 'puback 8 0')
  assert.equal(one(driven.acknowledge(to, 'puback', 1), from).state, 'complete')
  assert.equal(sent(publishTo(driven, from, 'all', 1, 9), from).join(), 'puback 9 0')
})

test('a receipt goes to a private Topic Name of the asker alone', () => {
  const driven = new DrivenCore()
  const from = publisher(driven)
  const spy = driven.connect('spy')
  driven.subscribe(spy, '$pabal/receipt/1/reply', { qos: 1 })
  driven.subscribe(spy, '$pabal/receipt/+/reply', { qos: 1 })
  const turn = publishTo(driven, from, 'delivered')
  assert.equal(receipts(turn, from).length, 1)
  assert.deepEqual(sent(turn, spy), [])
})

test('a receipt goes only where the asker may publish, which is asked once', () => {
  const driven = new DrivenCore({}, { asksAuthorization: true })
  const from = driven.connect('publisher')
  const properties = { responseTopic: 'b', userProperties: [['pabal-receipt', 'all']] as [string, string][] }
  const ask = (isAllowed: boolean): string[] => {
    let turn = driven.publish(from, { topicName: 'a', qos: 1, packetId: 4, properties })
    const asked: string[] = []
    for (let [question] = turn.questions; question !== undefined; [question] = turn.questions) {
      const { type } = question
      asked.push(type === 'authorize-receipt' ? `receipt ${question.receipt.topicName}` : type)
      const allowed = type !== 'authorize-receipt' || isAllowed
      const asks = question
      turn = driven.input((core, nowMs, next) =>
        core.answered(asks, { type: 'authorized', allowed: [allowed] }, nowMs, next),
      )
    }
    return [...asked, ...sent(turn, from)]
  }
  assert.deepEqual(ask(false), ['authorize-publish', 'receipt b', 'puback 4 135'])
  assert.deepEqual(ask(true), ['puback 4 135'], 'the answer is remembered, as with every permission')
})

test('a receipt is no message that something is owed for, and no policy holds for it', () => {
  const rules = [{ filter: 'reply', whenNobody: 'reject', acknowledge: 'on-delivery' }] as const
  const driven = new DrivenCore({}, { topicRules: rules })
  const from = driven.connect('publisher')
  const userProperties: [string, string][] = [
    ['pabal-receipt', 'all'],
    ['pabal-receipt-topic', 'reply'],
  ]
  driven.publish(from, { topicName: 'a', qos: 1, packetId: 1, properties: { userProperties } })
  const { received, made, messages } = driven.state.tally
  assert.deepEqual([received, made, messages.unmatched, messages.refused], [1, 1, 2, 0])
  assertNothingOwed(driven)
})

for (const qos of [0, 1, 2] as const) {
  test(`the receipt of a message that is held waits for its listener: QoS ${qos}`, () => {
    const driven = new DrivenCore({}, { topicRules: [{ filter: 'a', whenNobody: 'hold' }] })
    const from = publisher(driven)
    assert.deepEqual(receipts(publishTo(driven, from, 'delivered', qos), from), [])
    const to = driven.connect('subscriber')
    let turn = driven.subscribe(to, 'a', { qos: 2 })
    if (qos === 1) turn = driven.acknowledge(to, 'puback', 1)
    if (qos === 2) {
      driven.acknowledge(to, 'pubrec', 1)
      turn = driven.acknowledge(to, 'pubcomp', 1)
    }
    const { state, fate, matched } = one(turn, from)
    assert.deepEqual({ state, fate, matched }, { state: qos === 0 ? 'sent' : 'delivered', fate: 'routed', matched: 1 })
    assertNothingOwed(driven)
    assert.equal(driven.state.live.count, 1, 'of the receipt alone')
  })
}

test('the receipt of a held message that expires says that nobody has got it', () => {
  const driven = new DrivenCore({}, { topicRules: [{ filter: 'a', whenNobody: 'hold', heldSecondsMax: 60 }] })
  const from = publisher(driven)
  publishTo(driven, from, 'all')
  const { state, fate, matched } = one(driven.advance(60), from)
  assert.deepEqual({ state, fate, matched }, { state: 'nobody', fate: 'expired', matched: 0 })
  assertNothingOwed(driven)
})

test('the receipt of what becomes a dead letter says so at once', () => {
  const driven = new DrivenCore({}, { topicRules: [{ filter: 'a', whenNobody: 'dead-letter' }] })
  const from = publisher(driven)
  const { state, fate } = one(publishTo(driven, from, 'all'), from)
  assert.deepEqual({ state, fate }, { state: 'nobody', fate: 'dead-lettered' })
  assertNothingOwed(driven)
})

test('receipts of held messages are bounded like all others', () => {
  const driven = new DrivenCore({ owedMessagesPerSessionMax: 1 }, { topicRules: [{ filter: 'a', whenNobody: 'hold' }] })
  const from = publisher(driven)
  assert.deepEqual(sent(publishTo(driven, from, 'all', 1, 1), from), ['puback 1 16'])
  assert.deepEqual(sent(publishTo(driven, from, 'all', 1, 2), from), ['puback 2 151'])
})

test('a subscriber that answers with an error has not got it', () => {
  for (const [qos, answer] of [
    [1, 'puback'],
    [2, 'pubrec'],
  ] as const) {
    const driven = new DrivenCore()
    const from = publisher(driven)
    const to = driven.connect('subscriber')
    driven.subscribe(to, 'a')
    publishTo(driven, from, 'delivered', qos)
    const receipt = one(driven.acknowledge(to, answer, 1, 0x87), from)
    assert.deepEqual([receipt.state, receipt.delivered, receipt.reasons], ['nobody', 0, { refused: 1 }])
    assert.equal(driven.state.tally.copies.refusedByClient, 1)
    assertNothingOwed(driven)
  }
})
