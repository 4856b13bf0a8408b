/**
 * Why a client may or may not: `pabal acl test` and the HTTP API name the rule that decides.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { accessRules, mosquittoAcl } from '../../src/index.ts'
import { startApi } from '../admin/api.ts'
import { pabal, runPabal } from '../support/pabal-command.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startTestBroker } from '../support/test-broker.ts'

const directory = temporaryDirectory()

const access = accessRules({
  rules: [
    { allow: ['publish', 'subscribe'], topics: ['plant/#'], accounts: ['alice'] },
    { allow: ['publish'], topics: ['own/%c'] },
    { deny: ['receive'], topics: ['plant/+/secret'] },
    { allow: ['publish'], topics: ['shift/#'], groups: ['night'] },
  ],
  groups: [{ name: 'night' }],
})

test('pabal acl test says whether, by which rule, and what a Subscription would go without', async () => {
  await using running = await startTestBroker({ access })
  const cases: [args: string[], code: number, out: string][] = [
    [
      ['alice', 'publish', 'plant/1'],
      0,
      'Allowed: alice, publish plant/1\n  by   "access.rules[0]: allow publish, subscribe plant/#"\n',
    ],
    [
      ['bob', 'publish', 'plant/1'],
      16,
      'Denied: bob, publish plant/1\n  no rule allows it, and what no rule allows is denied\n',
    ],
    [
      ['', 'publish', 'own/x', '--client', 'x'],
      0,
      'Allowed: whoever does not log in as x, publish own/x\n  by   "access.rules[1]: allow publish own/%c"\n',
    ],
    [
      ['alice', 'receive', 'plant/1/secret'],
      16,
      'Denied: alice, receive plant/1/secret\n  by   "access.rules[2]: deny receive plant/+/secret"\n',
    ],
    [
      ['alice', 'subscribe', '$share/g/plant/#'],
      0,
      'Allowed: alice, subscribe plant/#\n  by   "access.rules[0]: allow publish, subscribe plant/#"\n' +
        '  but  "access.rules[2]: deny receive plant/+/secret"\n',
    ],
    [
      ['bob', 'publish', 'shift/1', '--group', 'day', 'night'],
      0,
      'Allowed: bob in day, night, publish shift/1\n  by   "access.rules[3]: allow publish shift/#"\n',
    ],
    [
      ['bob', 'publish', 'shift/1', '--group', 'day'],
      16,
      'Denied: bob in day, publish shift/1\n  no rule allows it, and what no rule allows is denied\n',
    ],
    [
      ['alice', 'observe', '#'],
      16,
      'Left open: alice, observe #\n  no rule says anything of it: the permissions of accounts decide\n',
    ],
  ]
  for (const [args, code, out] of cases) {
    const ended = await pabal(running, 'acl', 'test', ...args)
    assert.deepEqual([ended.out, ended.code, ended.faults], [out, code, ''], args.join(' '))
  }
  const json = JSON.parse((await pabal(running, 'acl', 'test', 'bob', 'publish', 'x', '--json')).out)
  assert.partialDeepStrictEqual(json, {
    account: 'bob',
    action: 'publish',
    topic: 'x',
    allowed: false,
    rule: null,
    except: [],
  })
})

test('what cannot be tested is said, with what to do', async () => {
  await using running = await startTestBroker({ access })
  const cases: [args: string[], faults: RegExp][] = [
    [
      ['test', 'a', 'pblish', 'x'],
      /found {5}"pblish"\n {2}expected {2}one of these actions: publish, .*\n {2}do {8}did you mean publish\?/,
    ],
    [['test', 'a', 'publish', 'a/#'], /expected {2}a Topic Name without wildcards/],
    [['test', 'a', 'subscribe', 'a#'], /expected {2}a Topic Filter/],
    [['tset', 'a', 'subscribe', 'a'], /there is no "tset", only: pabal acl test USER ACTION TOPIC/],
    [['test', 'a'], /missing required argument 'ACTION'/],
  ]
  for (const [args, faults] of cases) {
    const ended = await pabal(running, 'acl', ...args)
    assert.equal(ended.code, 1)
    assert.match(ended.faults, faults)
  }
})

test('a configuration is tested without a broker, its ACL file too', async () => {
  const file = join(directory, 'pabal.yaml')
  writeFileSync(join(directory, 'acl'), 'user ann\ntopic read a/#\n')
  writeFileSync(file, 'access: {aclFile: acl}\n')
  const ask = (...words: string[]) => runPabal(['acl', 'test', ...words, '--config', file])
  assert.match(
    (await ask('ann', 'receive', 'a/1')).out,
    /^Allowed: ann, receive a\/1\n {2}by {3}".*acl:2: allow receive a\/#"\n$/,
  )
  assert.equal((await ask('ann', 'publish', 'a/1')).code, 16)
  assert.match((await ask('bob', 'subscribe', '#')).out, /an ACL file grants every Subscription/)
  const login = 'authentication: {http: {url: https://hook.example/}}\n'
  writeFileSync(file, `access: {rules: [{allow: [publish], topics: [a], groups: [g]}], groups: [{name: g}]}\n${login}`)
  assert.deepEqual(
    [(await ask('bob', 'publish', 'a')).code, (await ask('bob', 'publish', 'a', '--group', 'g')).code],
    [16, 0],
  )
  writeFileSync(file, 'durability: memory\n')
  assert.match((await ask('bob', 'publish', 'x')).out, /^Allowed: .*\n {2}there are no access rules/)
  assert.match((await ask('bob', 'admin', '#')).out, /^Left open: /)
  assert.match((await ask('bob', 'publish', '+')).faults, /expected {2}a Topic Name/)
  writeFileSync(file, 'acces: {}\n')
  assert.match((await ask('bob', 'publish', 'x')).faults, /did you mean access\?/)
})

test('the HTTP API says the same, of any client and in its own words of a fault', async () => {
  await using api = await startApi({ access })
  const asked = await api.get('/access/test?account=alice&client=c&action=subscribe&topic=plant%2F%23')
  assert.deepEqual(asked.body, {
    ...{ account: 'alice', clientIdentifier: 'c', groups: [], action: 'subscribe', topic: 'plant/#', allowed: true },
    rule: 'access.rules[0]: allow publish, subscribe plant/#',
    except: ['access.rules[2]: deny receive plant/+/secret'],
    reason: 'this rule decides',
  })
  assert.equal((await api.get('/access/test?action=publish&topic=own%2Fx&client=x')).body.allowed, true)
  const { status, body } = await api.get('/access/test?action=publish&topic=a%2F%23')
  assert.deepEqual([status, body.expected], [400, 'a Topic Name without wildcards'])
  const night = await api.get('/access/test?account=bob&groups=day,night&action=publish&topic=shift')
  assert.deepEqual([night.body.groups, night.body.allowed], [['day', 'night'], true])
  assert.equal((await api.get('/access/test?action=eat&topic=a')).status, 400)
  await api.at.broker.reload({ listen: ['tcp://127.0.0.1:0'], access: mosquittoAcl('topic read a', 'the.acl') })
  assert.deepEqual((await api.get('/access/test?action=receive&topic=a')).body.rule, 'the.acl:1: allow receive a')
})
