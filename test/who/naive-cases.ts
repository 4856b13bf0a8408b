/**
 * Compares who listens, as the broker says, with what comes of looking at every Subscription one by one.
 */
import assert from 'node:assert/strict'
import type { Connection } from '../../src/core/connection/connection.ts'
import { type Subscriber, whoListens } from '../../src/core/query/who-listens.ts'
import { whoSubscribes } from '../../src/core/query/who-subscribes.ts'
import { whoTotals } from '../../src/core/query/who-totals.ts'
import { filtersOverlap } from '../../src/core/routing/filters-overlap.ts'
import type { Subscription } from '../../src/core/routing/subscription.ts'
import { topicFilterMatches } from '../../src/core/routing/topic-filter.ts'
import { type Chance, makeChance, pick } from '../support/chance.ts'
import { DrivenCore } from '../support/driven-core.ts'

const levels = ['a', 'b', '', '$x', '커피']
const filterLevels = [...levels, '+', '+']
const clientNames = ['one', 'two', '__proto__', 'four', 'five', 'six']
/** Topic Names asked about before the Subscriptions change. */
const asksPerRound = 20

/** Runs so many cases, each a Topic Name and a set of Subscriptions; throws at the first that differs. */
export function compareWithNaive(cases: number, seed: number): void {
  const chance = makeChance(seed)
  let driven = new DrivenCore()
  const clients = new Map<string, Connection>()
  for (let done = 0; done < cases; ) {
    // Now and then from the beginning, so that there are small sets, too.
    if (chance(200) === 0) {
      driven = new DrivenCore()
      clients.clear()
    }
    for (let changes = chance(4); changes >= 0; changes--) change(driven, clients, chance)
    const all = [...driven.state.sessions.values()].flatMap((session) => [...session.subscriptions.values()])
    for (let asked = 0; asked < asksPerRound && done < cases; asked++, done++) {
      compareTopic(driven, all, nameOf(chance), `seed ${seed}, case ${done}`)
      if (asked === 0) compareFilter(driven, all, filterOf(chance), chance(2) === 0, `seed ${seed}, case ${done}`)
    }
  }
}

function change(driven: DrivenCore, clients: Map<string, Connection>, chance: Chance): void {
  const name = pick(chance, clientNames)
  const connection = clients.get(name)
  if (connection === undefined || connection.isClosed) {
    clients.set(name, driven.connect(name, { version: chance(2) === 0 ? 4 : 5 }))
    return
  }
  const what = chance(10)
  if (what === 0) driven.breakOff(connection)
  else if (what === 1) driven.disconnect(connection)
  else if (what <= 3) {
    const topicFilters = [...driven.session(name).subscriptions.keys()].slice(0, 1 + chance(2))
    if (topicFilters.length === 0) return
    driven.receive(connection, { type: 'unsubscribe', packetId: 2, topicFilters, properties: {} })
  } else {
    const shared = chance(4) === 0
    const filter = filterOf(chance)
    driven.subscribe(connection, shared ? `$share/${pick(chance, ['g', 'h'])}/${filter}` : filter)
  }
}

function compareTopic(driven: DrivenCore, all: readonly Subscription[], topicName: string, place: string): void {
  const matching = all.filter(({ filter }) => topicFilterMatches(filter, topicName))
  const rows = [...whoListens(driven.state, topicName)].filter((row) => row !== null)
  assert.deepEqual(rows.map(keyOfRow).sort(), matching.map(keyOf).sort(), `${place}: ${topicName}`)
  const counting = matching.filter(({ isObserver }) => !isObserver)
  const online = counting.filter(({ session }) => session.isOnline).length
  const listeners = new Set(counting.map(({ session, group }) => group ?? session)).size
  assert.deepEqual(
    whoTotals(driven.state, topicName),
    {
      subscriptions: matching.length,
      online,
      offline: counting.length - online,
      observers: matching.length - counting.length,
      denied: 0,
      sharedGroups: new Set(matching.flatMap(({ group }) => (group === null ? [] : [group]))).size,
      listeners,
      listenersAreExact: true,
    },
    `${place}: ${topicName}`,
  )
  assert.equal(driven.state.subscriptions.route(topicName).listeners, listeners, `${place}: the Route of ${topicName}`)
}

function compareFilter(
  driven: DrivenCore,
  all: readonly Subscription[],
  filter: string,
  isExact: boolean,
  place: string,
): void {
  const expected = all.filter((subscription) => {
    return isExact ? subscription.filter === filter : filtersOverlap(subscription.filter, filter)
  })
  const rows = [...whoSubscribes(driven.state, filter, isExact)].filter((row) => row !== null)
  assert.deepEqual(rows.map(keyOfRow).sort(), expected.map(keyOf).sort(), `${place}: ${filter}`)
}

function keyOf({ session, topicFilter, qos, isObserver }: Subscription): string {
  return [session.clientIdentifier, topicFilter, qos, isObserver, session.isOnline].join(' ')
}

function keyOfRow(row: Subscriber): string {
  const { clientIdentifier, sharedGroup, topicFilter, qos, observer, online } = row
  const whole = sharedGroup === null ? topicFilter : `$share/${sharedGroup}/${topicFilter}`
  return [clientIdentifier, whole, qos, observer, online].join(' ')
}

function nameOf(chance: Chance): string {
  const name = Array.from({ length: 1 + chance(3) }, () => pick(chance, levels)).join('/')
  return name === '' ? 'a' : name
}

function filterOf(chance: Chance): string {
  const parts = Array.from({ length: 1 + chance(3) }, () => pick(chance, filterLevels))
  const filter = chance(3) === 0 ? [...parts.slice(1), '#'].join('/') : parts.join('/')
  return filter === '' ? '#' : filter
}
