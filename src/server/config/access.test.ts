/**
 * `access:` in the configuration: what is wrong with it is said with its place, also in mosquitto's ACL file.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts'
import { accessRules } from '../access/access-options.ts'
import { loadConfig, parseConfig } from './config.ts'
import { ConfigError } from './config-fault.ts'

const directory = temporaryDirectory()

/** `line:column key: found` of each fault. */
function faultsOf(read: () => unknown): string[] {
  try {
    read()
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.faults.map(({ line, column, key, found }) => `${line}:${column} ${key}: ${found}`)
  }
  return []
}

test('faults of single rules and between them have their line and column', () => {
  const text = `access:
  rules:
    - topics: [a]
    - {allow: [publish], deny: [publish], topics: [a]}
    - {allow: [], topics: [a]}
    - {allow: [publish]}
    - {roles: [reader, writer]}
    - {roles: [reader], topics: [a]}
    - {allow: [publish], topics: [a], groups: [nobody]}
  groups:
    - {name: g, accounts: [a]}
    - {name: g, accounts: [b]}
  roles:
    - name: reader
      rules: [{allow: [subscribe]}]
`
  assert.deepEqual(
    faultsOf(() => parseConfig(text, 'p.yaml')),
    [
      '3:7 access.rules[0]: neither allow nor deny',
      '4:7 access.rules[1]: both allow and deny',
      '5:7 access.rules[2]: a rule without an action',
      '6:7 access.rules[3]: a rule without topics',
      '7:24 access.rules[4].roles[1]: "writer"',
      '8:7 access.rules[5]: roles, and what the rule itself allows or denies',
      '9:48 access.rules[6].groups[0]: "nobody"',
      '12:14 access.groups[1].name: "g" once more',
      '15:15 access.roles[0].rules[0]: a rule without topics',
    ],
  )
})

test('an action or a Topic Filter that is none is a fault where it stands', () => {
  const text = `access:
  rules:
    - {allow: [pulish], topics: [a]}
    - {deny: [all], topics: ['a#', 'x-%c/y', '%c%u', $share/g/a]}
    - {allow: [publish], topics: [1], accounts: [''], clients: [5]}
`
  assert.deepEqual(
    faultsOf(() => parseConfig(text, 'p.yaml')),
    [
      '3:16 access.rules[0].allow[0]: "pulish"',
      '4:15 access.rules[1].deny[0]: "all"',
      '4:30 access.rules[1].topics[0]: "a#": "#" at character 2 shares its level; it must fill a whole level',
      '4:36 access.rules[1].topics[1]: "x-%c/y"',
      '4:46 access.rules[1].topics[2]: "%c%u"',
      '4:54 access.rules[1].topics[3]: "$share/g/a"',
      '5:35 access.rules[2].topics[0]: 1',
      '5:50 access.rules[2].accounts[0]: ""',
      '5:65 access.rules[2].clients[0]: 5',
    ],
  )
})

test('without any rule, and with two kinds of them, it is a fault; an empty list denies everything', () => {
  assert.deepEqual(
    faultsOf(() => parseConfig('access: {}', 'p.yaml')),
    ['1:9 access: no rules'],
  )
  const both = 'access: {rules: [], aclFile: acl}'
  assert.deepEqual(
    faultsOf(() => parseConfig(both, 'p.yaml')),
    ['1:30 access.aclFile: an ACL file beside rules'],
  )
  const groups = 'access: {rules: [], groups: [{name: g}, {name: h, accounts: []}]}'
  assert.deepEqual(
    faultsOf(() => parseConfig(groups, 'p.yaml')),
    ['1:30 access.groups[0]: the group "g" without accounts, with which nobody can come'],
  )
  const http = 'authentication: {http: {url: https://hook.example/}}'
  assert.deepEqual(
    faultsOf(() => parseConfig(`${groups}\n${http}`, 'p.yaml')),
    [],
  )
  assert.deepEqual(parseConfig('access: {rules: []}', 'p.yaml').access, { rules: [], subscribing: 'rules' })
})

test("the lines of mosquitto's ACL file are read from beside the configuration, and faults name its lines", () => {
  const file = join(directory, 'pabal.yaml')
  const acl = join(directory, 'mosquitto.acl')
  writeFileSync(file, 'access: {aclFile: mosquitto.acl}\n')
  assert.match(faultsOf(() => loadConfig(file)).join(), /^null:null access\.aclFile: a file that cannot be read: /)
  writeFileSync(acl, 'topic read a\nuser bob\ntopic wrte b\n')
  try {
    loadConfig(file)
    assert.fail('a line that is none must be a fault')
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    assert.match(
      error.message,
      new RegExp(`${acl}:3:7\n  found     "wrte"\n  expected  read, write, readwrite or deny\n`),
    )
  }
  writeFileSync(acl, '')
  assert.deepEqual(loadConfig(file).access, { rules: [], subscribing: 'always' })
})

test('in code everything that is wrong is said at once', () => {
  // As somebody might who has no types.
  const rules = [
    { allow: ['pub'], topics: ['a'] },
    { topics: ['b+'], deny: ['publish'] },
  ] as never
  assert.throws(
    () => accessRules({ rules }),
    /access\.rules\[0\]: found "pub", expected one of publish, .*\n.*access\.rules\[1\]\.topics\[0\]: found "b\+"/,
  )
})
