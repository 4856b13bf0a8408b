import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenCore, sent } from '../../../test/support/driven-core.ts'

const passing = { properties: { sessionExpiryInterval: 0 } }
const version = '$SYS/broker/version'
const about = { version: '7.7.7', heapBytes: () => 1234 }

function published(texts: readonly string[]): string[] {
  return texts.filter((text) => text.startsWith('publish '))
}

test('a new Subscription gets the present values at once', () => {
  const driven = new DrivenCore({}, { about })
  driven.connect('away')
  driven.breakOff([...driven.state.connections][0] ?? assert.fail())
  driven.nowMs += 65_000
  driven.state.traffic.socketsOpened = 3
  for (const name of ['slow', 'slower']) driven.connect(name, passing).unsentBytes = 500
  const watcher = driven.connect('w', passing)
  const texts = published(sent(driven.observe(watcher, '$SYS/#'), watcher))
  for (const text of [
    `publish ${version} pabal version 7.7.7 qos 0`,
    'publish $SYS/broker/clients/connected 3 qos 0',
    'publish $SYS/broker/clients/disconnected 1 qos 0',
    'publish $SYS/broker/clients/total 4 qos 0',
    'publish $SYS/broker/connections/socket/count 3 qos 0',
    'publish $SYS/broker/packet/out/bytes 1000 qos 0',
    'publish $SYS/broker/heap/current 1234 qos 0',
    'publish $SYS/broker/subscriptions/count 1 qos 0',
  ]) {
    assert.ok(texts.includes(text), `${text} in\n${texts.join('\n')}`)
  }
})

test('values are published at each interval if they have changed, for as long as somebody subscribes', () => {
  const driven = new DrivenCore({ sysIntervalSeconds: 5, keepAliveSecondsMax: 0 }, { about })
  const watcher = driven.connect('w', passing)
  driven.observe(watcher, '$SYS/broker/clients/+')
  assert.equal(driven.core.nextDeadlineMs(driven.nowMs), driven.nowMs + 5000)
  assert.deepEqual(published(sent(driven.advance(5), watcher)), [])
  assert.equal(driven.core.nextDeadlineMs(driven.nowMs), driven.nowMs + 5000)
  driven.connect('another', passing)
  assert.deepEqual(published(sent(driven.advance(4), watcher)), [])
  assert.deepEqual(published(sent(driven.advance(1), watcher)).sort(), [
    'publish $SYS/broker/clients/active 2 qos 0',
    'publish $SYS/broker/clients/connected 2 qos 0',
    'publish $SYS/broker/clients/maximum 2 qos 0',
    'publish $SYS/broker/clients/total 2 qos 0',
  ])
  driven.breakOff(watcher)
  assert.deepEqual(driven.advance(5).now, [])
  assert.equal(driven.core.nextDeadlineMs(driven.nowMs), Number.POSITIVE_INFINITY)
})

test('they are no Retained Messages', () => {
  const driven = new DrivenCore({ retainedMessagesMax: 0 }, { about })
  const watcher = driven.connect('w')
  const { records } = driven.observe(watcher, version)
  assert.deepEqual(
    records.map(({ type }) => type),
    ['subscribed'],
  )
  assert.deepEqual([driven.state.retained.count, driven.state.live.count], [0, 0])
})

test('an interval of 0 turns them off', () => {
  const driven = new DrivenCore({ sysIntervalSeconds: 0 }, { about })
  driven.state.traffic.bytesReceived += 1
  assert.equal(driven.core.nextDeadlineMs(driven.nowMs), Number.POSITIVE_INFINITY)
  const watcher = driven.connect('w', passing)
  assert.deepEqual(published(sent(driven.observe(watcher, '$SYS/#'), watcher)), [])
})

test('the averages go on while nobody looks, but a broker with nothing to do is left alone', () => {
  const driven = new DrivenCore({}, { about })
  const { traffic } = driven.state
  const due = () => driven.core.nextDeadlineMs(driven.nowMs) - driven.nowMs
  assert.equal(due(), Number.POSITIVE_INFINITY)
  traffic.bytesReceived += 1000
  assert.equal(due(), 10_000)
  driven.advance(10)
  assert.equal(due(), 10_000)
  driven.advance(10)
  assert.equal(due(), Number.POSITIVE_INFINITY)
  const watcher = driven.connect('w', passing)
  const load = '$SYS/broker/load/bytes/received/15min'
  const [text = ''] = published(sent(driven.observe(watcher, load), watcher))
  // 6000 in a minute for 10 of 900 seconds, and 10 seconds of nothing.
  assert.equal(text, `publish ${load} 65.57 qos 0`)
})
