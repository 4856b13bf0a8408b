import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeUtf8 } from './utf8.ts'

function decode(hex: string): string | null {
  const bytes = Buffer.from(`ff${hex}ff`, 'hex')
  return decodeUtf8(bytes, 1, bytes.length - 1)
}

test('text of any script is decoded, and nothing but the part asked for', () => {
  for (const text of ['', 'plain', 'é', '커피/정보', '𠜎', 'a\u{1F600}b', '\u007f\u0080', '\ufffd', 'a\ufffdé']) {
    assert.equal(decode(Buffer.from(text).toString('hex')), text)
  }
})

test('[MQTT-1.5.4-1] surrogates, overlong forms and broken sequences are not text', () => {
  for (const hex of [
    'eda080',
    'edbfbf',
    'c080',
    'c1bf',
    'e08080',
    'f08080af',
    'f4908080',
    'ff',
    'c3',
    'e282',
    '80',
    'f5',
    'efbfbdff',
  ]) {
    assert.equal(decode(hex), null, hex)
  }
})

test('[MQTT-1.5.4-2] U+0000 is not allowed, among ASCII or not', () => {
  assert.deepEqual([decode('00'), decode('610062'), decode('c3a900')], [null, null, null])
})

test('[MQTT-1.5.4-3] a byte order mark is a character and stays', () => {
  assert.equal(decode('efbbbf61'), '\ufeffa')
  assert.equal(decode('efbbbfefbfbd'), '\ufeff\ufffd')
})
