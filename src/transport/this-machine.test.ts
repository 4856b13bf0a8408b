import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFromThisMachine, isHostOfThisMachine, isOriginOfThisMachine } from './this-machine.ts'

test('hosts of this machine are known by their address, or by the one name that cannot be another machine', () => {
  for (const host of ['127.0.0.1', '127.8.9.10', '::1', 'localhost', 'LocalHost']) assert.ok(isHostOfThisMachine(host))
  for (const host of ['128.0.0.1', '::2', 'localhost.example', 'a', '', '0.0.0.0', '::ffff:10.0.0.1']) {
    assert.ok(!isHostOfThisMachine(host), host)
  }
})

test('connections from this machine are known by their address', () => {
  for (const address of ['127.0.0.1:1', '[::1]:65535', 'unix']) assert.ok(isFromThisMachine(address), address)
  for (const address of ['unknown', '10.0.0.1:1', '[::2]:1', '127.0.0.1.example:1', '[fe80::1%lo]:1', '']) {
    assert.ok(!isFromThisMachine(address), address)
  }
})

test('a page of this machine is one that it has served, a file or an extension; none of the network can look like one', () => {
  for (const origin of [
    ...['http://localhost:5173', 'https://127.0.0.1', 'http://[::1]:8080', 'HTTP://LOCALHOST'],
    ...['file://', 'chrome-extension://abcdefgh'],
  ]) {
    assert.ok(isOriginOfThisMachine(origin), origin)
  }
  for (const origin of [
    ...['https://evil.example', 'http://localhost.evil.example', 'http://127.0.0.1.evil.example', 'http://10.0.0.1'],
    ...['null', '', 'http://evil.example@localhost.evil', 'https://[::2]'],
  ]) {
    assert.ok(!isOriginOfThisMachine(origin), origin)
  }
})
