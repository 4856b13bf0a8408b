import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Qos } from '../../protocol/control-packet.ts'
import { AccessRules } from '../access/access-rules.ts'
import { Receiving } from '../access/receiving.ts'
import { Session } from '../session/session.ts'
import { defaultObservers } from '../state.ts'
import type { Route } from './route.ts'
import type { Subscription } from './subscription.ts'
import { Subscriptions } from './subscriptions.ts'
import { topicFilterMatches } from './topic-filter.ts'
import { TopicRules } from './topic-rule.ts'
import { TopicsSeen } from './topics-seen.ts'

const filters = ['a', 'a/b', 'a/+', 'a/#', '+/b', '#', '$x/#', '+']
const topicNames = ['a', 'a/b', 'a/c', 'b/b', '$x', '$x/a']
const rules = new TopicRules([], {
  deadLetterTopicName: 'dead-letters',
  heldMessagesMax: 10,
  heldBytesMax: 1000,
  heldSecondsMax: 10,
  whenQueueFull: 'refuse',
})
const plain = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
const shareNames = [null, null, 'g', 'h']

interface Entry {
  readonly subscription: Subscription
  readonly filter: string
  readonly shareName: string | null
}

/** Who gets a message according to a search through all Subscriptions: Sessions with QoS and identifiers, and groups. */
function naiveRoute(entries: Iterable<Entry>, topicName: string): string[] {
  const sessions = new Map<string, Subscription[]>()
  const groups = new Set<string>()
  for (const { subscription, filter, shareName } of entries) {
    if (!topicFilterMatches(filter, topicName)) continue
    const { clientIdentifier } = subscription.session
    if (shareName !== null) groups.add(`${shareName} ${filter}`)
    else sessions.set(clientIdentifier, [...(sessions.get(clientIdentifier) ?? []), subscription])
  }
  const receivers = [...sessions].map(([name, parts]) => {
    const identifiers = parts.flatMap((part) => part.subscriptionIdentifiers ?? []).sort()
    return `${name} qos ${Math.max(...parts.map((part) => part.qos))} ${identifiers}`
  })
  return [...receivers, ...groups].sort()
}

function route(subscriptions: Subscriptions, topicName: string): string[] {
  const { receivers, groups } = subscriptions.route(topicName)
  const found = receivers.map(({ session, qos, subscriptionIdentifiers }) => {
    return `${session.clientIdentifier} qos ${qos} ${[...(subscriptionIdentifiers ?? [])].sort()}`
  })
  const shared = groups.map(({ shareName, members }) => `${shareName} ${members[0]?.filter}`)
  return [...found, ...shared].sort()
}

test('whatever comes and goes, every route is what a search through all Subscriptions gives', () => {
  const step = fc.record({
    client: fc.nat(3),
    filter: fc.constantFrom(...filters),
    shareName: fc.constantFrom(...shareNames),
    qos: fc.constantFrom<Qos[]>(0, 1, 2),
    identifier: fc.nat(2),
    removes: fc.boolean(),
    topicName: fc.constantFrom(...topicNames),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const subscriptions = new Subscriptions(rules, defaultObservers, new TopicsSeen(0))
      const sessions = Array.from({ length: 4 }, (_, number) => new Session('', `c${number}`, 0))
      const entries = new Map<string, Entry>()
      for (const { client, filter, shareName, qos, identifier, removes, topicName } of steps) {
        const session = sessions[client]
        assert.ok(session !== undefined)
        const topicFilter = shareName === null ? filter : `$share/${shareName}/${filter}`
        const key = `${client} ${topicFilter}`
        const known = entries.get(key)
        if (removes && known !== undefined) {
          subscriptions.remove(known.subscription)
          entries.delete(key)
        } else {
          const subscription = known?.subscription ?? subscriptions.add(session, topicFilter, filter, shareName, 0)
          subscription.setOptions({ ...plain, qos }, identifier)
          subscriptions.changed()
          entries.set(key, { subscription, filter, shareName })
        }
        assert.deepEqual(route(subscriptions, topicName), naiveRoute(entries.values(), topicName))
        assert.equal(subscriptions.count, entries.size)
      }
      for (const topicName of topicNames) {
        assert.deepEqual(route(subscriptions, topicName), naiveRoute(entries.values(), topicName))
      }
    }),
  )
})

