/**
 * Rules and observers that change amid traffic: the ledger adds up under every rule, counts are what counting anew gives, and what is
 * held is lost to nobody.
 *
 * PABAL_SEED repeats the run of one seed, PABAL_RUNS changes how many there are.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '../../src/core/connection/connection.ts'
import { ruleLedgers, wholeLedger } from '../../src/core/query/ledger.ts'
import { reconfigure } from '../../src/core/reconfigure.ts'
import type { TopicRuleOptions, WhenNobody } from '../../src/core/routing/topic-rule.ts'
import { type Chance, makeChance, pick } from '../support/chance.ts'
import { DrivenCore } from '../support/driven-core.ts'

const runs = Number(process.env.PABAL_RUNS ?? 200)
const only = process.env.PABAL_SEED

const topicNames = ['a', 'a/1', 'a/2', 'b/1', 'c']
const filters = ['a/#', 'a/1', 'b/+', '+/1', '#', 'c']
const subscribed = [...filters, '$share/g/a/#', '$share/g/+/1', '$share/h/a/#']
const policies: WhenNobody[] = ['accept', 'report', 'reject', 'hold', 'dead-letter']

class Run {
  readonly #chance: Chance
  readonly #driven = new DrivenCore()
  readonly #clients = new Map<string, Connection>()
  #packetId = 0

  constructor(seed: number) {
    this.#chance = makeChance(seed)
  }

  step(): void {
    const chance = this.#chance
    const kind = chance(6)
    if (kind === 0) this.#change()
    else if (kind === 1) this.#driven.subscribe(this.#client(), pick(chance, subscribed))
    else if (kind === 2) this.#driven.disconnect(this.#client())
    else this.#publish()
  }

  #client(): Connection {
    const name = pick(this.#chance, ['one', 'two', 'three'])
    let client = this.#clients.get(name)
    if (client === undefined || client.isClosed) {
      client = this.#driven.connect(name, { cleanStart: this.#chance(4) === 0 })
      this.#clients.set(name, client)
    }
    return client
  }

  #publish(): void {
    const client = this.#client()
    this.#packetId = (this.#packetId % 60_000) + 1
    const qos = this.#chance(2) === 0 ? 0 : 1
    const packetId = qos === 0 ? 0 : this.#packetId
    const topicName = pick(this.#chance, topicNames)
    this.#driven.publish(client, { topicName, payload: Buffer.from('x'), qos, packetId })
    this.#driven.core.acknowledgementLeft(client)
  }

  #change(): void {
    const chance = this.#chance
    const { state } = this.#driven
    const { held } = state
    const before = held.count
    const topicRules = [...new Set([pick(chance, filters), pick(chance, filters)])].map(
      (filter): Partial<TopicRuleOptions> => {
        return { filter, whenNobody: pick(chance, policies) }
      },
    )
    const observersChanged = chance(2) === 0
    const { asksAuthentication, authenticationMethods, asksAuthorization, responseTopicPrefix } = state.options
    const same = { asksAuthentication, authenticationMethods, asksAuthorization, responseTopicPrefix }
    this.#driven.input((core, nowMs, turn) => {
      reconfigure(
        state,
        {
          ...same,
          limits: { ...state.limits },
          whenQueueFull: pick(chance, ['refuse', 'drop-oldest', 'drop-newest']),
          deadLetterTopicName: pick(chance, ['dead', 'c']),
          topicRules,
          observers: { accounts: new Set(), filters: new Set([pick(chance, filters)]) },
          observersChanged,
          accessChanged: false,
          mayObserve: null,
          mayStay: null,
        },
        nowMs,
        turn,
      )
      core.settle(nowMs, turn)
    })
    if (!observersChanged) assert.equal(held.count, before, 'only who begins to listen gets what is held')
  }

  check(): void {
    const { state } = this.#driven
    const { messages, copies, rules } = wholeLedger(state)
    assert.ok(messages.addsUp && copies.addsUp)
    for (const rule of rules) {
      assert.ok(rule.addsUp, `the rule ${rule.filter}`)
      for (const [fate, count] of Object.entries(rule.fates)) assert.ok(count >= 0, `${fate} of ${rule.filter}`)
    }
    const received = [...ruleLedgers(state)].reduce((sum, rule) => sum + (rule?.received ?? 0), 0)
    assert.equal(received, messages.received)
    const held = rules.reduce((sum, rule) => sum + rule.fates.held, 0)
    assert.equal(held, messages.fates.held)
    this.#checkSubscriptions()
  }

  #checkSubscriptions(): void {
    for (const entry of this.#driven.state.subscriptions.all()) {
      if (entry === null) continue
      const groups = [...(entry.groups?.values() ?? [])]
      const all = [...entry.subscriptions, ...groups.flatMap((group) => group.members)]
      const counting = all.filter((subscription) => !subscription.isObserver)
      const listening = groups.map((group) => group.members.filter((member) => !member.isObserver).length)
      assert.deepEqual(
        groups.map((group) => group.listeners),
        listening,
      )
      assert.deepEqual(
        [entry.count, entry.observers, entry.online, entry.listeningMembers, entry.listeningGroups],
        [
          all.length,
          all.length - counting.length,
          counting.filter(({ session }) => session.isOnline).length,
          listening.reduce((sum, each) => sum + each, 0),
          listening.filter((each) => each > 0).length,
        ],
        entry.filter,
      )
    }
  }
}

function simulate(seed: number): void {
  const run = new Run(seed)
  try {
    for (let step = 0; step < 120; step++) {
      run.step()
      run.check()
    }
  } catch (error) {
    throw new Error(`PABAL_SEED=${seed} repeats this`, { cause: error })
  }
}

test('whatever changes, every rule adds up, and nothing held is lost', () => {
  if (only !== undefined) simulate(Number(only))
  else for (let seed = 1; seed <= runs; seed++) simulate(seed)
})
