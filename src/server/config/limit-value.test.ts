import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultLimits, type Limits, limitRanges } from '../../core/limits.ts'
import { formatLimit, limitNames, readLimit, readLimitName } from './limit-value.ts'

const accepted: [name: keyof Limits, written: unknown, value: number][] = [
  ['packetBytesMax', 1_048_576, 1_048_576],
  ['packetBytesMax', '1048576', 1_048_576],
  ['packetBytesMax', '1_048_576', 1_048_576],
  ['packetBytesMax', '1MiB', 1_048_576],
  ['packetBytesMax', '1.5 MiB', 1_572_864],
  ['packetBytesMax', '64kib', 65_536],
  ['packetBytesMax', '64kB', 64_000],
  ['packetBytesMax', '2MB', 2_000_000],
  ['packetBytesMax', '100B', 100],
  ['sessionQueueBytesMax', '1024GiB', 1_099_511_627_776],
  ['connectSecondsMax', '10s', 10],
  ['connectSecondsMax', '2 min', 120],
  ['connectSecondsMax', '2m', 120],
  ['connectSecondsMax', '0.5h', 1800],
  ['sessionExpirySecondsMax', '7d', 604_800],
  ['keepAliveSecondsMax', 0, 0],
]
for (const [name, written, value] of accepted) {
  test(`${name}: ${written} is ${value}`, () => {
    assert.deepEqual(readLimit(name, written), { type: 'value', value })
  })
}

const refused: [name: keyof Limits, written: unknown, found: string, advice: string][] = [
  ['packetBytesMax', '2GiB', '"2GiB", which is 2,147,483,648', 'write 268435460 or less; the default is 1MiB'],
  ['packetBytesMax', '63', '"63"', 'write 64 or more; the default is 1MiB'],
  ['packetBytesMax', '10s', '"10s"', 'write a number; the default is 1MiB'],
  ['packetBytesMax', '1 048 576', '"1 048 576"', 'write a number; the default is 1MiB'],
  ['packetBytesMax', '-1', '"-1"', 'write a number; the default is 1MiB'],
  ['packetBytesMax', '1e6', '"1e6"', 'write a number; the default is 1MiB'],
  ['packetBytesMax', '', '""', 'write a number; the default is 1MiB'],
  ['packetBytesMax', true, 'true', 'write a number; the default is 1MiB'],
  ['packetBytesMax', null, 'nothing', 'write a number; the default is 1MiB'],
  ['packetBytesMax', '1.0001KiB', '"1.0001KiB"', 'write a whole number; the default is 1MiB'],
  ['packetBytesMax', Number.NaN, 'NaN', 'write a whole number; the default is 1MiB'],
  ['connectSecondsMax', 0, '0', 'write 1s or more; the default is 10s'],
  ['connectSecondsMax', '1MiB', '"1MiB"', 'write a number; the default is 10s'],
  ['topicLevelsMax', '1KiB', '"1KiB"', 'write a number; the default is 128'],
  ['topicLevelsMax', 65_536, '65536', 'write 65535 or less; the default is 128'],
  ['topicLevelsMax', '3constructor', '"3constructor"', 'write a number; the default is 128'],
]
for (const [name, written, found, advice] of refused) {
  test(`${name}: ${found} is refused`, () => {
    const reading = readLimit(name, written)
    assert.equal(reading.type, 'fault')
    assert.equal(reading.found, found)
    assert.equal(reading.advice, advice)
  })
}

test('the default and both ends of the range of every limit are accepted, and come back as they are formatted', () => {
  for (const name of limitNames) {
    for (const value of [defaultLimits[name], ...limitRanges[name]]) {
      assert.deepEqual(readLimit(name, value), { type: 'value', value }, name)
      assert.deepEqual(readLimit(name, formatLimit(name, value)), { type: 'value', value }, name)
    }
  }
})

test('an unknown limit suggests the nearest one', () => {
  const reading = readLimitName('recieveMaximum')
  assert.equal(reading.type, 'fault')
  assert.equal(reading.advice, 'did you mean receiveMaximum?')
  assert.deepEqual(readLimitName('receiveMaximum'), { type: 'value', value: 'receiveMaximum' })
})