test('a route is kept until a Subscription changes, and not longer', () => {
  const subscriptions = new Subscriptions(rules, defaultObservers, new TopicsSeen(0))
  const subscription = subscriptions.add(new Session('', 'c', 0), 'a', 'a', null, 0)
  const before = subscriptions.route('a')
  assert.equal(subscriptions.route('a'), before)
  const { generation } = subscriptions
  subscription.setOptions({ ...plain, qos: 1 }, 0)
  subscriptions.changed()
  assert.notEqual(subscriptions.route('a'), before)
  assert.notEqual(subscriptions.generation, generation)
})

test('a Topic Name that nobody listens to is kept from its second message on', () => {
  const topics = new TopicsSeen(10)
  const subscriptions = new Subscriptions(rules, defaultObservers, topics)
  const first = subscriptions.route('a')
  assert.notEqual(subscriptions.route('a'), first)
  if (first.seen !== null) topics.count(first.seen, 0)
  const second = subscriptions.route('a')
  assert.equal(subscriptions.route('a'), second)
  assert.equal(second.seen, first.seen)
  subscriptions.add(new Session('', 's', 0), 'b', 'b', null, 0)
  assert.equal(subscriptions.route('b'), subscriptions.route('b'), 'one that is listened to at once')
  assert.equal(subscriptions.route('$x'), subscriptions.route('$x'), 'and one whose messages are not counted')
})

test('the only Subscription to a filter has no place among others, gets one with the second, and is counted all the same', () => {
  const subscriptions = new Subscriptions(rules, defaultObservers, new TopicsSeen(0))
  const first = subscriptions.add(new Session('', 'first', 0), 'a/+', 'a/+', null, 7)
  const counts = () => {
    const { count = 0, online = 0, observers = 0 } = subscriptions.get('a/+') ?? {}
    return [count, online, observers, subscriptions.totals('a/b').subscriptions]
  }
  assert.equal(first.place, null)
  assert.deepEqual([first.filter, first.group, first.sinceMs], ['a/+', null, 7])
  assert.deepEqual(counts(), [1, 0, 0, 1])
  const second = subscriptions.add(new Session('', 'second', 0), 'a/+', 'a/+', null, 8)
  assert.deepEqual([first.place === null, second.place === null], [false, false])
  assert.deepEqual(counts(), [2, 0, 0, 2])
  subscriptions.remove(first)
  assert.deepEqual(counts(), [1, 0, 0, 1])
  subscriptions.remove(second)
  assert.deepEqual(counts(), [0, 0, 0, 0])
  assert.equal(subscriptions.get('a/+'), undefined)
})

test('Subscriptions with the same options share them, and one that changes its own leaves the others theirs', () => {
  const subscriptions = new Subscriptions(rules, defaultObservers, new TopicsSeen(0))
  const [one, other] = ['a', 'b'].map((filter) => subscriptions.add(new Session('', 'c', 0), filter, filter, null, 0))
  assert.ok(one !== undefined && other !== undefined)
  for (const subscription of [one, other]) subscription.setOptions({ ...plain, qos: 2, noLocal: true }, 0)
  assert.equal(one.options, other.options)
  one.setOptions({ ...plain, retainAsPublished: true, retainHandling: 2 }, 5)
  assert.deepEqual({ ...one.options }, { ...plain, retainAsPublished: true, retainHandling: 2 })
  assert.deepEqual({ ...other.options }, { ...plain, qos: 2, noLocal: true })
  assert.deepEqual([one.subscriptionIdentifiers, other.subscriptionIdentifiers], [[5], null])
})

