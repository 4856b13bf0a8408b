/**
 * The views of a payload, and what the form of a message makes of it: pure functions.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { emptyDraft, publishOf } from '../../src/dashboard/draft.ts'
import { hexDump, indentJson, preview, show, viewsOf } from '../../src/dashboard/payload.ts'

test('JSON is broken into lines, and means what it meant', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      assert.deepEqual(JSON.parse(indentJson(text)), JSON.parse(text))
    }),
  )
  assert.equal(indentJson('{"a":[1,{}],"b":[]}'), '{\n  "a": [\n    1,\n    {}\n  ],\n  "b": []\n}')
})

test('a long number, names that are numbers and a name that is there twice stay as they were sent', () => {
  const lines = indentJson('{"b": 12345678901234567890, "1": 1.0, "b": "x\\"}:,"}').split('\n')
  assert.deepEqual(lines, ['{', '  "b": 12345678901234567890,', '  "1": 1.0,', '  "b": "x\\"}:,"', '}'])
})

test('bytes are shown sixteen to a line, with what of them is ASCII', () => {
  const lines = hexDump(new TextEncoder().encode('Pabal 파발\n and more')).split('\n')
  assert.deepEqual(lines, [
    '000000  50 61 62 61 6c 20 ed 8c 8c eb b0 9c 0a 20 61 6e  Pabal ....... an',
    '000010  64 20 6d 6f 72 65                                d more',
  ])
})

test('text can be seen as bytes, bytes cannot be seen as text, and JSON only if it is', () => {
  assert.deepEqual(viewsOf('{"a":1}'), ['json', 'text', 'hex'])
  assert.deepEqual(viewsOf('{"a":1'), ['text', 'hex'])
  assert.deepEqual(viewsOf('12'), ['text', 'hex'])
  assert.deepEqual(viewsOf({ base64: 'gIE=' }), ['hex'])
  assert.match(show({ base64: 'gIE=' }, 'hex'), /^000000 {2}80 81 /)
  assert.equal(show('{"a":1}', 'text'), '{"a":1}')
  assert.equal(preview({ base64: 'gIE=' }, 160), '80 81')
  assert.equal(preview('a\n  b', 3), 'a ')
})

test('what is left empty in the form is not sent', () => {
  assert.deepEqual(publishOf(emptyDraft('a')), { topic: 'a', qos: 1 })
})

test('every property of MQTT 5.0 is sent, and a User Property as often as it is there', () => {
  const written = {
    ...emptyDraft('a'),
    payload: 'eA==',
    encoding: 'base64',
    qos: 2,
    retain: true,
    receipt: true,
    contentType: 'text/plain',
    expires: '60',
    isText: true,
    responseTopic: 'r',
    correlation: '7',
    userProperties: [
      { name: 'n', value: '1' },
      { name: 'm', value: '' },
      { name: 'n', value: '2' },
    ],
  } as const
  assert.deepEqual(publishOf(written), {
    topic: 'a',
    payload: 'eA==',
    payload_encoding: 'base64',
    qos: 2,
    retain: true,
    receipt: true,
    properties: {
      content_type: 'text/plain',
      message_expiry_interval: 60,
      payload_format_indicator: 1,
      response_topic: 'r',
      correlation_data: '7',
      user_properties: { n: ['1', '2'], m: [''] },
    },
  })
})
