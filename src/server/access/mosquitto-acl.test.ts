/**
 * mosquitto's ACL file: what its lines mean, and which are none. Held against mosquitto itself in test/access/mosquitto-acl.test.ts.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AccessRules } from '../../core/access/access-rules.ts'
import { AclError, mosquittoAcl } from './mosquitto-acl.ts'

/** What a user may do with a Topic Name: `rw`, `r-`, `-w`, `--`. */
function rights(text: string, account: string, topicName: string, clientIdentifier = 'c1'): string {
  const access = new AccessRules(mosquittoAcl(text))
  const may = (action: 'receive' | 'publish') => access.decide({ account, clientIdentifier }, action, topicName).allowed
  return `${may('receive') ? 'r' : '-'}${may('publish') ? 'w' : '-'}`
}

test('lines before the first user are for those who did not log in, the others for one user alone', () => {
  const acl = '# shop\n\ntopic read menu\nuser ann\ntopic orders/#\ntopic write log\nuser bob b\ntopic readwrite menu\n'
  assert.deepEqual([rights(acl, '', 'menu'), rights(acl, '', 'orders/1')], ['r-', '--'])
  assert.deepEqual(
    [rights(acl, 'ann', 'menu'), rights(acl, 'ann', 'orders/1'), rights(acl, 'ann', 'log')],
    ['--', 'rw', '-w'],
  )
  assert.equal(rights(acl, 'bob b', 'menu'), 'rw')
})

test('what is denied comes first, patterns come last', () => {
  const acl = 'user ann\ntopic a/#\ntopic deny a/secret\npattern deny a/b\npattern read %u/%c/+\npattern read c/+\n'
  assert.deepEqual(
    ['a/x', 'a/secret', 'a/b', 'ann/c1/x', 'c/1', 'bob/c1/x'].map((topic) => rights(acl, 'ann', topic)),
    ['rw', '--', 'rw', 'r-', 'r-', '--'],
  )
  assert.deepEqual([rights(acl, '', 'c/1'), rights(acl, '', '/c1/x')], ['r-', '--'])
  assert.equal(rights(acl, 'eve', 'c/1', '+'), '--')
})

test('mosquitto CVE-2018-12550: an empty file, and one of comments, denies everything', () => {
  for (const text of ['', '\n\n', '# topic #\n', '   \n']) assert.equal(rights(text, '', 'a'), '--')
})

test('lines may end like those of Windows, begin with spaces and have a Topic Filter with spaces in it', () => {
  assert.equal(rights('user ann\r\n  topic   read  a b/c  \r\n', 'ann', 'a b/c'), 'r-')
  assert.equal(rights('topic read', '', 'read'), 'rw')
  assert.equal(rights('topic a/%u', '', 'a/%u'), 'rw')
})

test('every line that is none is a fault with its line and column', () => {
  const text = [
    'topc a',
    'topic',
    'user',
    ' topic rd a',
    'topic read a#',
    ' # no',
    'topic\ta',
    'pattern x%c',
    'pattern read  b/%u%c',
  ]
  assert.throws(
    () => mosquittoAcl(`topic ok\n${text.join('\n')}\n`, 'the.acl'),
    (error) => {
      assert.ok(error instanceof AclError)
      assert.match(
        error.message,
        /^the ACL file cannot be used:\nthe\.acl:2:1 found "topc", expected topic, pattern or user/,
      )
      assert.deepEqual(
        error.faults.map(({ line, column, found }) => `${line}:${column} ${found}`),
        [
          '2:1 "topc"',
          '3:6 topic without a Topic Filter',
          '4:1 user without a name',
          '5:8 "rd"',
          '6:12 "a#": "#" at character 2 shares its level; it must fill a whole level',
          '7:2 "#"',
          '8:1 "topic a"',
          '9:9 "x%c"',
          '10:15 "b/%u%c"',
        ],
      )
      return true
    },
  )
})

test('a character that parts lines elsewhere, but not here, belongs to its line: nothing is passed over or read as something else', () => {
  for (const character of ['\r', '\u2028', '\u2029', '\u0085', '\v']) {
    const secret = `a/se${character}cret`
    const acl = `user ann\ntopic read #\ntopic deny ${secret}\n`
    assert.deepEqual([rights(acl, 'ann', secret), rights(acl, 'ann', 'a/b')], ['--', 'r-'], JSON.stringify(character))
  }
  for (const line of ['\t topic deny a', '\r topic deny a', 'topic read a\rtopic deny b']) {
    const isRead = line.startsWith('topic')
    if (isRead) assert.equal(rights(line, '', 'a'), '--')
    else assert.throws(() => mosquittoAcl(line), AclError, JSON.stringify(line))
  }
})
