import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatFaults } from '../../server/config/config-fault.ts'
import { readStartFlags } from './start-flags.ts'

test('without flags nothing is decided', () => {
  assert.deepEqual(readStartFlags([]), {
    type: 'start',
    faults: [],
    flags: {
      listen: null,
      config: null,
      data: null,
      admin: null,
      durability: null,
      allowAnonymous: false,
      acceptLoss: false,
      limits: {},
      logLevel: null,
      logFormat: null,
      snapshotEveryBytes: null,
    },
  })
})

test('every flag is read, and those that repeat are collected', () => {
  const argv = [
    '--listen',
    'tcp://127.0.0.1:0',
    '--listen=ws://127.0.0.1:0/mqtt',
    '--config',
    'a.yaml',
    '--data',
    'kept',
  ]
  argv.push('--admin', 'off')
  argv.push('--durability', 'interval', '--allow-anonymous', '--accept-loss', '--limit', 'packetBytesMax=4MiB')
  argv.push('--log-level', 'debug', '--log-format', 'human')
  argv.push('--limit', 'connectionsMax=5', '--limit', 'connectionsMax=6', '--snapshot-every', '65536')
  assert.deepEqual(readStartFlags(argv), {
    type: 'start',
    faults: [],
    flags: {
      listen: ['tcp://127.0.0.1:0', 'ws://127.0.0.1:0/mqtt'],
      config: 'a.yaml',
      data: 'kept',
      admin: { listen: null },
      durability: 'interval',
      allowAnonymous: true,
      acceptLoss: true,
      limits: { packetBytesMax: 4_194_304, connectionsMax: 6 },
      logLevel: 'debug',
      logFormat: 'human',
      snapshotEveryBytes: 65_536,
    },
  })
})

test('all faults of the flags are reported at once', () => {
  const argv = ['--durability', 'fsnc', '--limit', 'connectionMax=5', '--limit', 'receiveMaximum', '--limit']
  const request = readStartFlags([...argv, 'packetBytesMax=1'])
  assert.equal(request.type, 'start')
  assert.equal(
    formatFaults(request.faults).replace(/(expected {2}one of connectBytesMax), .*/, '$1, …'),
    `4 faults in the command line:

the command line  --durability fsnc
  found     "fsnc"
  expected  one of fsync, interval, memory
  do        did you mean fsync?

the command line  --limit connectionMax=5
  found     the unknown limit "connectionMax"
  expected  one of connectBytesMax, …
  do        did you mean connectionsMax?

the command line  --limit receiveMaximum
  found     no =
  expected  NAME=VALUE
  do        for example --limit packetBytesMax=4MiB

the command line  --limit packetBytesMax=1
  found     "1"
  expected  64 to 268,435,460 bytes, also with a unit: B, KiB, MiB, GiB, kB, MB, GB
  do        write 64 or more; the default is 1MiB`,
  )
})
