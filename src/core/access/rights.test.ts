/**
 * What access rules say, on their own.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccessAction, AccessRule, Subject } from './access-policy.ts'
import { AccessRules } from './access-rules.ts'

type Words = Partial<Omit<AccessRule, 'allows' | 'actions' | 'topics'>>

function allow(actions: readonly AccessAction[], topics: readonly string[], more: Words = {}): AccessRule {
  return { allows: true, actions, topics, accounts: null, clients: null, place: 'allow', ...more }
}

function deny(actions: readonly AccessAction[], topics: readonly string[], more: Words = {}): AccessRule {
  return { ...allow(actions, topics), allows: false, place: 'deny', ...more }
}

function decider(rules: readonly AccessRule[], who: Partial<Subject> = {}) {
  const access = new AccessRules({ rules, subscribing: 'rules' })
  const identity = { account: 'ann', clientIdentifier: 'c1', ...who }
  return (action: AccessAction, topic: string): boolean => access.decide(identity, action, topic).allowed
}

test('the first rule that concerns client, action and Topic Name decides, and what none allows is denied', () => {
  const may = decider([deny(['publish'], ['a/secret']), allow(['publish'], ['a/+']), deny(['publish'], ['a/b'])])
  assert.deepEqual(
    ['a/secret', 'a/b', 'a/b/c', 'b'].map((topic) => may('publish', topic)),
    [false, true, false, false],
  )
  assert.equal(may('receive', 'a/b'), false)
})

test('the verdict names the rule that decides, or none', () => {
  const access = new AccessRules({
    rules: [deny(['publish'], ['a', 'b'], { place: 'access.rules[3]' })],
    subscribing: 'rules',
  })
  const who = { account: '', clientIdentifier: 'c' }
  assert.deepEqual(access.decide(who, 'publish', 'b'), { allowed: false, rule: 'access.rules[3]: deny publish a b' })
  assert.deepEqual(access.decide(who, 'publish', 'c'), { allowed: false, rule: null })
})

test('a rule concerns the accounts and the Client Identifiers it names', () => {
  const rules = [
    allow(['publish'], ['both'], { accounts: ['ann'], clients: ['c1'] }),
    allow(['publish'], ['account'], { accounts: ['ann', 'bob'] }),
    allow(['publish'], ['client'], { clients: ['c1'] }),
    allow(['publish'], ['nobody'], { accounts: [] }),
    allow(['publish'], ['anonymous'], { accounts: [''] }),
  ]
  const topics = ['both', 'account', 'client', 'nobody', 'anonymous']
  const allowedTo = (who: Partial<Subject>) => topics.filter((topic) => decider(rules, who)('publish', topic))
  assert.deepEqual(allowedTo({}), ['both', 'account', 'client'])
  assert.deepEqual(allowedTo({ clientIdentifier: 'c2' }), ['account'])
  assert.deepEqual(allowedTo({ account: 'eve' }), ['client'])
  assert.deepEqual(allowedTo({ account: '' }), ['client', 'anonymous'])
  assert.deepEqual(allowedTo({ account: '__proto__', clientIdentifier: 'constructor' }), [])
})

test('who may subscribe may receive, who may administrate may observe, and not the other way round', () => {
  const may = decider([allow(['subscribe'], ['a/#']), allow(['receive'], ['b']), allow(['admin'], ['c'])])
  assert.deepEqual([may('receive', 'a/b'), may('subscribe', 'b'), may('receive', 'b')], [true, false, true])
  assert.deepEqual([may('observe', 'c'), may('admin', 'c'), may('publish', 'c')], [true, true, false])
  const mayNot = decider([deny(['subscribe'], ['a']), allow(['receive', 'subscribe'], ['+'])])
  assert.equal(mayNot('receive', 'a'), false)
  assert.equal(decider([deny(['admin'], ['c']), allow(['observe'], ['c'])])('observe', 'c'), true)
})

test('a Topic Filter may be subscribed to if one rule allows all it can match', () => {
  const may = decider([deny(['subscribe'], ['a/secret/#']), allow(['subscribe'], ['a/+', 'b/#'])])
  const filters = ['a/x', 'a/+', 'a/#', '+/x', '#', 'b/+/c', 'b/#', 'a/secret', 'a/secret/#', '$SYS/#']
  assert.deepEqual(
    filters.filter((filter) => may('subscribe', filter)),
    ['a/x', 'a/+', 'b/+/c', 'b/#'],
  )
})

test('to ask the broker about several Topic Names, all of them must be allowed and none denied', () => {
  const may = decider([deny(['observe'], ['a/secret']), allow(['observe'], ['a/#'])])
  assert.deepEqual(
    ['a/x', 'a/secret', 'a/#', '+/secret', 'a/+/b', '#', 'b'].filter((topic) => may('observe', topic)),
    ['a/x', 'a/+/b'],
  )
  const all = decider([allow(['observe'], ['#'])])
  assert.deepEqual(
    [all('observe', '#'), all('observe', '$pabal/events/#'), all('receive', '$SYS/x')],
    [true, true, false],
  )
})

test('mosquitto CVE-2017-7650, RabbitMQ CVE-2026-44838: identifiers like + # a/b .* %u %c $SYS ../ never widen access', () => {
  const hostile = ['+', '#', 'a/b', '.*', '%u', '%c', '$SYS', '../', '/', 'a+', '', '\\w+', '__proto__']
  for (const identifier of hostile) {
    for (const level of ['%u', '%c']) {
      const who = level === '%u' ? { account: identifier } : { clientIdentifier: identifier }
      const may = decider([allow(['publish', 'subscribe'], [`own/${level}/#`, `${level}/x`])], who)
      for (const other of ['own/other/x', 'own/a/b/x', 'other/x', '$SYS/other']) {
        assert.equal(may('publish', other), false, `${identifier} publishes to ${other}`)
        assert.equal(may('receive', other), false, `${identifier} receives ${other}`)
      }
      for (const wide of ['own/+/x', 'own/#', '#', '+/x', 'own/+/#']) assert.equal(may('subscribe', wide), false, wide)
    }
  }
  assert.equal(decider([allow(['publish'], ['own/%c'])], { clientIdentifier: '%u' })('publish', 'own/ann'), false)
  assert.equal(decider([allow(['publish'], ['own/%c'])], { clientIdentifier: '.*' })('publish', 'own/.*'), true)
})

test('what a rule denies to an identifier that fits no level it denies on every such level', () => {
  for (const account of ['+', '#', 'a/b', '']) {
    const may = decider([deny(['publish'], ['own/%u']), allow(['publish'], ['own/#'])], { account })
    assert.deepEqual([may('publish', 'own/x'), may('publish', 'own/x/y')], [false, true], account)
  }
})

test('%u and %c stand for one level alone', () => {
  const may = decider([allow(['publish'], ['%u/%c/x', 'a/%u'])])
  assert.deepEqual(
    ['ann/c1/x', 'a/ann', 'a/bob', 'c1/ann/x', 'a/%u'].map((topic) => may('publish', topic)),
    [true, true, false, false, false],
  )
})

test('where subscribing is granted always, only what is delivered is decided', () => {
  const access = new AccessRules({ rules: [deny(['receive'], ['a'])], subscribing: 'always' })
  const who = { account: '', clientIdentifier: '' }
  assert.deepEqual(
    [access.decide(who, 'subscribe', '#').allowed, access.decide(who, 'receive', 'a').allowed],
    [true, false],
  )
})

test('clients of one account share their rights, unless a rule looks at the Client Identifier', () => {
  const rights = (rules: readonly AccessRule[], account: string, clientIdentifier: string) => {
    const access = new AccessRules({ rules, subscribing: 'rules' })
    return [access.rightsOf({ account: 'ann', clientIdentifier: 'c1' }), access.rightsOf({ account, clientIdentifier })]
  }
  const [one, same] = rights([allow(['publish'], ['%u'])], 'ann', 'c2')
  assert.equal(one, same)
  const [own, other] = rights([allow(['publish'], ['%u'])], 'bob', 'c1')
  assert.notEqual(own, other)
  assert.deepEqual([own?.receiving('a').allowed, other?.ofTopicName('publish', 'bob').allowed], [false, true])
  for (const rule of [allow(['publish'], ['a/%c']), allow(['publish'], ['a'], { clients: ['c1'] })]) {
    const [first, second] = rights([rule], 'ann', 'c2')
    assert.notEqual(first, second)
  }
})

test('a rule concerns whoever comes with a group it names, and each client of an account by its own groups', () => {
  const rules = [
    deny(['publish'], ['a/secret'], { accounts: [], groups: ['guest'] }),
    allow(['publish', 'receive'], ['a/+'], { accounts: [], groups: ['ops', 'guest'] }),
    allow(['publish'], ['b'], { accounts: ['bob'], groups: ['ops'] }),
  ]
  const access = new AccessRules({ rules, subscribing: 'rules' })
  const allowedTo = (account: string, groups?: readonly string[] | null) =>
    ['a/1', 'a/secret', 'b'].filter((topic) => {
      const who = { account, clientIdentifier: 'c', ...(groups === undefined ? {} : { groups }) }
      return access.decide(who, 'publish', topic).allowed
    })
  assert.equal(access.dependsOnGroups, true)
  assert.deepEqual(allowedTo('ann', ['ops']), ['a/1', 'a/secret', 'b'])
  assert.deepEqual(allowedTo('ann', ['guest', 'ops']), ['a/1', 'b'])
  assert.deepEqual(allowedTo('ann', ['guest']), ['a/1'])
  for (const groups of [undefined, [], ['other', '__proto__']]) assert.deepEqual(allowedTo('ann', groups), [])
  assert.deepEqual(allowedTo('bob'), ['b'])
  assert.deepEqual(allowedTo('ann', null), ['a/1', 'a/secret', 'b'], 'not known: what any group allows')
})

test('what one client of an account may do, or what was kept of it, says nothing of another whose name is a wildcard', () => {
  const pattern = (topic: string) => allow(['publish'], [topic], { identifiers: 'pattern' })
  for (const topic of ['%u/a', '%c/a', 'plain/a']) {
    for (const names of [
      ['c1', '#'],
      ['#', 'c1'],
    ]) {
      const access = new AccessRules({ rules: [pattern(topic)], subscribing: 'always' })
      const allowed = names.filter((clientIdentifier) => {
        const name = topic.replace('%u', 'ann').replace('%c', clientIdentifier.replace('#', 'x'))
        return access.decide({ account: 'ann', clientIdentifier }, 'publish', name).allowed
      })
      assert.deepEqual(allowed, ['c1'], topic)
    }
  }
})

test('in a literal rule %u and %c are text; in a pattern %u is nobody who did not log in, and a wildcard allows nothing', () => {
  const may = (rule: AccessRule, who: Partial<Subject>, topic: string) => decider([rule], who)('publish', topic)
  const literal = allow(['publish'], ['%u/a', '%c/b'], { identifiers: 'literal' })
  assert.deepEqual(
    ['%u/a', '%c/b', 'ann/a', 'c1/b'].map((topic) => may(literal, {}, topic)),
    [true, true, false, false],
  )
  const pattern = (topics: string[], allows = true) =>
    ({ ...allow(['publish'], topics), allows, identifiers: 'pattern' }) as const
  assert.equal(may(pattern(['%u/a', 'plain']), {}, 'plain'), true)
  // All of the rule, as in mosquitto.
  assert.equal(may(pattern(['%u/a', 'plain']), { account: '' }, 'plain'), false)
  assert.equal(may(pattern(['plain']), { account: '' }, 'plain'), true)
  for (const who of [{ account: 'a+' }, { clientIdentifier: '#' }]) {
    assert.equal(may(pattern(['plain']), who, 'plain'), false)
    // What it denies it denies to everybody.
    const denying = decider([pattern(['plain'], false), allow(['publish'], ['#'])], who)
    assert.deepEqual([denying('publish', 'plain'), denying('publish', 'other')], [false, true])
  }
})
