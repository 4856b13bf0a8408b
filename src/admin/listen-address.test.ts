import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAdminUrl } from './listen-address.ts'

test('a plus sign in a path stays one, as in a listen URL', () => {
  const { tls } = parseAdminUrl('https://127.0.0.1?cert=/a+b/c%20d.pem&key=/a%2Bb.pem')
  assert.deepEqual([tls?.certFile, tls?.keyFile], ['/a+b/c d.pem', '/a+b.pem'])
})
