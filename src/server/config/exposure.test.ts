import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseListenUrl } from '../../transport/listen-url.ts'
import { exposureFault } from './exposure.ts'

const addresses = (...urls: string[]) => urls.map((url) => parseListenUrl(url))

test('listeners that only this machine can reach may start without authentication', () => {
  const urls = ['tcp://127.0.0.1:1883', 'tcp://[::1]:1883', 'tcp://localhost:1883', 'unix:///run/pabal.sock']
  assert.equal(exposureFault(addresses(...urls), {}), null)
  assert.equal(exposureFault([], {}), null)
})

test('a listener that other machines can reach is named, with the reason and the ways out', () => {
  const fault = exposureFault(addresses('tcp://127.0.0.1:1883', 'tcp://0.0.0.0:1883'), {})
  assert.match(fault ?? '', /^Other machines can reach this listener, and nothing says who may come in/)
  assert.match(fault ?? '', /\n {2}tcp:\/\/0\.0\.0\.0:1883\n/)
  assert.doesNotMatch(fault ?? '', /\n {2}tcp:\/\/127/)
  assert.match(fault ?? '', /--allow-anonymous/)
  assert.match(fault ?? '', /authentication:/)
  assert.match(exposureFault(addresses('tcp://0.0.0.0:1', 'ws://[::]:2/mqtt'), {}) ?? '', /reach these listeners/)
})

test('it may start once somebody says who may come in', () => {
  const exposed = addresses('tcp://0.0.0.0:1883', 'ws://192.0.2.1:8083/mqtt')
  const method = { name: 'NONE', begin: () => ({ step: () => ({ type: 'refused' as const }) }) }
  assert.equal(exposureFault(exposed, { allowAnonymous: true }), null)
  assert.equal(exposureFault(exposed, { authenticate: () => true }), null)
  assert.equal(exposureFault(exposed, { authenticationMethods: [method] }), null)
  assert.notEqual(exposureFault(exposed, { allowAnonymous: false, authenticationMethods: [] }), null)
})
