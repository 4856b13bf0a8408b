/**
 * Which Subscriptions match, and what is noted of messages.
 */
import assert from 'node:assert/strict'
import { Message } from '../../src/core/message.ts'
import { MessageEvents } from '../../src/core/message-events.ts'
import type { NotedMessage } from '../../src/core/routing/fate.ts'
import { FateLog } from '../../src/core/routing/fate-log.ts'
import { type OfFilter, TopicTree } from '../../src/core/routing/topic-tree.ts'
import { TopicSeen, TopicsSeen } from '../../src/core/routing/topics-seen.ts'
import { publish } from '../../src/protocol/packets/publish.ts'
import { clientOf, coreWith } from './driven.ts'
import type { MicroBenchmark } from './micro.ts'

const filters = 200_000
const names = Array.from({ length: 500 }, (_, i) => topicNameOf((i * 397) % filters))

function topicNameOf(i: number): string {
  return `site/${i % 1000}/dev/${i}/temp`
}

/** A third each exact, with + and with #. */
function topicFilterOf(i: number): string {
  if (i % 3 === 0) return topicNameOf(i)
  return i % 3 === 1 ? `site/+/dev/${i}/temp` : `site/${i % 1000}/dev/${i}/#`
}

function trees(): MicroBenchmark[] {
  const tree = new TopicTree<OfFilter>()
  for (let i = 0; i < filters; i++) tree.set({ filter: topicFilterOf(i) })
  const found: OfFilter[] = []
  const covers = ['core/routing/topic-tree.ts', 'core/routing/topic-tree-branch.ts']
  return [
    {
      name: 'match a Topic Name with 200,000 filters',
      covers,
      operations: names.length,
      round() {
        for (const name of names) {
          found.length = 0
          tree.match(name, found)
          assert.equal(found.length, 1)
        }
      },
    },
    {
      name: 'add and remove a filter beside 200,000',
      covers,
      operations: 100,
      round() {
        for (let i = 0; i < 100; i++) tree.set({ filter: `site/${i}/new/+/temp` })
        for (let i = 0; i < 100; i++) tree.delete(`site/${i}/new/+/temp`)
      },
    },
  ]
}

function routes(): MicroBenchmark[] {
  const driven = coreWith()
  const subscriber = clientOf(driven, 'subscriber')
  for (const name of names) subscriber.subscribe(name.replace(/^site\/\d+/, 'site/+'), 0)
  const { subscriptions } = driven.core.state
  const covers = ['core/routing/subscriptions.ts', 'core/routing/route.ts']
  const round = () => {
    for (const name of names) assert.equal(subscriptions.route(name).receivers.length, 1)
  }
  return [
    { name: 'a route that is known', covers, operations: names.length, round },
    {
      name: 'a route that is not known any more',
      covers,
      operations: names.length,
      round() {
        subscriptions.changed()
        round()
      },
    },
  ]
}

const noted: NotedMessage = {
  topicName: 'a/b',
  qos: 1,
  retain: false,
  size: 64,
  seq: 0,
  message: null,
  publish: null,
  publisher: null,
  matched: 1,
  reason: null,
}

function notes(): MicroBenchmark[] {
  const log = new FateLog(10_000, 1000)
  const full = new FateLog(10_000, 1_000_000)
  const message = new Message(0, publish({ topicName: 'a/b', payload: Buffer.alloc(61) }), 0)
  const publisher = { account: 'a', clientIdentifier: 'c' }
  const logged = { ...noted, message, publisher }
  const events = new MessageEvents(1000)
  const seen = new TopicsSeen(10_000)
  let nowMs = 0
  const many = 1000
  return [
    {
      name: 'what became of a message, above the rate',
      covers: ['core/routing/fate-log.ts'],
      operations: many,
      round() {
        nowMs += 1
        for (let i = 0; i < many; i++) if (log.takes('routed', nowMs)) log.note('routed', 'none', noted, nowMs)
      },
    },
    {
      name: 'what became of a message and its copy, in a log that is full',
      covers: ['core/routing/fate-entry.ts', 'core/routing/fate-log.ts'],
      operations: many,
      round() {
        nowMs += 1
        for (let i = 0; i < many; i++) {
          full.note('routed', 'none', logged, nowMs)
          full.endCopy('sentQos0', publisher, 0, message, nowMs)
        }
      },
    },
    {
      name: 'an event nobody listens to',
      covers: ['core/message-events.ts'],
      operations: many,
      round() {
        nowMs += 1
        for (let i = 0; i < many; i++)
          if (events.isWatched) events.tellOfMessage('unmatched', 'none', noted, null, nowMs)
        assert.equal(events.news.length, 0)
      },
    },
    {
      name: 'a Topic Name seen again',
      covers: ['core/routing/topics-seen.ts'],
      operations: names.length,
      round() {
        nowMs += 1
        for (const name of names) seen.count(seen.find(name) ?? new TopicSeen(name), nowMs)
      },
    },
    {
      name: 'a Topic Name seen for the first time, for which another is forgotten',
      covers: ['core/routing/topics-seen.ts'],
      operations: many,
      round() {
        nowMs += 1
        for (let i = 0; i < many; i++) seen.count(new TopicSeen(`new/${nowMs}/${i}`), nowMs)
      },
    },
  ]
}

export const routingBenchmarks: readonly MicroBenchmark[] = [...trees(), ...routes(), ...notes()]
