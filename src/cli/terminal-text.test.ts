/**
 * How tables look on a terminal, whatever script their texts are in.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { columnsOf, table } from './terminal-text.ts'

test('a text takes two columns of a terminal for each Hangul, Han or Kana, none for what stands on another character', () => {
  const texts = [
    'abc',
    '커피',
    'コーヒー',
    '咖啡',
    'café',
    'cafe\u0301',
    '\u1112\u1161\u11ab',
    'é',
    '☕',
    '（a）',
    'Ω',
    '',
  ]
  assert.deepEqual(texts.map(columnsOf), [3, 4, 8, 4, 4, 4, 2, 1, 2, 5, 1, 0])
})

test('columns stay below each other when a Topic Filter is in Korean', () => {
  const text = table(
    ['FILTER', ' QOS', 'CLIENT'],
    [
      ['커피정보', '1', 'a'],
      ['coffee', '0', '나'],
    ],
  )
  assert.deepEqual(text.split('\n'), [
    //
    'FILTER    QOS  CLIENT',
    '커피정보    1  a',
    'coffee      0  나',
  ])
})