test('what many subscribe to is looked at bit by bit, but not where rules say who may receive it', () => {
  const subscriptions = new Subscriptions(rules, defaultObservers, new TopicsSeen(0))
  const count = 25_000
  for (let number = 0; number < count; number++) {
    subscriptions.add(new Session('', `c${number}`, 0), 'a', 'a', null, 0)
  }
  subscriptions.add(new Session('', 'other', 0), '#', '#', null, 0)
  assert.notEqual(subscriptions.longRoute('a'), null)
  assert.equal(subscriptions.longRoute('b'), null)
  // Nobody may receive anything.
  subscriptions.access = new Receiving(new AccessRules({ rules: [], subscribing: 'always' }), null)
  subscriptions.changed()
  assert.equal(subscriptions.longRoute('a'), null)
  const { receivers, denied } = subscriptions.route('a')
  assert.deepEqual([receivers.length, denied?.subscriptions], [0, count + 1])
})

test('what matches is found in slices, and one that is made meanwhile is among it', () => {
  const subscriptions = new Subscriptions(rules, defaultObservers, new TopicsSeen(0))
  const subscribe = (filter: string) => subscriptions.add(new Session('', 'c', 0), filter, filter, null, 0)
  for (const filter of ['a/b/c', 'a/+/c', 'a/+/+', '+/b/c', '+/b/+', '+/c']) subscribe(filter)
  const matching = () => subscriptions.matching('a/b/c').map(({ filter }) => filter)
  const inSlices = subscriptions.finding('a/b/c')
  let slices = 1
  while (!inSlices(1)) slices += 1
  assert.ok(slices > 3, `${slices} slices`)
  const found = matching()
  assert.deepEqual(found.sort(), ['+/b/+', '+/b/c', 'a/+/+', 'a/+/c', 'a/b/c'])
  const again = subscriptions.finding('a/b/c')
  assert.equal(again(1), false)
  subscribe('#')
  assert.equal(again(1), true)
  assert.deepEqual(matching().sort(), ['#', ...found.sort()])
})

test('routes with long lists of their own are kept up to 64 MiB, and no more than that', () => {
  const subscriptions = new Subscriptions(rules, defaultObservers, new TopicsSeen(0))
  const subscribe = (filter: string, clientIdentifier: string) => {
    const session = new Session('', clientIdentifier, 0)
    session.expiryInterval = 1000
    subscriptions.add(session, filter, filter, null, 0).setOptions({ ...plain, qos: 1 }, 0)
  }
  for (let number = 0; number < 1000; number++) subscribe('#', `c${number}`)
  for (let number = 0; number < 1000; number++) subscribe(`t/${number}`, 'devices')
  const first = subscriptions.route('t/0')
  assert.equal(first.receivers.length, 1001)
  // 96 bytes for each of 1,001 durable Sessions.
  const fit = Math.floor((64 * 1024 * 1024) / (96 * 1001))
  for (let number = 1; number <= fit; number++) subscriptions.route(`t/${number}`)
  assert.notEqual(subscriptions.route(`t/${fit + 1}`), subscriptions.route(`t/${fit + 1}`))
  assert.equal(subscriptions.route('t/0'), first)
})

test('more Topic Names in turn than there is room for find most routes, and those that come no more are forgotten', () => {
  const subscriptions = new Subscriptions(rules, defaultObservers, new TopicsSeen(0))
  const kept = new Map<string, Route>()
  const found = (prefix: string): number => {
    let same = 0
    for (let number = 0; number < 200_000; number++) {
      const topicName = `${prefix}/${number}`
      const route = subscriptions.route(topicName)
      if (kept.get(topicName) === route) same += 1
      kept.set(topicName, route)
    }
    return same
  }
  found('a')
  const again = found('a')
  assert.ok(again > 110_000 && again < 140_000, `${again} of 200,000 were kept`)
  kept.clear()
  let rounds = 0
  do rounds += 1
  while (found('b') < 110_000)
  assert.ok(rounds > 5 && rounds < 10, `after ${rounds} rounds`)
})

test('routes that share the list of their only Topic Filter are kept, however long that is', () => {
  const subscriptions = new Subscriptions(rules, defaultObservers, new TopicsSeen(0))
  for (let number = 0; number < 10_000; number++) {
    subscriptions.add(new Session('', `c${number}`, 0), '#', '#', null, 0)
  }
  const first = subscriptions.route('t/0')
  for (let number = 1; number < 1000; number++) subscriptions.route(`t/${number}`)
  assert.equal(subscriptions.route('t/0'), first)
})
