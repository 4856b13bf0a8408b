import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearestName } from './nearest-name.ts'

const names = ['listeners', 'limits', 'data', 'passwordHash', 'passwordFile', 'fsync']

const cases: [written: string, nearest: string | null][] = [
  ['lisners', 'listeners'],
  ['Listeners', 'listeners'],
  ['limit', 'limits'],
  ['dtaa', 'data'],
  ['fsnc', 'fsync'],
  ['password', 'passwordHash'],
  ['passwordfle', 'passwordFile'],
  ['storage', null],
  ['x', null],
  ['', null],
]
for (const [written, nearest] of cases) {
  test(`for "${written}" ${nearest === null ? 'nothing' : `"${nearest}"`} is suggested`, () => {
    assert.equal(nearestName(written, names), nearest)
  })
}
