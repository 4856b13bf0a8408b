/**
 * `pabal ban`, run as it is from a checkout.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pabal } from '../support/pabal-command.ts'
import { startTestBroker } from '../support/test-broker.ts'

test('somebody is banned, listed with why and until when, and let in again', async () => {
  await using running = await startTestBroker()
  const client = await running.client(5, { clientIdentifier: 'c\u001b[2J' })
  const forTwoHours = ['--for', '2h', '--reason', 'it floods', '--by', 'ann']
  const made = await pabal(running, 'ban', 'add', 'clientid', 'c\u001b[2J', ...forTwoHours)
  assert.deepEqual([made.faults, made.code], ['', 0])
  assert.match(made.out, /^Banned until \d{4}-.*Z: clientid "c\\u001b\[2J"\.\n$/)
  assert.equal((await client.next('disconnect')).reasonCode, 0x87)
  const forEver = await pabal(running, 'ban', 'add', 'peerhost_net', '192.0.2.0/24', '--json')
  const { as, who, until, by } = JSON.parse(forEver.out)
  assert.deepEqual([as, who, until, by], ['peerhost_net', '192.0.2.0/24', null, ''])
  const { out } = await pabal(running, 'ban')
  const [summary, , headings, ...lines] = out.trimEnd().split('\n')
  assert.equal(summary, '2 bans of at most 100,000')
  assert.match(headings ?? '', /^KIND +WHO +ENDS +SINCE +BY +REASON$/)
  assert.match(lines[0] ?? '', /^clientid +"c\\u001b\[2J" +in (?:2 h|119 min) +\d s +ann +"it floods"$/)
  assert.match(lines[1] ?? '', /^peerhost_net +192\.0\.2\.0\/24 +never +\d s +-$/)
  assert.equal(JSON.parse((await pabal(running, 'ban', 'list', '--json')).out).banned.length, 2)
  const lifted = await pabal(running, 'ban', 'remove', 'peerhost_net', '192.0.2.0/24')
  assert.deepEqual([lifted.out, lifted.code], ['No longer banned: peerhost_net 192.0.2.0/24.\n', 0])
  assert.equal((await pabal(running, 'ban', 'remove', '--all')).out, '1 ban lifted.\n')
  assert.match((await pabal(running, 'ban')).out, /^0 bans of at most/)
})

test('what cannot be done is told with what is expected, and the exit code is 1', async () => {
  await using running = await startTestBroker()
  const cases: readonly (readonly [string[], RegExp])[] = [
    [['add', 'clientid'], /^pabal ban add: say what and who: pabal ban add clientid sensor-7\.\n/],
    [['remove'], /^pabal ban remove: say what and who/],
    [['remove', 'clientid', 'c', '--all'], /^pabal ban remove takes no "clientid" beside --all\./],
    [['list', 'clientid'], /^pabal ban list takes no "clientid"\./],
    [['bna'], /^pabal ban: there is no "bna"; there are list, add, remove\./],
    [['list', '--for', '1h'], /^pabal ban list takes no --for\./],
    [['add', 'clientid', 'c', '--all'], /^pabal ban add takes no --all\./],
    [['add', 'clientid', 'c', '--for', 'long'], /It is a time such as 90s, 15min, 2h or 7d\./],
    [['add', 'clientid', 'c', '--for', '1h', '--until', '2030-01-31T12:00:00Z'], /cannot be used with/],
    [['add', 'clientid', 'c', '--until', 'soon'], /found {5}"soon"\n {2}expected {2}a time as in RFC 3339/],
    [['add', 'client', 'c'], /expected {2}"as" to be one of clientid, username, peerhost, peerhost_net/],
    [['add', 'peerhost', '10.0.0.0/8'], /do {8}correct it; a range of addresses is peerhost_net\n/],
    [['remove', 'clientid', 'c'], /^Pabal cannot lift the ban\.\n\n.*\n {2}found {5}no ban of clientid "c"\n/],
  ]
  for (const [words, faults] of cases) {
    const ended = await pabal(running, 'ban', ...words)
    assert.equal(ended.code, 1, words.join(' '))
    assert.match(ended.faults, faults)
  }
})
