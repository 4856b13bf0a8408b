import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkKind, checkRoom } from './disk.ts'
import { checkKernel, checkMemory, checkNode, checkOpenFiles, judgeClock } from './system.ts'

const mebibyte = 1024 * 1024
const verdicts = (findings: readonly { readonly verdict: string }[]) => findings.map(({ verdict }) => verdict)

test('a file system over a network or in memory is a fault, one that goes with its container a warning', () => {
  const kinds = [0xef53, 0x58465342, 0x01021994, 0x6969, 0xff534d42, 0xfe534d42, 0x794c7630, 0x65735546, 0x1234]
  assert.deepEqual(verdicts(kinds.map((kind) => checkKind(kind, '/data'))), [
    ...['ok', 'ok', 'fault', 'fault', 'fault', 'fault'],
    ...['warning', 'warning', 'warning'],
  ])
  assert.match(checkKind(0x1234, '/data').found, /^an unknown kind \(0x1234\) at \/data$/)
})

test('disk space is judged against the reserve below which messages are refused', () => {
  const rooms = [63, 64, 1023, 1024].map((size) => checkRoom(size * mebibyte, '/data'))
  assert.deepEqual(verdicts(rooms), ['fault', 'warning', 'warning', 'ok'])
})

test('open files must do for every connection', () => {
  assert.deepEqual(verdicts(checkOpenFiles(1063, 1000)), ['warning'])
  assert.deepEqual(verdicts(checkOpenFiles(1064, 1000)), ['ok'])
  assert.deepEqual(verdicts(checkOpenFiles(Number.POSITIVE_INFINITY, 1000)), ['ok'])
  assert.deepEqual(checkOpenFiles(null, 1000), [])
  assert.match(checkOpenFiles(20, 1000)[0]?.fix ?? '', /LimitNOFILE=1064/)
})

test('Node must be new enough, and memory enough', () => {
  const versions = ['20.20.2', '22.17.9', '22.18.0', '24.0.0']
  assert.deepEqual(verdicts(versions.map(checkNode)), ['fault', 'fault', 'ok', 'ok'])
  assert.deepEqual(verdicts([checkMemory(99, 100), checkMemory(100, 100)]), ['warning', 'ok'])
})

test('a clock before this release, one that jumps, and one that nobody keeps are told apart', () => {
  const well = { nowMs: 1_800_000_000_000, packagedMs: 1_700_000_000_000, differenceMs: 3, isSynchronized: true }
  assert.deepEqual(verdicts(judgeClock(well)), ['ok'])
  assert.deepEqual(verdicts(judgeClock({ ...well, isSynchronized: null })), ['ok'])
  assert.deepEqual(verdicts(judgeClock({ ...well, isSynchronized: false })), ['warning'])
  assert.match(judgeClock({ ...well, differenceMs: -5000 })[0]?.found ?? '', /jumped by -5000 ms/)
  assert.deepEqual(verdicts(judgeClock({ ...well, nowMs: 0 })), ['fault'])
})

test('settings of the kernel are judged where there are any', () => {
  assert.deepEqual(checkKernel(null, null), [])
  assert.deepEqual(verdicts(checkKernel(128, '32768\t60999')), ['warning', 'ok'])
  assert.deepEqual(verdicts(checkKernel(4096, '60000\t60999')), ['ok', 'warning'])
})
